"""Whether ingest stays flat: peak memory and rate over a large amount of text, indexed by keywords only.

Comes in: how many bytes. Goes out: a line for each tenth of them, and whether the bounds hold. The text is generated:
words of English and Chinese by Zipf's law over a large vocabulary, files from 2 kB to a fifth of the whole. Never: a download.

Run: python benchmarks/memory.py [--megabytes 1000] [--largest 200] [--seed 1] [--folder WHERE]
Memory is the resident set of this process and of all its workers together, looked at five times a second.
Rates are given by the time that passes and by this process's processor time, which does not depend on what else the machine
does; the bound is on the latter, and on what is done after the last file: the files that searches read.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from kb import KnowledgeBase
from kb.ingest.document import Step
from numpy.typing import NDArray

MOST_BYTES = 1.5e9
SLOWEST = 0.8
N_WORDS, N_HAN_WORDS = 400_000, 100_000
SIZES = ((2_000, 400), (30_000, 200), (400_000, 40), (5_000_000, 4))
"""Bytes of a file, and how many of them in each round."""
TENTHS = 10


@dataclass(slots=True)
class Words:
    """A vocabulary, and how often each word is used."""

    words: NDArray[np.object_]
    steps: NDArray[np.float64]
    space: str

    def text(self, dice: np.random.Generator, n: int) -> str:
        """Return about ``n`` characters: sentences of 5 to 25 words in paragraphs of some sentences."""
        n_words = max(int(n / (2.2 if not self.space else 7.0)), 1)
        chosen = self.words[np.searchsorted(self.steps, dice.random(n_words))]
        ends = np.cumsum(dice.integers(5, 25, n_words // 10 + 1))
        ends = ends[ends < n_words]
        stop, part = (". ", ".\n\n") if self.space else ("。", "。\n\n")
        chosen[ends] = chosen[ends] + np.where(np.arange(len(ends)) % 6, stop, part).astype(object)
        return self.space.join(chosen.tolist()) + "\n"


def vocabulary(dice: np.random.Generator, letters: str, lengths: tuple[int, int], n: int, space: str) -> Words:
    """Return ``n`` words that are used by Zipf's law."""
    alphabet = np.array(list(letters))
    sizes = dice.integers(*lengths, n)
    flat = "".join(alphabet[dice.integers(0, len(alphabet), int(sizes.sum()))].tolist())
    cuts = np.concatenate(([0], np.cumsum(sizes)))
    words = [flat[start:stop] for start, stop in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)]
    weights = 1 / (np.arange(n) + 2.7)
    return Words(np.array(words, object), np.cumsum(weights / weights.sum()), space)


def write(folder: Path, n_bytes: int, largest: int, seed: int) -> list[Path]:
    """Write files of together ``n_bytes``, the largest one among the first half, and return them in order."""
    dice = np.random.default_rng(seed)
    english = vocabulary(dice, "etaoinshrdlucmfwypvbgkjqxz", (2, 11), N_WORDS, " ")
    chinese = vocabulary(dice, "".join(map(chr, range(0x4E00, 0x5E00))), (1, 4), N_HAN_WORDS, "")
    written, files = 0, []
    for at, size in enumerate(_sizes(n_bytes, largest, dice)):
        path = folder / f"{at:06}.txt"
        with path.open("w", encoding="utf-8") as file:
            left = size
            while left > 0:
                words = chinese if dice.random() < 1 / 4 else english
                left -= file.write(text := words.text(dice, min(left, 1 << 20))) + 2 * len(text) * (not words.space)
        written += path.stat().st_size
        files.append(path)
        if written >= n_bytes:
            break
    return files


def _sizes(n_bytes: int, largest: int, dice: np.random.Generator) -> Iterator[int]:
    common = [size for size, n in SIZES for _ in range(n) if size < n_bytes / 20]
    passed = 0
    while True:
        for size in dice.permutation(common).tolist():
            if largest and passed > n_bytes * 0.3:
                yield largest
                passed, largest = passed + largest, 0
            yield size
            passed += size


@dataclass(slots=True)
class Watch:
    """What memory is in use, looked at from a thread of its own."""

    own: int = 0
    workers: int = 0
    both: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        threading.Thread(target=self._look, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            own, workers = resident(os.getpid()), sum(map(resident, children(os.getpid())))
            self.own, self.workers = max(self.own, own), max(self.workers, workers)
            self.both = max(self.both, own + workers)


def resident(process: int) -> int:
    """Return the bytes of memory that a process has, 0 if it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def children(process: int) -> list[int]:
    """Return the processes that a process started."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def main() -> None:
    """Generate, ingest, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=1000)
    parser.add_argument("--largest", type=float, default=200, help="megabytes of the largest file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where there is room; default: the system's temporary folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        place = Path(folder) / "files"
        place.mkdir()
        files = write(place, int(given.megabytes * 1e6), int(given.largest * 1e6), given.seed)
        measure(place, files, Path(folder) / "home")


def measure(place: Path, files: list[Path], home: Path) -> None:
    """Ingest the files and print a line for each tenth."""
    sizes = {str(path): path.stat().st_size for path in files}
    total = sum(sizes.values())
    print(f"{len(files)} files, {total / 1e6:.0f} MB, the largest {max(sizes.values()) / 1e6:.0f} MB", flush=True)
    print(
        f"{'MB':>6}{'s':>8}{'MB/s':>8}{'cpu s':>8}{'MB/cpu s':>9}{'own MB':>9}{'workers MB':>12}{'both MB':>9}",
        flush=True,
    )
    done, rates, last = 0, list[tuple[float, float]](), (0, time.perf_counter(), time.process_time())
    _, began, busy = last
    with Watch() as watch, KnowledgeBase.open("memory", home=home, embedder="tfidf") as kb:

        def step(at: Step) -> None:
            nonlocal done, last
            done += sizes.pop(at.source, 0) if at.stage == "read" else 0
            now, worked = time.perf_counter(), time.process_time()
            if done - last[0] >= total / TENTHS or (not sizes and done > last[0]):
                read = (done - last[0]) / 1e6
                rates.append((read / (now - last[1]), read / (worked - last[2])))
                last = done, now, worked
                print(
                    f"{done / 1e6:>6.0f}{now - began:>8.1f}{rates[-1][0]:>8.2f}{worked - busy:>8.1f}{rates[-1][1]:>9.2f}"
                    f"{watch.own / 1e6:>9.0f}"
                    f"{watch.workers / 1e6:>12.0f}{watch.both / 1e6:>9.0f}",
                    flush=True,
                )

        report = kb.ingest([place], progress=step)
        seconds, work = time.perf_counter() - began, time.process_time() - busy
        on_disk = kb.status().bytes_on_disk
    print(
        f"after the last file: {began + seconds - last[1]:.0f} of {seconds:.0f} s, {busy + work - last[2]:.0f} of {work:.0f}"
        " s of processor time"
    )
    print(
        f"{report.n_chunks} passages in {seconds:.0f} s, {total / seconds / 1e6:.2f} MB/s, {on_disk / 1e6:.0f} MB on disk,"
        f" {len(report.failed)} failed, {report.n_truncated_tokens} tokens truncated"
    )
    first, end = np.mean(rates[:2], axis=0), np.mean(rates[-2:], axis=0)
    print(
        f"peak: {watch.own / 1e6:.0f} MB this process, {watch.workers / 1e6:.0f} MB workers, {watch.both / 1e6:.0f} MB both"
    )
    for unit, one, other in zip(("MB/s", "MB per second of processor time"), first, end, strict=True):
        print(f"rate: {one:.2f} {unit} in the first fifth, {other:.2f} in the last: {other / one:.2f}")
    held = watch.both <= MOST_BYTES and end[1] >= SLOWEST * first[1] and not report.failed
    print("the bounds hold" if held else "THE BOUNDS DO NOT HOLD")


if __name__ == "__main__":
    main()
