"""A model's vocabulary: how many tokens a text takes, and how much of it the vocabulary can read.

Comes in: texts, and a ``tokenizer.json``. Goes out: token ids, counts, shares. Never: truncation, padding, or a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import EmbedderError

if TYPE_CHECKING:
    from tokenizers import Encoding

_UNKNOWN = ("[UNK]", "<unk>", "<UNK>")
_BYTE_TOKENS = tuple(f"<0x{byte:02X}>" for byte in range(256))


class Vocabulary:
    """The tokenizer of an embedding model. Safe to use from several threads at once."""

    def __init__(self, path: Path) -> None:
        """Load ``path``, a ``tokenizer.json``.

        Raises:
            EmbedderError: the file is missing or damaged.
        """
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as exc:  # the library raises bare Exception
            raise EmbedderError(f"The tokenizer {path} cannot be read ({exc}); get the model again") from exc
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._unread: NDArray[np.int64] | None = None

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, special tokens included."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes, special tokens included."""
        return [len(encoding) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return for each text the share of its letters that the vocabulary reads; 1 where there are no letters.

        A letter is not read when it ends up in the unknown token, in byte-fallback tokens, or, in byte-level
        vocabularies, is cut into several tokens.
        """
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        shares = [self._share(text, encoding) for text, encoding in zip(texts, encodings, strict=True)]
        return np.array(shares, np.float32)

    def _share(self, text: str, encoding: Encoding) -> float:
        n_letters = sum(map(str.isalpha, text))
        if not n_letters or not len(encoding):
            return 1.0 if not n_letters else 0.0
        offsets = np.array(encoding.offsets, np.int64)
        unread = np.isin(np.array(encoding.ids, np.int64), self._unread_ids())
        cut = (offsets[1:] == offsets[:-1]).all(axis=1) & (offsets[1:, 1] - offsets[1:, 0] == 1)
        unread[1:] |= cut
        unread[:-1] |= cut
        lost = {place for start, stop in offsets[unread].tolist() for place in range(start, stop)}
        return 1.0 - sum(text[place].isalpha() for place in lost) / n_letters

    def _unread_ids(self) -> NDArray[np.int64]:
        if self._unread is None:
            own = getattr(self._tokenizer.model, "unk_token", None) or ""
            ids = [self._tokenizer.token_to_id(token) for token in {own, *_UNKNOWN, *_BYTE_TOKENS}]
            self._unread = np.array([each for each in ids if each is not None], np.int64)
        return self._unread
