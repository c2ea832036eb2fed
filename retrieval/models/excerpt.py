"""Cut tokenizers of large vocabularies down to the pieces that a text can contain: same tokens, a thousandth of the start time.

For a ``tokenizer.json`` of the kind Unigram (Kudo 2018, arXiv:1804.10959), whose pieces have independent scores. An excerpt
gives the same tokens as the whole vocabulary: pieces that a text does not contain cannot be part of its best segmentation, and
the score of unknown characters follows the lowest score of all, which stays.

XLM-RoBERTa's quarter of a million pieces take a second and 290 MB to load; a question needs about a hundred of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_FRAME, _PIECES, _SCORES = "frame.json", "pieces.npy", "scores.npy"
_SCORED = np.dtype([("id", np.int32), ("score", np.float64), ("common", np.bool_)])
_FOREIGN = re.compile(
    "[^\\W\\d_A-Za-z\xaa\xba\xc0-\u024f\u1e00-\u1eff\uff21-\uff5a\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters that are neither Latin nor Chinese."""


def save_excerpts(tokenizer: Path, folder: Path) -> None:
    """Write to ``folder`` what ``Excerpts`` needs of a ``tokenizer.json``; nothing if it is of another kind."""
    frame = json.loads(tokenizer.read_text("utf-8"))
    model = frame["model"]
    if model.get("type") != "Unigram" or model.get("byte_fallback") or model.get("unk_id") is None:
        return
    vocabulary = model["vocab"]
    special = {token["content"] for token in frame["added_tokens"]} | {vocabulary[model["unk_id"]][0]}
    lowest = min(range(len(vocabulary)), key=lambda at: vocabulary[at][1])
    frame["unknown"] = vocabulary[model["unk_id"]][0]
    frame["longest"] = max(len(piece) for piece, _ in vocabulary)
    pieces = np.array([piece.encode() for piece, _ in vocabulary])
    order = np.argsort(pieces, kind="stable")
    always = [at for at, (piece, _) in enumerate(vocabulary) if piece in special or at == lowest]
    frame["always"] = np.flatnonzero(np.isin(order, always)).tolist()
    scored = np.array(
        [(at, vocabulary[at][1], not _FOREIGN.search(vocabulary[at][0])) for at in order.tolist()], _SCORED
    )
    np.save(folder / _PIECES, pieces[order])
    np.save(folder / _SCORES, scored)
    model["vocab"] = []
    (folder / _FRAME).write_text(json.dumps(frame, ensure_ascii=False), "utf-8")


class Excerpts:
    """A vocabulary, and tokenizers for parts of it."""

    def __init__(self, folder: Path) -> None:
        """Map the files of ``save_excerpts``; raises OSError or ValueError if there are none."""
        self._frame = json.loads((folder / _FRAME).read_text("utf-8"))
        self._pieces: NDArray[np.bytes_] = np.load(folder / _PIECES, mmap_mode="r")
        self._scored: NDArray[np.void] = np.load(folder / _SCORES, mmap_mode="r")
        self._always = np.array(self._frame.pop("always"), np.int64)
        self._unknown: str = self._frame.pop("unknown")
        self._longest: int = self._frame.pop("longest")
        self._bare, _ = self._tokenizer(self._always)

    def for_texts(self, texts: Sequence[str]) -> tuple[Tokenizer, NDArray[np.int64]]:
        """Return a tokenizer for these texts only, and a map from its ids to the original token ids."""
        found = {
            word[start:stop].encode()
            for text in texts
            for word in self._words(text)
            for start in range(len(word))
            for stop in range(start + 1, min(len(word), start + self._longest) + 1)
        }
        wanted = np.array(sorted(found) or [b""])
        at = np.searchsorted(self._pieces, wanted.astype(self._pieces.dtype))
        at = at[at < len(self._pieces)]
        return self._tokenizer(np.union1d(at[np.isin(self._pieces[at], wanted)], self._always))

    def common(self) -> tuple[Tokenizer, NDArray[np.int64]]:
        """Return a tokenizer for texts that are ``is_common``, and a map from its ids to the original token ids."""
        return self._tokenizer(np.union1d(np.flatnonzero(self._scored["common"]), self._always))

    def is_common(self, texts: Sequence[str]) -> bool:
        """Return whether the texts have no letters but Latin and Chinese ones."""
        return not any(_FOREIGN.search(text) for text in texts)

    def _words(self, text: str) -> list[str]:
        """Return the words a text is split into before they are segmented into pieces."""
        normalizer, splitter = self._bare.normalizer, self._bare.pre_tokenizer
        plain = normalizer.normalize_str(text) if normalizer else text
        return [word for word, _ in splitter.pre_tokenize_str(plain)] if splitter else [plain]

    def _tokenizer(self, places: NDArray[np.int64]) -> tuple[Tokenizer, NDArray[np.int64]]:
        from tokenizers import Tokenizer

        chosen = self._scored[places]
        pieces = [piece.decode() for piece in self._pieces[places].tolist()]
        own = {piece: at for at, piece in enumerate(pieces)}
        frame = {**self._frame, "model": {**self._frame["model"], "unk_id": own[self._unknown]}}
        frame["model"]["vocab"] = list(zip(pieces, chosen["score"].tolist(), strict=True))
        frame["added_tokens"] = [{**token, "id": own[token["content"]]} for token in self._frame["added_tokens"]]
        frame["post_processor"] = _renumbered(self._frame["post_processor"], own)
        return Tokenizer.from_str(json.dumps(frame, ensure_ascii=False)), chosen["id"].astype(np.int64)


def _renumbered(processor: dict[str, object] | None, own: dict[str, int]) -> dict[str, object] | None:
    """Return a post-processor that adds the special tokens, with the ids of a smaller vocabulary."""
    special = processor.get("special_tokens") if processor else None
    if not isinstance(special, dict):
        return processor
    renumbered = {name: {**token, "ids": [own[piece] for piece in token["tokens"]]} for name, token in special.items()}
    return {**(processor or {}), "special_tokens": renumbered}
