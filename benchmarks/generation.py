"""How fast the GGUF backend is beside llama.cpp called directly, in one run on one file.

    python benchmarks/generation.py [MODEL.gguf]

Without a file it builds a LLaMA of 40 million random weights in 4 bits. Prints tokens/s and time to the first token, for a
prompt seen for the first time and for one whose beginning is in the cache, each the median of several turns that alternate,
and the medians of the differences turn by turn.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import xllamacpp
from kb.llm.generator import Sampling
from kb.llm.gguf import GGUFGenerator, physical_cores
from kb.prompts.prompt import Message, Prompt

N_TURNS, N_TOKENS, CONTEXT_TOKENS = 7, 128, 2048
PASSAGE = "Retrieval finds the passages that answer a question, and the model reads them before it writes. "


@dataclass(frozen=True, slots=True)
class Timing:
    """One generation."""

    first_ms: float
    tokens_per_s: float


def timed(pieces: Iterator[str]) -> Timing:
    """Read a generation to its end."""
    start = time.perf_counter()
    next(pieces)
    first = time.perf_counter()
    n = sum(1 for _ in pieces)
    return Timing((first - start) * 1000, n / (time.perf_counter() - first))


def direct(server: xllamacpp.Server, text: str) -> Timing:
    """Call llama.cpp as little as its callback allows: parse each chunk, keep the times."""
    times: list[float] = []

    def receive(chunk: str) -> bool:
        if json.loads(chunk)["choices"][0]["delta"].get("content"):
            times.append(time.perf_counter())
        return False

    request = {
        "messages": [{"role": "user", "content": text}],
        "stream": True,
        "max_tokens": N_TOKENS,
        "temperature": 0.0,
    }
    start = time.perf_counter()
    server.handle_chat_completions(json.dumps(request), receive)
    return Timing((times[0] - start) * 1000, (len(times) - 1) / (times[-1] - times[0]))


def open_direct(path: Path) -> xllamacpp.Server:
    """Load the file with the settings that the backend uses."""
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_batch = str(path), CONTEXT_TOKENS, 256
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = physical_cores()
    params.verbosity, params.warmup = -1, False
    return xllamacpp.Server(params)


def report(path: Path) -> None:
    """Print both side by side."""
    server, generator = open_direct(path), GGUFGenerator(path, context_tokens=CONTEXT_TOKENS)
    sampling = Sampling(max_tokens=N_TOKENS)

    def ours(text: str) -> Timing:
        return timed(generator.generate(Prompt(text, (Message("user", text),), ()), sampling))

    ways: dict[str, Callable[[str], Timing]] = {"xllamacpp": lambda text: direct(server, text), "kb gguf:": ours}
    for way in ways.values():
        way("warm up")
    print(f"{path.name}: {N_TOKENS} tokens, {N_TURNS} turns, {physical_cores()} threads")
    print(f"{'':12}{'prompt':>10}{'first token ms':>18}{'tokens/s':>12}")
    for kind in ("new", "cached"):
        timings: dict[str, list[Timing]] = {name: [] for name in ways}
        for turn in range(N_TURNS):
            number = turn if kind == "new" else 0
            for name, way in ways.items():
                timings[name].append(way(f"{number} {PASSAGE * 20}{turn}"))
        for name, taken in timings.items():
            first = statistics.median(timing.first_ms for timing in taken)
            speed = statistics.median(timing.tokens_per_s for timing in taken)
            print(f"{name:12}{kind:>10}{first:18.1f}{speed:12.0f}")
        # Turn by turn, one beside the other: what else the machine does meanwhile slows both.
        turns = list(zip(*timings.values(), strict=True))
        later = statistics.median(ours.first_ms - theirs.first_ms for theirs, ours in turns)
        share = statistics.median(ours.tokens_per_s / theirs.tokens_per_s for theirs, ours in turns)
        print(f"{'difference':12}{kind:>10}{later:+18.1f}{share - 1:+12.1%}")
    generator.close()


def main() -> None:
    """Measure the file that is named, or one made for it."""
    if len(sys.argv) > 1:
        report(Path(sys.argv[1]))
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from models import Shape, build_gguf

    shape = Shape(dim=512, n_layers=12, n_heads=8, n_kv_heads=4, hidden=1536)
    with tempfile.TemporaryDirectory() as folder:
        report(build_gguf(Path(folder) / "llama-40m-q4_0.gguf", "llama", "Q4_0", shape=shape))


if __name__ == "__main__":
    main()
