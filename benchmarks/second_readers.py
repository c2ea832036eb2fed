"""How much of what another program reads in old office files kb reads too: .doc, .ppt, .xlsb and their kin.

Run: pip install --no-deps --target DIR msdoc2docx ppt2pptx python-calamine
     python benchmarks/second_readers.py SHARED/data --second DIR [--list | --numbers]
The other readers share no code with kb: msdoc2docx and ppt2pptx, which write DOCX and PPTX, of which every text run counts;
python-calamine, of which every cell of text counts. Recall is as in ``readers.py``: the share of three-letter sequences of
the other's text, within its paragraphs and cells, that is in kb's. Files that only one of both reads are counted, not compared.
``--numbers``: the numbers of list items in .doc files, beside those of the same file as msdoc2docx writes it, read as DOCX:
two ways to the same description, one counter. Items are lines that stand once in both, whatever their numbers.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import zipfile
from collections import defaultdict
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from kb.ingest.errors import ReadError
from kb.ingest.run.read import read_file
from readers import LOW_RECALL, recall

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTS = re.compile(r"(?:word/(?:document|footnotes|endnotes|comments)|ppt/(?:slides|notesSlides)/\w+)\.xml")
_PARAGRAPH = re.compile(r"</(?:w|a):p>|<w:(?:br|tab)/>|<a:br/>")
_RUN = re.compile(r"<(?:w|a):t(?: [^>]*)?>([^<]*)</(?:w|a):t>")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def of_doc(path: Path) -> str:
    """Return what msdoc2docx reads."""
    from doc2docx import convert  # type: ignore[import-not-found]  # installed by hand

    with TemporaryDirectory() as folder:
        out = Path(folder) / "out.docx"
        convert(path, out)
        return _runs(out)


def of_ppt(path: Path) -> str:
    """Return what ppt2pptx reads."""
    from ppt2pptx import convert  # type: ignore[import-not-found]  # installed by hand

    with TemporaryDirectory() as folder:
        out = Path(folder) / "out.pptx"
        convert(path, out)
        return _runs(out)


def of_xlsb(path: Path) -> str:
    """Return the text cells that calamine reads; how numbers are shown is kb's own matter."""
    from python_calamine import CalamineWorkbook  # type: ignore[import-not-found]  # installed by hand

    book = CalamineWorkbook.from_path(str(path))
    rows = (row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python())
    return "\n".join(cell for row in rows for cell in row if isinstance(cell, str))


SECOND: dict[str, Callable[[Path], str]] = {".doc": of_doc, ".ppt": of_ppt, ".xlsb": of_xlsb}


def _runs(path: Path) -> str:
    with zipfile.ZipFile(path) as package:
        parts = [package.read(name).decode() for name in package.namelist() if _PARTS.fullmatch(name)]
    pieces = (piece for part in parts for piece in _PARAGRAPH.split(part))
    text = "\n".join("".join(_RUN.findall(piece)) for piece in pieces)
    for entity, meant in _ENTITIES.items():
        text = text.replace(entity, meant)
    return text


_ITEM = re.compile(r"(?P<number>-|\W?(?:[^\W_]{1,9}[.-])*(?:[^\W_]{1,9}[.)]|\d{1,3})) (?P<words>.+)")
_NOTE = re.compile(r"\[\^e?\d+\]")


def list_numbers(files: list[Path], *, show: bool) -> str:
    """Return in how many items of old Word files both ways give the same number, and in how many another."""
    from doc2docx import convert  # type: ignore[import-not-found]  # installed by hand

    same = other = 0
    for path in files:
        with TemporaryDirectory() as folder:
            out = Path(folder) / "out.docx"
            try:
                with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                    convert(path, out)
                ours, theirs = _items(read_file(path).text), _items(read_file(out).text)
            except Exception:  # noqa: BLE001, S112  what one of both does not read
                continue
        for words, number in ours.items():
            if words in theirs:
                same += number == theirs[words]
                other += number != theirs[words]
                if show and number != theirs[words]:
                    print(f"{path.name}\t{number} / {theirs[words]}\t{words[:60]}")
    return f".doc list items with the same number: {same}, with another: {other}"


def _items(text: str) -> dict[str, str]:
    """Return the numbers of a text's items by their words; those that stand several times are left out."""
    lines = (
        " ".join(_NOTE.sub("", line).lstrip("# ").split()) for line in text.splitlines() if not line.startswith("|")
    )
    found: dict[str, list[str]] = defaultdict(list)
    for match in filter(None, map(_ITEM.fullmatch, lines)):
        found[match["words"]].append(match["number"])
    return {words: numbers[0] for words, numbers in found.items() if len(numbers) == 1}


def _both(path: Path, second: Callable[[Path], str]) -> tuple[str, str, str]:
    """Return what kb reads, what the other reads, and why one of them does not."""
    said = []
    try:
        ours = read_file(path).text
    except ReadError as error:
        ours = ""
        said.append(f"kb: {error}")
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            theirs = second(path)
    except BaseException as error:  # noqa: BLE001  what foreign readers meet damage with, a panic of Rust included
        theirs = ""
        said.append(f"the other: {type(error).__name__}: {str(error)[:80]}")
    return ours, theirs, "; ".join(said)


def main() -> None:
    """Print a line for each kind of file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--second", type=Path, required=True, help="where the other readers are installed")
    parser.add_argument("--numbers", action="store_true", help="only the numbers of list items in .doc files")
    parser.add_argument("--list", action="store_true", help="name what is below .95 or read by one only")
    options = parser.parse_args()
    sys.path.append(str(options.second))
    os.environ["KB_OCR"] = "off"  # the others read no pictures
    if options.numbers:
        print(list_numbers(sorted(options.data.rglob("*.doc")), show=options.list))
        return
    print(f"{'ext':>6}{'files':>7}{'both':>6}{'kb only':>9}{'other only':>12}{'mean':>7}{'pooled':>8}{'below':>7}")
    for suffix, second in SECOND.items():
        files = sorted(path for path in options.data.rglob("*") if path.suffix.lower() == suffix)
        shares: dict[Path, tuple[int, int]] = {}
        alone: dict[str, int] = defaultdict(int)
        for path in files:
            ours, theirs, said = _both(path, second)
            found, n = recall(ours, theirs)
            if ours and n:
                shares[path] = found, n
            else:
                alone["kb" if ours else "other" if n else "none"] += 1
            if options.list and (said or (n and found < LOW_RECALL * n)):
                print(f"{found}/{n}\t{path.relative_to(options.data)}\t{said}")
        mean = sum(found / n for found, n in shares.values()) / max(len(shares), 1)
        pooled = sum(found for found, _ in shares.values()) / max(sum(n for _, n in shares.values()), 1)
        below = sum(found < LOW_RECALL * n for found, n in shares.values())
        print(
            f"{suffix:>6}{len(files):>7}{len(shares):>6}{alone['kb']:>9}{alone['other']:>12}"
            f"{mean:>7.3f}{pooled:>8.3f}{below:>7}"
        )


if __name__ == "__main__":
    main()
