"""Pictures with a line of text, drawn for the tests of what recognises them."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont


def picture(text: str, kind: str = "PNG") -> bytes:
    """Return an image with a line of text."""
    image = Image.new("RGB", (480, 280), "white")
    ImageDraw.Draw(image).text((20, 120), text, "black", ImageFont.load_default(32))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()
