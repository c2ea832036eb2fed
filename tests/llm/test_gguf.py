"""The GGUF backend, on real files that the tests build: llama.cpp loads, writes, stops and fails as promised."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.errors import CannotDoError, GeneratorError, InputError
from kb.llm.generator import Sampling
from kb.llm.gguf import GGUFGenerator
from kb.llm.models.cores import physical_cores
from kb.llm.open import open_generator
from kb.llm.rails.grammar import without
from models import Architecture, build_gguf, build_lora, gguf_file, prompt, tokenizer
from needs import needs
from places import SUPPORT

if TYPE_CHECKING:
    from kb.llm.streaming import Stream

needs("xllamacpp", "gguf", extra="llama,test")

ARCHITECTURES = get_args(Architecture)
LONG = 1900
"""More tokens than a test waits for."""


@pytest.fixture(scope="module", params=ARCHITECTURES)
def generator(request: pytest.FixtureRequest) -> Iterator[GGUFGenerator]:
    made = GGUFGenerator(gguf_file(request.param), n_threads=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def llama() -> Iterator[GGUFGenerator]:
    made = GGUFGenerator(gguf_file("llama"), n_threads=1)
    yield made
    made.close()


def text_of(generator: GGUFGenerator, sampling: Sampling) -> str:
    return "".join(generator.generate(prompt(), sampling))


def unread(stream: Stream, timeout_s: float) -> int:
    """Return how many pieces a stream still wrote, once its thread has ended; fail if it does not end in time."""
    stream.join(timeout_s)
    assert not stream._thread.is_alive(), f"the model still ran after {timeout_s} s"
    return stream._arrived.qsize()


@pytest.mark.parametrize("quantization", ["Q8_0", "Q4_0"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_writes_with_quantized_models(architecture, quantization):
    """LLaMA and ChatGLM files in 8 and 4 bits load and write, up to the limit that was asked for."""
    generator = GGUFGenerator(gguf_file(architecture, quantization), n_threads=1)
    pieces = list(generator.generate(prompt(), Sampling(max_tokens=24)))
    generator.close()
    assert 1 < len(pieces) <= 24
    assert "".join(pieces).strip()
    assert generator.name == f"gguf:{architecture}-{quantization}.gguf"


def test_context_is_the_models_own_when_that_is_smaller():
    """A file made for 2048 tokens reports 2048, and a smaller wish is granted."""
    asked = {8192: 2048, 512: 512}
    for wish, granted in asked.items():
        generator = GGUFGenerator(gguf_file("llama"), context_tokens=wish, n_threads=1)
        assert generator.context_tokens == granted
        generator.close()


def test_a_model_that_wrote_nothing_can_be_closed():
    """Opened and closed at once, again and again on a busy machine, it neither hangs nor crashes."""
    script = (
        "import sys; from pathlib import Path; from kb.llm.gguf import GGUFGenerator\n"
        "for _ in range(30): GGUFGenerator(Path(sys.argv[1]), n_threads=1).close()"
    )
    command = [sys.executable, "-c", script, str(gguf_file("llama"))]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(6)]
    try:
        assert [process.wait(timeout=100) for process in running] == [0] * len(running)
    finally:
        for process in running:
            process.kill()
            process.communicate()


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_counts_tokens_as_the_models_tokenizer(text, architecture, engines):
    """Tokens are counted exactly as by the tokenizer that the file was made from, in any script."""
    assert engines[architecture].count_tokens(text) == len(tokenizer(architecture).encode(text).ids)


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[Architecture, GGUFGenerator]]:
    made = {architecture: GGUFGenerator(gguf_file(architecture), n_threads=1) for architecture in ARCHITECTURES}
    yield made
    for generator in made.values():
        generator.close()


def test_same_seed_same_text(generator):
    """The same seed gives the same text, greedy or sampled; another seed gives another."""
    greedy = Sampling(max_tokens=40)
    assert text_of(generator, greedy) == text_of(generator, greedy)
    sampled = [text_of(generator, Sampling(seed=seed, temperature=1.0, max_tokens=40)) for seed in (1, 1, 2)]
    assert sampled[0] == sampled[1] != sampled[2]


def test_greedy_ignores_temperature(generator):
    """Strategy ``greedy`` writes at any temperature what temperature 0 writes."""
    hot = Sampling(temperature=2.0, strategy="greedy", max_tokens=30)
    assert text_of(generator, hot) == text_of(generator, Sampling(max_tokens=30))


def test_top_k_1_is_greedy(generator):
    """Sampling among the one best token is greedy: top_k reaches the sampler."""
    narrow = Sampling(temperature=2.0, top_k=1, max_tokens=30)
    assert text_of(generator, narrow) == text_of(generator, Sampling(max_tokens=30))


def test_repeat_penalty_and_cutoffs_change_the_text(generator):
    """repeat_penalty, min_p and top_p reach the sampler: each changes what the same seed writes."""
    plain = Sampling(seed=5, temperature=1.5, top_p=1.0, min_p=0.0, max_tokens=300)
    for changed in ({"repeat_penalty": 3.0}, {"min_p": 0.5}, {"top_p": 0.2}):
        values = {"top_p": 1.0, "min_p": 0.0, **changed}
        other = Sampling(seed=5, temperature=1.5, max_tokens=300, **values)
        assert text_of(generator, other) != text_of(generator, plain), changed


def test_stops_before_a_stop_string(generator):
    """The text ends where a stop string would begin."""
    full = text_of(generator, Sampling(max_tokens=40))
    stop = re.findall(r"[a-z]{3}", full)[2]
    assert text_of(generator, Sampling(max_tokens=40, stop=(stop,))) == full[: full.index(stop)]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_banned_strings_are_never_written(generator, temperature):
    """Banned strings do not occur, however the tokenizer would spell them, and the rest is still written."""
    full = text_of(generator, Sampling(max_tokens=60, temperature=temperature))
    banned = ("e", re.findall(r"[a-z]{3}", full)[0], '"]\\')
    text = text_of(generator, Sampling(max_tokens=60, temperature=temperature, banned=banned))
    assert "e" in full
    assert len(text) > 20
    assert [word for word in banned if word in text] == []


def test_beams_are_refused(llama):
    """llama.cpp has no beam search; asking for it says so."""
    with pytest.raises(CannotDoError, match="cannot search with beams"):
        llama.generate(prompt(), Sampling(strategy="beam", n_beams=4))


@pytest.mark.parametrize("leave", ["close", "forget"])
def test_stops_when_the_reader_leaves(llama, leave):
    """Closing the iterator, or dropping it, stops the model far from its limit."""
    pieces = llama.generate(prompt(), Sampling(max_tokens=LONG))
    next(pieces)
    (stream,) = llama._streams._open
    if leave == "close":
        pieces.close()
    del pieces
    assert unread(stream, timeout_s=10) < LONG / 2
    assert not llama._streams._open


def test_closing_the_model_ends_what_runs():
    """``close`` stops a generation that another thread is reading, and what comes after says that it is closed."""
    generator = GGUFGenerator(gguf_file("llama"), n_threads=1)
    pieces: list[str] = []
    started = threading.Event()

    def read() -> None:
        for piece in generator.generate(prompt(), Sampling(max_tokens=LONG)):
            pieces.append(piece)
            started.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(10)
    generator.close()
    generator.close()
    reader.join(10)
    assert not reader.is_alive()
    assert len(pieces) < LONG
    with pytest.raises(GeneratorError, match="was closed"):
        next(iter(generator.generate(prompt(), Sampling())))
    with pytest.raises(GeneratorError, match="was closed"):
        generator.count_tokens("a")


@pytest.mark.parametrize("n_parallel", [1, 2])
def test_two_threads_get_what_one_gets(n_parallel):
    """Two threads at once each get the text that they would get alone, in turn or in parallel."""
    generator = GGUFGenerator(gguf_file("llama"), n_parallel=n_parallel, n_threads=1)
    assert generator.context_tokens == 2048
    wanted = [text_of(generator, Sampling(seed=seed, temperature=1.0, max_tokens=50)) for seed in (1, 2)]
    got = ["", ""]

    def run(at: int) -> None:
        got[at] = text_of(generator, Sampling(seed=at + 1, temperature=1.0, max_tokens=50))

    threads = [threading.Thread(target=run, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    generator.close()
    assert got == wanted


def test_a_prompt_too_long_is_an_error_and_not_the_end(llama):
    """A prompt over the context raises a sentence with both numbers; the next prompt works."""
    with pytest.raises(GeneratorError, match=r"the prompt takes \d{4,} tokens and gguf:llama-Q8_0.gguf reads 2048"):
        list(llama.generate(prompt("hello " * 5000), Sampling()))
    assert text_of(llama, Sampling(max_tokens=5))


def test_the_answer_ends_where_the_context_does(llama):
    """An answer that would run over the context ends there, without an error."""
    words = 190_000 // llama.count_tokens("the " * 100)
    pieces = list(llama.generate(prompt("the " * words), Sampling(max_tokens=LONG)))
    assert 0 < len(pieces) < 200


def test_files_that_are_not_models_are_input_errors(tmp_path: Path):
    """A missing file, a folder, an empty file and a text file are told apart from broken models."""
    (tmp_path / "empty.gguf").touch()
    (tmp_path / "text.gguf").write_text("GGU, almost", encoding="utf-8")
    wrong = {
        "missing.gguf": "there is no model",
        "": "cannot be read",
        "empty.gguf": "not a GGUF",
        "text.gguf": "not a GGUF",
    }
    for name, sentence in wrong.items():
        with pytest.raises(InputError, match=sentence):
            GGUFGenerator(tmp_path / name)


def test_broken_models_are_generator_errors(tmp_path: Path):
    """An architecture that llama.cpp does not know and a truncated file say what to do next."""
    unknown = build_gguf(tmp_path / "unknown.gguf", "llama", name="nobody")
    with pytest.raises(GeneratorError, match=r"architecture 'nobody'.*pip install -U xllamacpp"):
        GGUFGenerator(unknown)
    whole = gguf_file("llama").read_bytes()
    (tmp_path / "half.gguf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GeneratorError, match=r"architecture 'llama'.*incomplete"):
        GGUFGenerator(tmp_path / "half.gguf")


def test_the_port_answers_nobody_else(llama):
    """llama.cpp's port is on loopback and refuses whoever lacks the key."""
    assert llama._address.startswith("http://127.0.0.1:")
    for route in ("/props", "/v1/models", "/tokenize", "/v1/chat/completions"):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(urllib.request.Request(llama._address + route, data=b"{}"), timeout=5)  # noqa: S310


SILENT = """
from pathlib import Path
import sys
from kb.ingest.errors import GeneratorError
from kb.llm.generator import Sampling
from kb.llm.gguf import GGUFGenerator
from models import prompt
generator = GGUFGenerator(Path(sys.argv[1]), n_threads=1)
list(generator.generate(prompt(), Sampling(max_tokens=5, banned=("a",))))
try:
    GGUFGenerator(Path(sys.argv[2]))
except GeneratorError:
    pass
pieces = generator.generate(prompt(), Sampling(max_tokens=1900))
next(pieces)
"""


def test_nothing_is_printed_and_leaving_in_mid_sentence_is_clean(tmp_path: Path):
    """Loading, writing, failing to load and exiting while the model writes leave no word and exit code 0."""
    broken = tmp_path / "half.gguf"
    broken.write_bytes(gguf_file("llama").read_bytes()[:100_000])
    command = [sys.executable, "-c", SILENT, str(gguf_file("llama")), str(broken)]
    started = time.monotonic()
    ran = subprocess.run(command, capture_output=True, text=True, cwd=SUPPORT, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert time.monotonic() - started < 30


INTERRUPTED = """
import os, signal, threading
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
while True:
    list(generator.generate(prompt(), Sampling(max_tokens=1900)))
"""
ENDINGS = {
    "an error": ("list(generator.generate(prompt('hello ' * 5000), Sampling()))", 1),
    "an interrupt": (INTERRUPTED, -signal.SIGINT),
    "leaving an answer unread": ("next(generator.generate(prompt(), Sampling(max_tokens=1900)))", 0),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_process_ends_as_python_processes_do(ending: str):
    """However a program ends while the model works, it ends at once with the exit code of its ending: no abort."""
    code, returncode = ENDINGS[ending]
    loading = SILENT[: SILENT.index("list(")]
    command = [sys.executable, "-c", loading + code, str(gguf_file("llama"))]
    for _ in range(3):
        ran = subprocess.run(command, capture_output=True, text=True, cwd=SUPPORT, timeout=60, check=False)
        assert ran.returncode == returncode, ran.stderr
        assert "FATAL" not in ran.stderr


def test_an_adapter_changes_what_is_written(tmp_path: Path):
    """A LoRA adapter is named behind the file; the same adapter gives the same text, and no file there is refused at once."""
    adapter, sampling = build_lora(tmp_path / "adapter.gguf"), Sampling(max_tokens=30)
    texts = []
    for spec in ("", f"?lora={adapter}", f"?lora={adapter}"):
        generator = open_generator(f"gguf:{gguf_file('llama')}{spec}", n_threads=1)
        texts.append(text_of(generator, sampling))
        generator.close()
    assert texts[0] != texts[1] == texts[2]
    with pytest.raises(InputError, match=r"no\.gguf"):
        open_generator(f"gguf:{gguf_file('llama')}?lora={tmp_path / 'no.gguf'}")


def test_not_shorter_than_is_asked_for(llama: GGUFGenerator):
    """The model may stop only after so many tokens; what it writes until it would have stopped is the same."""
    stops = Sampling(max_tokens=40, stop=(" ",))
    assert len(text_of(llama, Sampling(max_tokens=24, min_tokens=24))) > len(text_of(llama, stops))
    assert llama.count_tokens(text_of(llama, Sampling(max_tokens=30, min_tokens=20))) >= 18  # as the text is read again


def test_what_was_written_is_less_likely_with_a_presence_penalty(llama: GGUFGenerator):
    """A high one changes a sampled text, and one of 0 does not."""
    plain = Sampling(seed=5, temperature=1.5, top_p=1.0, min_p=0.0, max_tokens=120)
    texts = [text_of(llama, replace(plain, presence_penalty=penalty)) for penalty in (None, 0.0, 2.0)]
    assert texts[0] == texts[1] != texts[2]


def test_how_fast_it_reads_follows_from_its_size(llama: GGUFGenerator):
    """Where no GPU is seen: the smaller the faster, and always the same."""
    assert llama.reading_tokens_per_s == llama.reading_tokens_per_s
    assert llama.reading_tokens_per_s is None or llama.reading_tokens_per_s > 10_000


def test_physical_cores_are_within_the_machines():
    """At least one core, and no more than there are."""
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)


def accepts(grammar: str, text: str) -> bool:
    """Walk a grammar of the one shape that ``without`` writes, which any GBNF reader reads the same way."""
    rules: dict[str, list[tuple[bool, set[str], str]]] = {}
    for line in grammar.splitlines()[1:]:
        name, _, body = line.partition(" ::= ")
        rules[name] = []
        for negated, letters, target in re.findall(r"(?:\[(\^?)((?:\\U[0-9A-F]{8})+)\]|\.) (s\d+)", body):
            known = {chr(int(code, 16)) for code in re.findall(r"\\U([0-9A-F]{8})", letters)}
            rules[name].append((bool(negated) or not letters, known, target))
    state = "s0"
    for letter in text:
        found = [target for negated, letters, target in rules[state] if (letter in letters) != negated]
        assert len(found) <= 1, "the grammar must not be ambiguous: that would slow the sampler down"
        if not found:
            return False
        state = found[0]
    return True


@settings(max_examples=400, deadline=None)
@given(
    banned=st.lists(st.text("ab中]", min_size=1, max_size=4), min_size=1, max_size=4),
    text=st.text("ab中]c", max_size=14),
)
def test_the_grammar_accepts_exactly_the_texts_without_banned_strings(banned, text):
    """A text passes the grammar if and only if no banned string is in it."""
    assert accepts(without(banned), text) == (not any(word in text for word in banned))
