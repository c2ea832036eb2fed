"""Text recognition in page images, by RapidOCR on onnxruntime with the models in its wheel.

Comes in: an encoded image. Goes out: its lines of text, top to bottom, or where words stand. Never: a download or network call.
The only file that imports rapidocr.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from .errors import MissingExtraError
from .reading import alive

if TYPE_CHECKING:
    from rapidocr import RapidOCR

_LOCK = threading.Lock()
OCR_HINT = "To have it recognised, run: pip install 'kb-rag[ocr]'."
"""Ends the reason of a page that could not be read without; such pages are read again once it is there."""
MINIMUM_SCORE = 0.5
"""RapidOCR's own confidence, 0 to 1; lines below are noise more often than text."""


Box = tuple[float, float, float, float]

_LEAST = 2
"""Letters of a piece: a single one is part of any quote."""


class _Piece(NamedTuple):
    """A piece of text in an image, in pixels."""

    top: float
    bottom: float
    left: float
    right: float
    text: str


def ocr_installed() -> bool:
    """Return whether the ``ocr`` extra is there; ``KB_OCR=off`` in the environment says no, for it takes seconds a page."""
    if os.environ.get("KB_OCR") == "off":
        return False
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def recognise(image: bytes) -> list[str]:
    """Return the lines of text in an image (PNG, JPEG, ...), in reading order; none when it shows no text.

    Raises: MissingExtraError: the ``ocr`` extra is not installed.
    """
    return _in_lines(_pieces(image))


def quote_places(image: bytes, quote: str) -> tuple[Box, ...]:
    """Return where the words of a quote stand in an image, as (left, top, right, bottom) in pixels.

    White space and punctuation do not count. Raises: as ``recognise``.
    """
    whole = _compact(quote)
    return tuple(
        (piece.left, piece.top, piece.right, piece.bottom)
        for piece in _known_pieces(image)
        if len(text := _compact(piece.text)) >= _LEAST and (text in whole or whole in text)
    )


def _pieces(image: bytes) -> list[_Piece]:
    if not ocr_installed():
        raise MissingExtraError("Reading text in images", "ocr")
    with _LOCK:
        result = _engine()(image)
    alive()
    if result.txts is None or result.boxes is None:
        return []
    pieces = []
    for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        if score >= MINIMUM_SCORE and str(text).strip():
            left, right = (float(end(x for x, _ in box)) for end in (min, max))
            top, bottom = (float(end(y for _, y in box)) for end in (min, max))
            pieces.append(_Piece(top, bottom, left, right, str(text)))
    return pieces


@lru_cache(maxsize=8)
def _known_pieces(image: bytes) -> tuple[_Piece, ...]:
    """Return what was recognised in one of the last images that were looked at again: each takes seconds."""
    return tuple(_pieces(image))


def _in_lines(pieces: list[_Piece]) -> list[str]:
    """Join pieces whose middles lie within one line, from left to right."""
    lines: list[list[_Piece]] = []
    for piece in sorted(pieces):
        middle = (piece.top + piece.bottom) / 2
        if lines and lines[-1][0].top <= middle <= lines[-1][0].bottom:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return ["  ".join(piece.text for piece in sorted(line, key=lambda piece: piece.left)) for line in lines]


def _compact(text: str) -> str:
    """Return the letters and digits of a text, folded."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


@lru_cache(maxsize=1)
def _engine() -> RapidOCR:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})
