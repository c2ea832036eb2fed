"""Which lines of a Markdown text are fenced code."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def lines_and_code(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text's lines, and whether each is in fenced code or begins or ends it."""
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            yield line, True
            if mark and mark[1].startswith(fence) and not line.strip(" \t`~"):
                fence = ""
        else:
            fence = mark[1] if mark else ""
            yield line, bool(fence)
