"""How fast the GGUF backend is beside llama.cpp called directly, in one process on one file.

    python benchmarks/generation.py [MODEL.gguf] [--turns 40]

Without a file it builds a LLaMA of 40 million random weights in 4 bits. Both take turns, each first in every other one, with a
prompt seen for the first time and with one whose beginning is in the cache. Prints, of the differences turn by turn, the median
with a confidence interval of 95 % (bootstrap): time to the first token and tokens/s, by the clock and by processor time, which
tells them apart also where other programs run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import xllamacpp
from kb.llm.generator import Sampling
from kb.llm.gguf import GGUFGenerator
from kb.llm.models.cores import free_cores
from kb.prompts.prompt import Message, Prompt
from numpy.typing import NDArray

N_TURNS, N_TOKENS, CONTEXT_TOKENS = 40, 64, 2048
PASSAGE = "Retrieval finds the passages that answer a question, and the model reads them before it writes. "


@dataclass(frozen=True, slots=True)
class Timing:
    """One generation."""

    first_ms: float
    first_processor_ms: float
    clock_s: float
    """From the first token to the last."""
    processor_s: float
    """Of all threads, from the question to the last token."""
    n_tokens: int


def ours(generator: GGUFGenerator, text: str) -> Timing:
    """Generate as kb does."""
    prompt, sampling = Prompt(text, (Message("user", text),), ()), Sampling(max_tokens=N_TOKENS)
    busy, start = time.process_time(), time.perf_counter()
    times = [(time.perf_counter(), time.process_time()) for _ in generator.generate(prompt, sampling)]
    return _timing(start, busy, times)


def direct(server: xllamacpp.Server, text: str) -> Timing:
    """Call llama.cpp as little as its callback allows: parse each chunk, keep the times."""
    times: list[tuple[float, float]] = []

    def receive(chunk: str) -> bool:
        if json.loads(chunk)["choices"][0]["delta"].get("content"):
            times.append((time.perf_counter(), time.process_time()))
        return False

    request = {
        "messages": [{"role": "user", "content": text}],
        "stream": True,
        "max_tokens": N_TOKENS,
        "temperature": 0.0,
    }
    busy, start = time.process_time(), time.perf_counter()
    server.handle_chat_completions(json.dumps(request), receive)
    return _timing(start, busy, times)


def _timing(start: float, busy: float, times: Sequence[tuple[float, float]]) -> Timing:
    (first, first_busy), (last, last_busy) = times[0], times[-1]
    return Timing((first - start) * 1000, (first_busy - busy) * 1000, last - first, last_busy - busy, len(times))


def open_direct(path: Path, n_threads: int) -> xllamacpp.Server:
    """Load the file with the settings that the backend uses."""
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_batch = str(path), CONTEXT_TOKENS, 256
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = n_threads
    params.verbosity, params.warmup = -1, False
    return xllamacpp.Server(params)


def report(path: Path, n_turns: int) -> None:
    """Print both side by side."""
    n_threads = free_cores()
    server = open_direct(path, n_threads)
    generator = GGUFGenerator(path, context_tokens=CONTEXT_TOKENS, n_threads=n_threads)
    ways: tuple[Callable[[str], Timing], ...] = (partial(direct, server), partial(ours, generator))
    for way in ways:
        way("warm up")
    print(f"{path.name}: {N_TOKENS} tokens, {n_turns} turns, {n_threads} threads")
    for kind in ("new", "cached"):
        turns: list[tuple[Timing, Timing]] = []
        for turn in range(n_turns):
            text = f"{turn if kind == 'new' else 0} {PASSAGE * 20}{turn}"
            pair = {way: way(text) for way in (ways if turn % 2 else reversed(ways))}
            turns.append((pair[ways[0]], pair[ways[1]]))
        _print(kind, turns)
    generator.close()


def _print(kind: str, turns: Sequence[tuple[Timing, Timing]]) -> None:
    """Print the medians of both, and the median of the differences with its interval."""
    theirs, own = zip(*turns, strict=True)
    clock = np.array([[one.n_tokens / one.clock_s for one in side] for side in (theirs, own)])
    busy = np.array([[one.n_tokens / one.processor_s for one in side] for side in (theirs, own)])
    print(f"a prompt that is {kind}:{'xllamacpp':>36}{'kb gguf:':>12}{'difference':>14}  95 %")
    for said, times in (("ms to the first token", "first_ms"), ("ms of processor time to it", "first_processor_ms")):
        first = np.array([[getattr(one, times) for one in side] for side in (theirs, own)])
        low, middle, high = interval(first[1] - first[0])
        row = f"{np.median(first[0]):12.1f}{np.median(first[1]):12.1f}{middle:+14.1f}  {low:+.1f} to {high:+.1f}"
        print(f"  {said:<44}{row}")
    for said, speeds in (("tokens/s by the clock", clock), ("tokens/s of processor time, prompt included", busy)):
        low, middle, high = interval(speeds[1] / speeds[0] - 1)
        row = f"{np.median(speeds[0]):12.1f}{np.median(speeds[1]):12.1f}{middle:+14.1%}  {low:+.1%} to {high:+.1%}"
        print(f"  {said:<44}{row}")


def interval(differences: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the median between the ends of its confidence interval of 95 %, by the percentile bootstrap.

    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
    """
    drawn = np.random.default_rng(0).choice(differences, (10_000, len(differences)))
    low, high = np.percentile(np.median(drawn, axis=1), (2.5, 97.5))
    return float(low), float(np.median(differences)), float(high)


def main() -> None:
    """Measure the file that is named, or one made for it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="a GGUF file; one is made unless given")
    parser.add_argument("--turns", type=int, default=N_TURNS)
    arguments = parser.parse_args()
    if arguments.model:
        report(arguments.model, arguments.turns)
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
    from models import Shape, build_gguf

    shape = Shape(dim=512, n_layers=12, n_heads=8, n_kv_heads=4, hidden=1536)
    with tempfile.TemporaryDirectory() as folder:
        report(build_gguf(Path(folder) / "llama-40m-q4_0.gguf", "llama", "Q4_0", shape=shape), arguments.turns)


if __name__ == "__main__":
    main()
