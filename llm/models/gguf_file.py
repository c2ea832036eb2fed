"""Read from a GGUF file's header what the model is, and how much memory it needs, before it is loaded.

Comes in: a path. Goes out: its architecture and sizes. Never: the weights read. Format:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST = 1 << 20
_PART = re.compile(r"-00001-of-(\d{5})\.gguf$")
_BATCH = 256
"""Tokens read at once; see llm/gguf.py."""
_FLOAT16, _FLOAT32 = 2, 4

Value = int | float | str | bool | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MemoryNeeded:
    """The memory that running a model takes, in bytes."""

    weights: int
    per_token: int
    """Per token of context: a key and a value for every layer and head, in 16 bits."""
    working: int
    """For intermediate results, approximately."""
    context_limit: int
    """The most tokens that the model was made for."""

    def total(self, context_tokens: int) -> int:
        """Return what it takes with a context of this many tokens; the model's own limit if that is lower."""
        return self.weights + self.working + self.per_token * min(context_tokens, self.context_limit)


def memory_needed(path: Path) -> MemoryNeeded | None:
    """Return what running the model takes; ``None`` if its header does not say, or it is not a GGUF file."""
    try:
        known = dict(_header(path))
        weights = sum(part.stat().st_size for part in _parts(path))
    except (OSError, ValueError, struct.error, UnicodeDecodeError):
        return None
    kind = known.get("general.architecture")

    def size(key: str) -> int:
        return _size(known, f"{kind}.{key}")

    layers, width, heads = size("block_count"), size("embedding_length"), size("attention.head_count")
    if not layers or not heads:
        return None
    key, value = size("attention.key_length") or width // heads, size("attention.value_length") or width // heads
    per_token = layers * (size("attention.head_count_kv") or heads) * (key + value) * _FLOAT16
    widest = max(size("vocab_size"), size("feed_forward_length"), 4 * width)
    return MemoryNeeded(weights, per_token, _BATCH * widest * _FLOAT32, size("context_length") or 1 << 30)


def _size(known: Mapping[str, Value], key: str) -> int:
    value = known.get(key)
    if isinstance(value, tuple):  # a value for each layer
        return max(value, default=0)
    return int(value) if isinstance(value, (int, float)) else 0


def n_parameters(path: Path) -> int | None:
    """Return how many weights every token passes through: attention and feed-forward layers, without the vocabulary.

    ``None`` if the header does not say. For a mixture of experts, those of all experts are counted.
    """
    try:
        known = dict(_header(path))
    except (OSError, ValueError, struct.error, UnicodeDecodeError):
        return None
    kind = known.get("general.architecture")
    layers, width, hidden, heads = (
        _size(known, f"{kind}.{key}")
        for key in ("block_count", "embedding_length", "feed_forward_length", "attention.head_count")
    )
    if not all((layers, width, hidden, heads)):
        return None
    shared = (_size(known, f"{kind}.attention.head_count_kv") or heads) / heads
    experts = _size(known, f"{kind}.expert_count") or 1
    return layers * (round((2 + 2 * shared) * width * width) + 3 * experts * width * hidden)


def free_memory() -> int | None:
    """Return the bytes that this process may still take, given the machine and its container; ``None`` if unknown."""
    found = [int(line.split()[1]) * 1024 for line in _lines("/proc/meminfo") if line.startswith("MemAvailable:")]
    if not found and "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        found = [os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    limit = "".join(_lines("/sys/fs/cgroup/memory.max")).strip()
    used = "".join(_lines("/sys/fs/cgroup/memory.current")).strip()
    if limit.isdigit() and used.isdigit():
        found.append(max(0, int(limit) - int(used)))
    return min(found, default=None)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except OSError:
        return []


def _parts(path: Path) -> list[Path]:
    """Return the files of a split model; the file itself if it is not split."""
    match = _PART.search(path.name)
    if not match:
        return [path]
    n = int(match[1])
    stem = path.name[: match.start()]
    return [path.with_name(f"{stem}-{at:05}-of-{match[1]}.gguf") for at in range(1, n + 1)]


def _header(path: Path) -> Iterator[tuple[str, Value]]:
    """Yield the model's metadata; the vocabulary, which comes after it, is not read.

    Raises:
        ValueError: it is not a GGUF file of version 2 or later, or is damaged.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        magic, version, _, n_pairs = struct.unpack("<4sIQQ", file.read(24))
        if magic != b"GGUF" or version < 2:  # noqa: PLR2004
            raise ValueError(f"{path} is not a GGUF file of version 2 or later")
        for _ in range(n_pairs):
            key = _text(file)
            if key.startswith("tokenizer."):
                return
            (kind,) = struct.unpack("<I", file.read(4))
            yield key, _value(file, kind)


def _value(file: BinaryIO, kind: int) -> Value:
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        inner, length = struct.unpack("<IQ", file.read(12))
        if length > _LONGEST:
            raise ValueError("a list of this length is no part of a header")
        values = [_value(file, inner) for _ in range(length)]
        return tuple(value for value in values if isinstance(value, int))
    if kind not in _SCALARS:
        raise ValueError(f"{kind} is no type of GGUF")
    form = f"<{_SCALARS[kind]}"
    (value,) = struct.unpack(form, file.read(struct.calcsize(form)))
    return value if isinstance(value, (int, float)) else 0


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _LONGEST:
        raise ValueError("a text of this length is no part of a header")
    return file.read(length).decode("utf-8")
