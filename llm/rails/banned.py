"""Ban strings token by token, for a model whose next-token scores are available.

Comes in: a vocabulary as bytes, and what has been written. Goes out: the tokens that would complete a banned string.
Never: a token that may still turn out harmless, so "any" can be banned and "anode" written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class BannedStrings:
    """For each banned string and each way to split it in two, the tokens that complete it."""

    def __init__(self, banned: Sequence[str], vocabulary: Sequence[bytes]) -> None:
        """Index the vocabulary.

        Args:
            banned: empty strings are ignored.
            vocabulary: the bytes of each token, by id; empty for special tokens, which are never banned.
        """
        words = [text.encode("utf-8") for text in banned if text]
        self.longest = max(map(len, words), default=0)
        self._always = frozenset(i for i, token in enumerate(vocabulary) if any(word in token for word in words))
        by_first: dict[int, list[int]] = {}
        for i, token in enumerate(vocabulary):
            if token:
                by_first.setdefault(token[0], []).append(i)
        self._after: Mapping[bytes, frozenset[int]] = {
            word[:cut]: frozenset().union(
                *(self._after_cut(other, word[:cut], by_first, vocabulary) for other in words)
            )
            for word in words
            for cut in range(1, len(word))
        }

    @staticmethod
    def _after_cut(
        word: bytes, head: bytes, by_first: Mapping[int, Sequence[int]], vocabulary: Sequence[bytes]
    ) -> frozenset[int]:
        if not word.startswith(head) or len(word) == len(head):
            return frozenset()
        rest = word[len(head) :]
        return frozenset(i for i in by_first.get(rest[0], ()) if vocabulary[i].startswith(rest))

    def after(self, text: bytes) -> frozenset[int]:
        """Return the ids of the tokens that must not follow the text; its last ``longest`` bytes are enough."""
        heads = (head for head in self._after if text.endswith(head))
        return self._always.union(*(self._after[head] for head in heads))


def token_bytes(tokens: Sequence[str], special: frozenset[int]) -> list[bytes]:
    """Return what each token of a vocabulary writes: byte-level BPE (GPT-2) or SentencePiece, distinguished by their marks."""
    byte_level = _byte_level()
    is_byte_level = "Ġ" in tokens
    return [
        b"" if i in special else _bytes(token, byte_level if is_byte_level else None) for i, token in enumerate(tokens)
    ]


def _bytes(token: str, byte_level: Mapping[str, int] | None) -> bytes:
    if byte_level is not None:
        return bytes(byte_level[letter] for letter in token) if all(c in byte_level for c in token) else token.encode()
    if len(token) == len("<0x00>") and token.startswith("<0x") and token.endswith(">"):
        return bytes([int(token[3:5], 16)])
    return token.replace("▁", " ").encode()


def _byte_level() -> dict[str, int]:
    """Return GPT-2's printable stand-in for each byte (github.com/openai/gpt-2, ``src/encoder.py``)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}
