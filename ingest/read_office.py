"""The readers of office formats, under one name for the dispatcher in ``read``.

Comes in: nothing. Goes out: one reader per format. Never: logic of its own.
"""

from __future__ import annotations

from .read_docx import read_docx

__all__ = ["read_docx"]
