"""The reader of Apple Pages, Numbers and Keynote files: of the preview inside, if it is a PDF.

Comes in: the bytes of a package. Goes out: the pages of its preview. Never: the document itself, whose format is not public.
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import UnsupportedError
from ..notice import Notice
from ..package import open_package
from ..pdf.reader import read_pdf
from ..reading import Reading

PREVIEW = "QuickLook/Preview.pdf"
_NOTE = Notice("The preview inside was read; export the file as PDF if it lacks something.")


def read_iwork(data: bytes, name: str) -> Reading:
    """Read the preview.

    Raises: UnsupportedError: there is none that holds text; see ``open_package`` and ``read_pdf`` for the rest.
    """
    with open_package(data) as package:
        if PREVIEW not in package:
            raise UnsupportedError("it is a Pages, Numbers or Keynote file without a preview; export it as PDF")
        reading = read_pdf(package.read(PREVIEW), name)
    return replace(reading, notes=(*reading.notes, _NOTE))
