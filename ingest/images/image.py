"""The reader of images: photographs and scans of text.

Comes in: the bytes of a PNG, JPEG, TIFF, WebP, BMP or GIF. Goes out: the text that OCR finds. Never: a description.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import DamagedError, MissingExtraError, TooLargeError, WaitsError
from ..notice import Notice
from ..reading import MarkdownWriter, Reading
from .ocr import LATER, READING, can_recognise, ocr_installed, recognise

if TYPE_CHECKING:
    from PIL.Image import Image

_MAX_PIXELS = 100_000_000
_LONGEST_SIDE = 4000
_MAX_FRAMES = 500


def read_image(data: bytes, name: str) -> Reading:
    """Read the text in an image; a multi-page TIFF gives as many pages.

    Raises: MissingExtraError: the ``ocr`` extra is not installed. WaitsError: OCR is deferred. DamagedError. TooLargeError.
    """
    del name
    if not ocr_installed():
        raise MissingExtraError(READING, "ocr")
    if not can_recognise():
        raise WaitsError("It is an image without text. {hint}", hint=LATER)
    writer = MarkdownWriter()
    for number, frame in enumerate(frames(data), start=1):
        _write_page(writer, number, recognise(frame))
    return writer.finish()


def frames(data: bytes) -> Iterator[bytes]:
    """Yield an image's pages as they are needed: as PNG, capped at a sensible size.

    Raises: DamagedError: it cannot be decoded. TooLargeError.
    """
    from PIL import Image, ImageSequence

    try:
        with Image.open(io.BytesIO(data)) as image:
            _check_size(image)
            for frame in ImageSequence.all_frames([image]) if image.format == "TIFF" else [image]:
                frame.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
                encoded = io.BytesIO()
                _on_white(frame).save(encoded, "PNG")
                yield encoded.getvalue()
    except (TooLargeError, MemoryError):
        raise
    except Exception as exc:  # Pillow reports damage as OSError, SyntaxError, struct.error, EOFError, KeyError, ...
        raise DamagedError("The image cannot be decoded ({why}); save it again as PNG.", why=exc) from exc


def _check_size(image: Image) -> None:
    if image.width * image.height > _MAX_PIXELS or getattr(image, "n_frames", 1) > _MAX_FRAMES:
        raise TooLargeError(
            "The image has {width} x {height} dots; make it smaller.", width=image.width, height=image.height
        )


def _on_white(frame: Image) -> Image:
    """Return an image without transparency: transparent areas are often black underneath, like the letters."""
    from PIL.Image import new

    if not frame.has_transparency_data:
        return frame.convert("RGB")
    seen = frame.convert("RGBA")
    ground = new("RGB", seen.size, "white")
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def _write_page(writer: MarkdownWriter, number: int, paragraphs: list[str]) -> None:
    start = writer.begin_page()
    for paragraph in paragraphs:
        writer.block(paragraph)
    if paragraphs:
        writer.end_page(number, start, "ocr", Notice("Recognised, as it is an image."))
    else:
        writer.end_page(number, start, "empty", Notice("No text was found in it."))
