"""Find the chunks with the codes and rare numbers of a question: E111, INV-2026-003, 4,850.

Comes in: a question. Goes out: the chunks with all of them, in their text or their document's names. Never: a code that much
of the base contains, or a year: those tell little.
"""

from __future__ import annotations

import json
import re
import sqlite3

from ...ingest.store.catalog import Catalog
from ..where import Scope, scope_of
from ..words.question import figures

_FEW, _PART = 5, 0.05
"""A code in more chunks than this number, and in more than this share of all, distinguishes none of them."""
_CODE = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?![0-9]+(?:s|st|nd|rd|th)$)(?![qh][1-4]$)(?!.*-[qh][1-4]$).{2,}", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{3,}(?:\.[0-9]+)?|[0-9]+\.[0-9]+")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_HOLDING = """
SELECT rowid FROM bm25 WHERE bm25 MATCH :code
UNION SELECT c.key FROM named JOIN names n ON n.key = named.rowid JOIN chunks c ON c.document_id = n.document_id
WHERE named MATCH :code LIMIT :most
"""


def coded(catalog: Catalog, question: str) -> Scope | None:
    """Return the chunks with every code and rare number of a question; ``None`` if it has none."""
    asked = [figure for figure in sorted(figures(question)) if _tells(figure)]
    if not asked:
        return None
    connection = catalog.connection()
    most = int(max(_FEW, _PART * catalog.count("chunks")))
    held = [keys for figure in asked if (keys := _keys(connection, figure, most + 1)) and len(keys) <= most]
    every = set.intersection(*held) if held else set()
    rows = connection.execute(
        "SELECT key, id FROM chunks WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key",
        (json.dumps(sorted(every)),),
    )
    return scope_of(rows.fetchall())


def _tells(figure: str) -> bool:
    is_number = bool(_NUMBER.fullmatch(figure)) and not _YEAR.fullmatch(figure)
    return is_number or bool(_CODE.fullmatch(figure))


def _keys(connection: sqlite3.Connection, figure: str, most: int) -> set[int]:
    rows = connection.execute(_HOLDING, {"code": f'"{figure}"', "most": most})
    return {key for (key,) in rows}
