"""What a GGUF file needs of memory is read from its header, without loading it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from kb.llm.models.gguf_file import free_memory, memory_needed
from models import TINY, Shape, build_gguf, gguf_file
from needs import needs

needs("gguf", extra="test")


@pytest.mark.parametrize("architecture", ["llama", "chatglm"])
def test_weights_and_context_are_counted(architecture: str) -> None:
    """The file itself, and a key and a value in 16 bits for each layer, head and token of context."""
    path = gguf_file(architecture)  # type: ignore[arg-type]
    needed = memory_needed(path)
    assert needed is not None
    assert needed.weights == path.stat().st_size
    assert needed.per_token == TINY.n_layers * TINY.n_kv_heads * TINY.head * 2 * 2
    assert needed.context_limit == TINY.context
    assert needed.total(1 << 20) == needed.total(TINY.context) > needed.total(10) > needed.weights


def test_a_larger_model_needs_more(tmp_path: Path) -> None:
    """More layers take more for each token of context."""
    small, large = (memory_needed(build_gguf(tmp_path / f"{n}.gguf", "llama", shape=Shape(n_layers=n))) for n in (1, 3))
    assert small is not None
    assert large is not None
    assert large.per_token == 3 * small.per_token
    assert large.weights > small.weights


def test_what_is_no_gguf_needs_nothing_known(tmp_path: Path) -> None:
    """Other, cut and hostile files are unknown, not errors, and are not read whole."""
    whole = gguf_file("llama").read_bytes()
    texts = {
        "empty": b"",
        "text": b"GGU almost",
        "cut": whole[:60],
        "long key": struct.pack("<4sIQQQ", b"GGUF", 3, 1, 1, 1 << 60),
        "long list": struct.pack("<4sIQQQ1sIIQ", b"GGUF", 3, 1, 1, 1, b"a", 9, 4, 1 << 60),
    }
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
        assert memory_needed(tmp_path / name) is None, name
    assert memory_needed(tmp_path / "nowhere") is None


def test_all_parts_of_a_split_model_count(tmp_path: Path) -> None:
    """The first part holds the header; the others are weights too."""
    first = tmp_path / "m-00001-of-00002.gguf"
    first.write_bytes(gguf_file("llama").read_bytes())
    assert memory_needed(first) is None  # a part is missing
    (tmp_path / "m-00002-of-00002.gguf").write_bytes(b"x" * 1000)
    needed = memory_needed(first)
    assert needed is not None
    assert needed.weights == first.stat().st_size + 1000


def test_free_memory_is_a_number_where_it_is_known() -> None:
    """Of this machine and its container."""
    free = free_memory()
    assert free is None or free > 0
