"""Whether a crash costs anything: an ingest of mixed files is killed many times, and must end like an undisturbed one.

Comes in: how many kills and files. Goes out: a line for each base, and the verdict. Real files are taken from the evaluation
data, where these are present, the rest is generated: archives, encodings, copies and broken ones among them.

Run: python benchmarks/crash.py [--kills 200] [--files 300] [--embedder tfidf] [--seed 1] [--shared ../shared]
The kills (SIGKILL) come at exponentially distributed moments, so that they fall on the start, the middle and the end of
runs; a base is killed again and again until a run over it ends by itself.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from kills import Ingest, generate, shake, timed

MOST_BYTES = 200_000
REAL_SHARE = 2 / 3


def main() -> int:
    """Collect files, run undisturbed, kill, compare; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--embedder", default="tfidf")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        collect(place / "files", given.shared / "data" / "files", given.files, chance)
        ingest = Ingest(place, place / "files", given.embedder)
        ingest.finish(ingest.home("warm"))
        expected, seconds = timed(ingest, ingest.home("calm"))
        print(f"undisturbed: {seconds:.1f} s, {expected.n_chunks} passages, {expected.fingerprint[:16]}", flush=True)
        began = time.monotonic()
        ends = shake(ingest, given.kills, seconds / 4, chance)
    same = sum(end == expected for _, end in ends)
    twice = sum(end.n_twice for _, end in ends)
    n_kills = sum(n for n, _ in ends)
    for n, end in ends:
        print(f"{n:>4} kills: {end.fingerprint[:16]}{'' if end == expected else f'   DIFFERS: {end}'}")
    print(
        f"{n_kills} kills in {time.monotonic() - began:.0f} s over {len(ends)} bases: {same} of {len(ends)} end with the"
        f" undisturbed fingerprint, {twice} duplicates"
    )
    return 0 if same == len(ends) and not twice else 1


def collect(folder: Path, real: Path, n: int, chance: random.Random) -> None:
    """Put ``n`` files into the folder, up to two thirds of them real ones, each under a number to keep its name apart."""
    folder.mkdir()
    found = sorted(path for path in real.rglob("*.*") if path.is_file() and path.stat().st_size <= MOST_BYTES)
    chosen = chance.sample(found, min(int(n * REAL_SHARE), len(found)))
    for number, path in enumerate(chosen):
        shutil.copyfile(path, folder / f"real{number:04}{path.suffix.lower()}")
    generate(folder, n - len(chosen), chance)
    kinds = {path.suffix for path in folder.iterdir()}
    print(f"{len(list(folder.iterdir()))} files of {len(kinds)} kinds, {len(chosen)} of them real", flush=True)


if __name__ == "__main__":
    sys.exit(main())
