"""The readers of office formats, under one name for the dispatcher in ``read``.

Comes in: nothing. Goes out: one reader per format. Never: logic of its own.
"""

from __future__ import annotations

from .read_docx import read_docx
from .read_epub import read_epub
from .read_odf import read_odp, read_ods, read_odt
from .read_pptx import read_pptx
from .read_rtf import read_rtf
from .read_xls import read_xls
from .read_xlsx import read_xlsx

__all__ = [
    "read_docx",
    "read_epub",
    "read_odp",
    "read_ods",
    "read_odt",
    "read_pptx",
    "read_rtf",
    "read_xls",
    "read_xlsx",
]
