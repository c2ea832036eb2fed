"""pypdf's view of a PDF: the second opinion where PDFium fails or a page comes out garbled.

Never the first choice, as it is many times slower. The only file that imports pypdf.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from ..errors import DamagedError, EncryptedError
from .pdfium import NEEDS_PASSWORD

if TYPE_CHECKING:
    from pypdf import PdfReader


class PypdfFile:
    """A PDF opened leniently by pypdf.

    Raises: EncryptedError: it needs a password. DamagedError: not even the lenient parser finds pages.
    """

    def __init__(self, data: bytes) -> None:
        import pypdf
        from pypdf.errors import FileNotDecryptedError

        logging.getLogger("pypdf").setLevel(logging.CRITICAL)
        try:
            self._reader: PdfReader = pypdf.PdfReader(io.BytesIO(data), strict=False)
            locked = self._reader.is_encrypted and not self._reader.decrypt("")
            self.n_pages = 0 if locked else len(self._reader.pages)
        except FileNotDecryptedError as exc:
            raise EncryptedError(NEEDS_PASSWORD) from exc
        except Exception as exc:  # pypdf reports damage as KeyError, RecursionError, struct.error, ...
            raise DamagedError("The PDF is damaged ({why}); export or download it again.", why=_said(exc)) from exc
        if locked:
            raise EncryptedError(NEEDS_PASSWORD)

    def text(self, number: int) -> tuple[str, str]:
        """Return the text of a page (from 1) and, if there is none because it failed, why."""
        try:
            return self._reader.pages[number - 1].extract_text(), ""
        except Exception as exc:  # noqa: BLE001  as above: one page may fail, the others are read
            return "", _said(exc)


def _said(exc: Exception) -> str:
    return " ".join(str(exc).split())[:120] or type(exc).__name__
