"""How well the readers read real files: a table by suffix, and the recall of text where the right text is known.

Run: python benchmarks/readers.py SHARED/data/files [--suffix html csv ...] [--list] [--max-mb 20]
     python benchmarks/readers.py SHARED/data/files SHARED/data/docs --pdf-speed
Recall is the share of the three-letter sequences of the expected text that was read, counted with repetitions: ``recall`` is
the mean of the files, ``pooled`` that of all letters together. At least .95 is asked of text formats and .90 of PDF, as the
mean. One rule for all formats: only letters and digits count; markup does not (Markdown, HTML entities and comments, the
commands of LaTeX, check boxes); no sequence runs over the end of a line or table cell of the expected text, as what stands
next is a matter of layout (a time or speaker's name, another order of the blocks); and a line or cell of one or two letters
counts as one sequence, found where such a word was read. What the makers of the expected text added to it counts as lost.
(Before, sequences ran on over lines and cells, and texts under 20 letters were counted by letters: that rule was made after a
PDF of three letters had been seen, and hid that its two words come out as one. It is gone.)
``--pdf-speed``: pages a second of the whole reader, of PDFium alone and of pypdf, over all the PDF files below the folders that
each of them reads, file by file on one core, in CPU time; the best of three rounds of each.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import os
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pypdf
import pypdfium2
from kb.ingest.errors import KBError, ReadError
from kb.ingest.pdf.reader import read_pdf
from kb.ingest.readers.archive import members
from kb.ingest.run.read import load, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kb.ingest.document import Document

LOW_RECALL, LOW_PDF_RECALL = 0.95, 0.90
ROUNDS = 3
LENGTH = 3
MARKUP = re.compile(
    r"&(?:amp|lt|gt|quot|nbsp|#\d+);|<!--.*?-->|<\|.*?\|>|!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)|\[[ xX]\]|\\[A-Za-z]+",
    re.DOTALL,
)


@dataclass(slots=True)
class Row:
    """What became of the files of one suffix."""

    outcomes: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    recalls: list[tuple[int, int]] = field(default_factory=list)
    """How much was read of how much."""
    seconds: float = 0.0
    megabytes: float = 0.0


def letters(text: str) -> str:
    """Return the letters and digits of a text."""
    return re.sub(r"[\W_]+", "", text).lower()


def sequences(text: str) -> Iterator[str]:
    """Yield the three-letter sequences of a text."""
    text = letters(text)
    return (text[start : start + LENGTH] for start in range(len(text) - LENGTH + 1))


def recall(text: str, expected: str) -> tuple[int, int]:
    """Return how many sequences of the expected text were read, and how many there are."""
    text, expected = (MARKUP.sub(" ", one) for one in (text, expected))
    wanted: Counter[str] = Counter()
    for piece in re.split(r"[\n|]", expected):
        wanted.update(sequences(piece) if len(letters(piece)) >= LENGTH else filter(None, [letters(piece)]))
    read = Counter(sequences(text))
    read.update(word for word in map(letters, re.split(r"[\s|]", text)) if 0 < len(word) < LENGTH)
    return (wanted & read).total(), wanted.total()


def expected_text(files: Path, source: str, path: str, names: str) -> str:
    """Return the text that a file should hold, from the first of the files named that says it; "" if none does."""
    if source == "encoded-zh" and path.endswith(".html"):
        return ""  # what is expected there is the page's source
    for name in filter(None, names.split(";")):
        if name.endswith("expected_outputs/test.md"):
            continue  # named by files that have nothing else in common
        for candidate in (files / source / name, (files / source / path).parent / name):
            if candidate.suffix in {".md", ".txt"} and candidate.is_file():
                return candidate.read_text(encoding="utf-8", errors="replace")
            if source == "csv-spectrum" and candidate.is_file():
                records = json.loads(candidate.read_text(encoding="utf-8"))
                return " ".join(value for record in records if isinstance(record, dict) for value in record.values())
    return ""


def read(path: Path) -> Document:
    """Read a file; an archive counts as its first readable member."""
    data = load(path)
    try:
        return read_bytes(data, str(path))
    except ReadError:
        if path.suffix not in {".zip", ".gz", ".tar", ".tgz"}:
            raise
        documents = [
            read_bytes(content, name) for name, content in members(data, path.name) if isinstance(content, bytes)
        ]
        if not documents:
            raise
        return documents[0]


def measure(files: Path, suffixes: list[str], max_bytes: int, *, show: bool) -> dict[str, Row]:
    """Read every file of the manifest and return a row for each suffix."""
    rows: dict[str, Row] = defaultdict(Row)
    with (files / "manifest.tsv").open(encoding="utf-8", newline="") as stream:
        entries = list(csv.DictReader(stream, delimiter="\t"))
    for entry in entries:
        if (suffixes and entry["ext"] not in suffixes) or int(entry["bytes"]) > max_bytes:
            continue
        path = files / entry["source"] / entry["path"]
        row = rows[entry["ext"]]
        started = time.perf_counter()
        try:
            document = read(path)
        except KBError as exc:
            kind = exc.kind if isinstance(exc, ReadError) else type(exc).__name__
            row.outcomes[kind] += 1
            if show and entry["state"] == "ok":
                print(f"{kind}\t{entry['source']}/{entry['path']}\t{exc}")
            continue
        finally:
            row.seconds += time.perf_counter() - started
        row.outcomes["read"] += 1
        row.megabytes += int(entry["bytes"]) / 1e6
        row.pages.update(page.how for page in document.pages)
        n_read, n = recall(document.text, expected_text(files, entry["source"], entry["path"], entry["expected"]))
        if n:
            row.recalls.append((n_read, n))
            if show and n_read < LOW_RECALL * n:
                print(f"recall {n_read / n:.3f} of {n}\t{entry['source']}/{entry['path']}")
    return rows


def print_table(rows: dict[str, Row]) -> None:
    """Print a line a suffix."""
    failures = ("empty", "encrypted", "damaged", "too-large", "unsupported", "unreadable")
    hows = ("text", "ocr", "empty", "garbled", "failed")
    header = [
        "ext",
        "files",
        "read",
        *failures,
        "pages",
        *(f"p:{how}" for how in hows),
        "recall",
        "pooled",
        "n",
        "MB/s",
    ]
    print(" ".join(f"{name:>11}" for name in header))
    for suffix, row in sorted(rows.items()):
        shares = [f"{of(row.recalls):.3f}" if row.recalls else "-" for of in (_mean, _pooled)]
        speed = f"{row.megabytes / row.seconds:.1f}" if row.seconds else "-"
        numbers = [row.outcomes.total(), *(row.outcomes[kind] for kind in ("read", *failures))]
        numbers += [row.pages.total(), *(row.pages[how] for how in hows)]
        print(" ".join(f"{value:>11}" for value in [suffix, *numbers, *shares, len(row.recalls), speed]))
    low = sorted(suffix for suffix, row in rows.items() if row.recalls and _mean(row.recalls) < _asked(suffix))
    print("recall: of three-letter sequences within the lines and cells of the expected text, markup left out")
    print(f"below what is asked: {', '.join(low)}" if low else "recall is what is asked, in every format")


def _mean(recalls: list[tuple[int, int]]) -> float:
    return sum(n_read / n for n_read, n in recalls) / len(recalls)


def _pooled(recalls: list[tuple[int, int]]) -> float:
    return sum(n_read for n_read, _ in recalls) / sum(n for _, n in recalls)


def _asked(suffix: str) -> float:
    return LOW_PDF_RECALL if suffix == "pdf" else LOW_RECALL


def pdf_speed(folders: list[Path]) -> None:
    """Print pages a second of the reader, of PDFium and of pypdf; none of them recognises images."""
    os.environ["KB_OCR"] = "off"
    found = [path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.pdf"))]
    chosen = [(data, n) for data in found if (n := _pages_for_all(data))]
    total = sum(n for _, n in chosen)
    ways: dict[str, Callable[[bytes], object]] = {
        "kb": lambda data: read_pdf(data, "a.pdf"),
        "pdfium": _by_pdfium,
        "pypdf": _by_pypdf,
    }
    rates = {name: max(_rate(way, chosen, total) for _ in range(ROUNDS)) for name, way in ways.items()}
    print(
        f"{total} pages of {len(chosen)} files ({len(found) - len(chosen)} more that one of them does not read): "
        + ", ".join(f"{name} {rate:.0f} pages/s" for name, rate in rates.items())
    )
    print(
        f"kb is {rates['kb'] / rates['pypdf']:.1f} times as fast as pypdf; PDFium alone {rates['pdfium'] / rates['pypdf']:.1f}"
    )


def _rate(way: Callable[[bytes], object], chosen: list[tuple[bytes, int]], total: int) -> float:
    began = time.process_time()
    for data, _ in chosen:
        way(data)
    return total / (time.process_time() - began)


def _pages_for_all(data: bytes) -> int:
    """Return how many pages a file has that all of them can read; 0 for one that some cannot."""
    try:
        n = _by_pdfium(data)
        return n if n == _by_pypdf(data) and n == len(read_pdf(data, "a.pdf").pages) else 0
    except Exception:  # noqa: BLE001 - whatever a library says of a damaged file
        return 0


def _by_pdfium(data: bytes) -> int:
    document = pypdfium2.PdfDocument(data)
    for page in document:
        textpage = page.get_textpage()
        textpage.get_text_range()
        textpage.close()
        page.close()
    return len(document)


def _by_pypdf(data: bytes) -> int:
    return len([page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", help="a folder with manifest.tsv; for --pdf-speed, any folders")
    parser.add_argument("--suffix", nargs="*", default=[])
    parser.add_argument("--list", action="store_true", help="print each file that failed or was read in part")
    parser.add_argument("--max-mb", type=float, default=20)
    parser.add_argument("--pdf-speed", action="store_true", help="only that")
    options = parser.parse_args()
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    if options.pdf_speed:
        pdf_speed(options.files)
        raise SystemExit
    print_table(measure(options.files[0], options.suffix, int(options.max_mb * 1e6), show=options.list))
