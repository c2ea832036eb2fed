"""The reader of images: photographs and scans of text.

Comes in: the bytes of a PNG, JPEG, TIFF, WebP, BMP or GIF. Goes out: the text that OCR finds. Never: a description.
"""

from __future__ import annotations

import io

from .errors import DamagedError, TooLargeError
from .ocr import recognise
from .reading import MarkdownWriter, Reading

_MAX_PIXELS = 100_000_000
_LONGEST_SIDE = 4000
_MAX_FRAMES = 500


def read_image(data: bytes, name: str) -> Reading:
    """Read the text in an image; a TIFF of several pages has as many.

    Raises: MissingExtraError: the ``ocr`` extra is not installed. DamagedError: it cannot be decoded. TooLargeError.
    """
    del name
    from PIL import Image, ImageSequence, UnidentifiedImageError

    writer = MarkdownWriter()
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > _MAX_PIXELS or getattr(image, "n_frames", 1) > _MAX_FRAMES:
                raise TooLargeError(f"The image has {image.width} x {image.height} dots; make it smaller.")
            frames = ImageSequence.all_frames([image]) if image.format == "TIFF" else [image]
            for number, frame in enumerate(frames, start=1):
                frame.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
                encoded = io.BytesIO()
                frame.convert("RGB").save(encoded, "PNG")
                _write_page(writer, number, recognise(encoded.getvalue()))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
        raise DamagedError(f"The image cannot be decoded ({exc}); save it again as PNG.") from exc
    return writer.finish()


def _write_page(writer: MarkdownWriter, number: int, lines: list[str]) -> None:
    start = writer.begin_page()
    writer.block("\n".join(lines))
    if lines:
        writer.end_page(number, start, "ocr", "Recognised, as it is an image.")
    else:
        writer.end_page(number, start, "empty", "No text was found in it.")
