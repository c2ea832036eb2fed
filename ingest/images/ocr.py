"""Text recognition in page images, by RapidOCR on onnxruntime with the models in its wheel.

Comes in: an encoded image. Goes out: its paragraphs of text, or where words are. Never: a download or network call.
The only file that imports rapidocr.
"""

from __future__ import annotations

import io
import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from ..errors import MissingExtraError
from ..layout.columns import unmix_columns
from ..layout.content import Line
from ..notice import Notice
from ..reading import alive

if TYPE_CHECKING:
    from rapidocr import RapidOCR

_LOCK = threading.Lock()
READING = Notice("Reading text in images")
OCR_HINT = Notice("To have it recognised, run: pip install 'kb-rag[ocr]'.")
"""Ends the reason of a page that needs OCR; such pages are read again once it is installed."""
LATER = Notice("It is recognised once the text of all files is there.")
"""Ends the reason of a page that waits for OCR."""
_put_off = ContextVar("put_off", default=False)
MINIMUM_SCORE = 0.5
"""RapidOCR's own confidence, 0 to 1; lines below it are usually noise."""


Box = tuple[float, float, float, float]

_LEAST_DOTS, _LEAST_WORD, _STRIP = 8, 32, 4
"""In pixels, the height of the smallest legible letters and the width of a word in them; then the aspect ratio above which
an image is padded."""
_MOSTLY, _WIDE_SPACE = 0.6, 0.9
_LEAST = 2
"""Letters in a piece of a quote, and in a text: a single one is usually a speck."""


class _Piece(NamedTuple):
    """A piece of text in an image, in pixels."""

    top: float
    bottom: float
    left: float
    right: float
    text: str
    score: float
    """0 to 1."""


def ocr_installed() -> bool:
    """Return whether the ``ocr`` extra is installed; ``KB_OCR=off`` disables it, as it takes seconds a page."""
    if os.environ.get("KB_OCR") == "off":
        return False
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


@contextmanager
def recognition(*, later: bool) -> Iterator[None]:
    """With ``later``, read inside the block without recognising anything."""
    before = _put_off.set(later)
    try:
        yield
    finally:
        _put_off.reset(before)


def can_recognise() -> bool:
    """Return whether images are to be recognised now; if not, ``hint`` says why."""
    return not _put_off.get() and ocr_installed()


def hint() -> Notice:
    """Return what must happen before images are recognised."""
    return LATER if ocr_installed() else OCR_HINT


def too_small(width: int, height: int) -> bool:
    """Return whether an image of this size has no room for a word: an icon, a bullet, a rule, a spacer."""
    return min(width, height) < _LEAST_DOTS or max(width, height) < _LEAST_WORD


def recognise(image: bytes) -> list[str]:
    """Return the paragraphs of text in an image (PNG, JPEG, ...), in reading order; none if it shows no text.

    Raises: MissingExtraError: the ``ocr`` extra is not installed.
    """
    pieces = _pieces(image)
    if _lies_on_its_side(pieces):
        turned = (_pieces(_turned(image, degrees), upright=True) for degrees in (90, 270))
        pieces = max((pieces, *turned), key=_confidence)
    paragraphs = _in_paragraphs(_in_lines(pieces))
    return paragraphs if len(_compact("".join(paragraphs))) >= _LEAST else []


def quote_places(image: bytes, quote: str) -> tuple[Box, ...]:
    """Return where the words of a quote are in an image, as (left, top, right, bottom) in pixels.

    White space and punctuation do not count. Raises: as ``recognise``.
    """
    whole = _compact(quote)
    return tuple(
        (piece.left, piece.top, piece.right, piece.bottom)
        for piece in _known_pieces(image)
        if len(text := _compact(piece.text)) >= _LEAST and (text in whole or whole in text)
    )


def _pieces(image: bytes, *, upright: bool = False) -> list[_Piece]:
    """Return what is recognised, upside-down lines included unless ``upright``."""
    if not ocr_installed():
        raise MissingExtraError(READING, "ocr")
    room = _with_room(image)
    if room is None:
        return []
    with _LOCK:
        result = _engine()(room, use_cls=not upright)
    alive()
    if result.txts is None or result.boxes is None:
        return []
    pieces = []
    for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        if score >= MINIMUM_SCORE and str(text).strip():
            left, right = (float(end(x for x, _ in box)) for end in (min, max))
            top, bottom = (float(end(y for _, y in box)) for end in (min, max))
            pieces.append(_Piece(top, bottom, left, right, str(text), float(score)))
    return pieces


def _with_room(image: bytes) -> bytes | None:
    """Return the image, padded if it is a strip; None if it is too small.

    RapidOCR enlarges an image until its shorter side is long enough: a 1 x 400 rule, common in mail, took minutes,
    and an icon takes as long as a line of text.
    """
    from PIL import Image

    with Image.open(io.BytesIO(image)) as opened:
        shorter, longer = sorted(opened.size)
        if too_small(shorter, longer):
            return None
        if longer <= _STRIP * shorter:
            return image
        plain = opened.convert("RGB")
        ground = Image.new("RGB", [max(side, longer // _STRIP) for side in plain.size], plain.getpixel((0, 0)))
        ground.paste(plain)
        out = io.BytesIO()
        ground.save(out, "PNG")
        return out.getvalue()


def _lies_on_its_side(pieces: list[_Piece]) -> bool:
    """Return whether most letters are in pieces taller than wide, as on a page scanned sideways."""
    tall = sum(len(piece.text) for piece in pieces if piece.bottom - piece.top > piece.right - piece.left)
    return tall > _MOSTLY * sum(len(piece.text) for piece in pieces)


def _confidence(pieces: list[_Piece]) -> tuple[float, bool]:
    """Return the number of letters read, weighted by confidence; on a tie, pieces not on their side win."""
    return round(sum(len(piece.text) * piece.score for piece in pieces), -1), not _lies_on_its_side(pieces)


def _turned(image: bytes, degrees: int) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(image)) as opened:
        out = io.BytesIO()
        opened.convert("RGB").rotate(degrees, expand=True).save(out, "PNG")
        return out.getvalue()


@lru_cache(maxsize=8)
def _known_pieces(image: bytes) -> tuple[_Piece, ...]:
    """Return what was recognised in a recently viewed image: each takes seconds."""
    return tuple(_pieces(image))


def _in_lines(pieces: list[_Piece]) -> list[list[Line]]:
    """Return pieces whose middles share a line, from left to right, as lines of a page are."""
    lines: list[list[_Piece]] = []
    for piece in sorted(pieces):
        middle = (piece.top + piece.bottom) / 2
        if lines and lines[-1][0].top <= middle <= lines[-1][0].bottom:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [
        [
            Line.at(piece.text, piece.left, -piece.bottom, piece.right, -piece.top)
            for piece in sorted(line, key=lambda piece: piece.left)
        ]
        for line in lines
    ]


def _in_paragraphs(rows: list[list[Line]]) -> list[str]:
    """Return the lines as paragraphs, split at wide gaps; of two columns, the left one first."""
    lines = unmix_columns(rows, has_sizes=False) or [_whole(row) for row in rows]
    paragraphs: list[str] = []
    for before, line in zip([None, *lines], lines, strict=False):
        if before and before.bottom - line.top < _WIDE_SPACE * line.height:
            paragraphs[-1] += f"\n{line.text}"
        else:
            paragraphs.append(line.text)
    return paragraphs


def _whole(row: list[Line]) -> Line:
    text = "  ".join(piece.text for piece in row)
    return Line.at(
        text, row[0].left, min(piece.bottom for piece in row), row[-1].right, max(piece.top for piece in row)
    )


def _compact(text: str) -> str:
    """Return the letters and digits of a text, folded."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


@lru_cache(maxsize=1)
def _engine() -> RapidOCR:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})
