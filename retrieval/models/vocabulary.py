"""Read a model's vocabulary: how many tokens a text takes, and how much of it the vocabulary can read.

Never: truncation, padding, or a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import EmbedderError
from .excerpt import Excerpts

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

TOKENIZER = "tokenizer.json"
"""The file in a prepared model's folder."""

_BLANK = "\u2581"
"""Marks the start of a word; on its own it has the place of the letter after it."""
_UNKNOWN = ("[UNK]", "<unk>", "<UNK>")
_BYTE_TOKENS = tuple(f"<0x{byte:02X}>" for byte in range(256))
_SHORT = 400
"""Longest text in characters for which an excerpt of a large vocabulary is made."""


class Vocabulary:
    """The tokenizer of an embedding model. Thread-safe.

    If ``save_excerpts`` was called for its folder, only what the texts need is loaded.
    """

    def __init__(self, path: Path) -> None:
        """Take ``path``, a ``tokenizer.json``.

        Raises:
            EmbedderError: the file is missing or damaged.
        """
        self._path = path
        self._lock = Lock()
        self._excerpts: Excerpts | None = None
        self._common: _Reader | None = None
        self._whole: _Reader | None = None
        with suppress(OSError, ValueError):
            self._excerpts = Excerpts(path.parent)
        if self._excerpts is None:
            self._whole = _Reader(_load(path), None)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, special tokens included."""
        reader = self._for(texts)
        rows = [encoding.ids for encoding in reader.tokenizer.encode_batch_fast(list(texts))]
        return rows if reader.ids is None else [reader.ids[row].tolist() for row in rows]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes, special tokens included."""
        return [len(encoding) for encoding in self._for(texts).tokenizer.encode_batch_fast(list(texts))]

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return for each text the share of its letters that the vocabulary reads; 1 if there are no letters.

        A letter is not read if it becomes the unknown token or byte-fallback tokens or, in byte-level vocabularies, is cut into
        several tokens.
        """
        reader = self._for(texts)
        encodings = reader.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return np.array([_share(*each, reader) for each in zip(texts, encodings, strict=True)], np.float32)

    def _for(self, texts: Sequence[str]) -> _Reader:
        """Return a tokenizer that reads these texts as the whole vocabulary does, and loads the fastest."""
        if self._excerpts is None or self._whole:
            return self._whole or self._load_whole()
        if self._common is None and sum(map(len, texts)) <= _SHORT:
            return _Reader(*self._excerpts.for_texts(texts))
        if not self._excerpts.is_common(texts):
            return self._load_whole()
        with self._lock:
            self._common = self._common or _Reader(*self._excerpts.common())
            return self._common

    def _load_whole(self) -> _Reader:
        with self._lock:
            self._whole = self._whole or _Reader(_load(self._path), None)
            self._common = None
            return self._whole


class _Reader:
    """A tokenizer, and the vocabulary ids that its ids stand for; ``None``: the same ids."""

    def __init__(self, tokenizer: Tokenizer, ids: NDArray[np.int64] | None) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.tokenizer = tokenizer
        self.ids = ids
        own = getattr(tokenizer.model, "unk_token", None) or ""
        unread = [tokenizer.token_to_id(token) for token in {own, *_UNKNOWN, *_BYTE_TOKENS}]
        self.unread = np.array([each for each in unread if each is not None], np.int64)
        blank = tokenizer.token_to_id(_BLANK)
        self.blank = -1 if blank is None else blank


def _load(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as exc:  # the library raises bare Exception
        raise EmbedderError(
            "The tokenizer {path} cannot be read ({why}); get the model again", path=path, why=exc
        ) from exc


def _share(text: str, encoding: Encoding, reader: _Reader) -> float:
    n_letters = sum(map(str.isalpha, text))
    if not n_letters or not len(encoding):
        return 1.0 if not n_letters else 0.0
    offsets = np.array(encoding.offsets, np.int64)
    ids = np.array(encoding.ids, np.int64)
    unread = np.isin(ids, reader.unread)
    letters = ids != reader.blank
    cut = (
        letters[1:] & letters[:-1] & (offsets[1:] == offsets[:-1]).all(axis=1) & (offsets[1:, 1] - offsets[1:, 0] == 1)
    )
    unread[1:] |= cut
    unread[:-1] |= cut
    lost = {place for start, stop in offsets[unread].tolist() for place in range(start, stop)}
    return 1.0 - sum(text[place].isalpha() for place in lost) / n_letters
