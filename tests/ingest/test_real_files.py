"""Real files of many formats, valid, damaged and hostile, from public test suites: every one is accounted for."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from kb.ingest.run.pool import Limits
from kb.ingest.run.sync import Selection, Synced, sync
from kb.ingest.store.catalog import Catalog
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.text.split import Splitting, count_words
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens

HOWS = ("text", "ocr", "empty", "garbled", "failed")
CLUES = ("Traceback", "object at 0x", ".py")
"""What a sentence for people does not hold."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_real_file_ends_in_the_ledger_or_as_a_failure_with_a_reason(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, no hang, no file without an end; a second run finds nothing to do. ``KB_OCR=on`` recognises images too."""
    monkeypatch.setenv("KB_OCR", os.environ.get("KB_OCR", "off"))
    catalog = Catalog(tmp_path / "base", Tokenizer(tokens, TOKENS_VERSION))
    folder = shared / "files"
    limits = Limits(timeout_s=30, timeout_s_per_mb=5)
    began = time.monotonic()
    report = run(catalog, folder, limits)
    seconds = time.monotonic() - began
    rows = catalog.sources()
    places = {row.archive or row.source for row in rows.values()}
    assert not [path for path in visible(folder) if str(path) not in places]
    for failure in report.failures:
        assert len(failure.reason.split()) > 3, failure
        assert not any(clue in failure.reason for clue in CLUES), failure
    print(f"\n{len(places)} files in {seconds:.0f} s\n" + table(catalog))  # noqa: T201 - the report is the point
    assert Counter(failure.kind for failure in report.failures)["crashed"] == 0
    again = run(catalog, folder, limits)
    assert not again.changed
    assert len(again.failures) == len(report.failures)


def run(catalog: Catalog, folder: Path, limits: Limits) -> Synced:
    """Ingest the folder."""
    return sync(catalog, [folder], splitting=Splitting(), count_tokens=count_words, selection=Selection(limits=limits))


def visible(folder: Path) -> list[Path]:
    """The files that are not hidden or in a hidden folder."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def table(catalog: Catalog) -> str:
    """Return a line for each extension: files, failures by kind, pages by how they were read."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in catalog.sources().values():
        if row.is_archive and not row.failure:
            continue
        count = counts[Path(row.source.rsplit("!", 1)[-1]).suffix.lower() or "(none)"]
        count["files"] += 1
        count["read"] += row.document_id is not None
        count[row.failure_kind] += 1
        for page in catalog.pages(row.document_id) if row.document_id else ():
            count["pages"] += 1
            count[f"p:{page.how}"] += 1
    kinds = sorted(
        {key for count in counts.values() for key in count if key and key[:2] != "p:"} - {"files", "read", "pages"}
    )
    columns = ["files", "read", *kinds, "pages", *(f"p:{how}" for how in HOWS)]
    lines = [f"{'ext':<12}" + "".join(f"{column:>14}" for column in columns)]
    for suffix, count in sorted(counts.items(), key=lambda item: -item[1]["files"]):
        lines.append(f"{suffix[:12]:<12}" + "".join(f"{count[column] or '':>14}" for column in columns))
    return "\n".join(lines)
