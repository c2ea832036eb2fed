"""Text recognition in page images, by RapidOCR on onnxruntime with the models in its wheel.

Comes in: an encoded image. Goes out: its lines of text, top to bottom. Never: a download or a network call.
The only file that imports rapidocr.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from .errors import MissingExtraError
from .reading import alive

if TYPE_CHECKING:
    from rapidocr import RapidOCR

_LOCK = threading.Lock()
OCR_HINT = "To have it recognised, run: pip install 'kb-rag[ocr]'."
"""Ends the reason of a page that could not be read without; such pages are read again once it is there."""
MINIMUM_SCORE = 0.5
"""RapidOCR's own confidence, 0 to 1; lines below are noise more often than text."""


def ocr_installed() -> bool:
    """Return whether the ``ocr`` extra is there; ``KB_OCR=off`` in the environment says no, for it takes seconds a page."""
    if os.environ.get("KB_OCR") == "off":
        return False
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def recognise(image: bytes) -> list[str]:
    """Return the lines of text in an image (PNG, JPEG, ...), in reading order; none when it shows no text.

    Raises: MissingExtraError: the ``ocr`` extra is not installed.
    """
    if not ocr_installed():
        raise MissingExtraError("Reading text in images", "ocr")
    with _LOCK:
        result = _engine()(image)
    alive()
    if result.txts is None or result.boxes is None:
        return []
    found = zip(result.boxes, result.txts, result.scores, strict=True)
    pieces = [
        (float(min(y for _, y in box)), float(max(y for _, y in box)), float(min(x for x, _ in box)), str(text))
        for box, text, score in found
        if score >= MINIMUM_SCORE and str(text).strip()
    ]
    return _in_lines(pieces)


def _in_lines(pieces: list[tuple[float, float, float, str]]) -> list[str]:
    """Join pieces (top, bottom, left, text) whose middles lie within one line, from left to right."""
    lines: list[list[tuple[float, float, float, str]]] = []
    for piece in sorted(pieces):
        middle = (piece[0] + piece[1]) / 2
        if lines and lines[-1][0][0] <= middle <= lines[-1][0][1]:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return ["  ".join(text for *_, text in sorted(line, key=lambda piece: piece[2])) for line in lines]


@lru_cache(maxsize=1)
def _engine() -> RapidOCR:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})
