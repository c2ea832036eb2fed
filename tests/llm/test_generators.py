"""The conformance suite: what every generator promises, checked on all of them; and the specs that open them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest
from kb.ingest.errors import CannotDoError, InputError
from kb.llm.chat import turns
from kb.llm.generator import Generator, Sampling
from kb.llm.open import FORMS, check_spec, open_generator
from kb.llm.streaming import Ending, Streams, until
from kb.prompts.prompt import Message, Prompt
from models import FAMILIES, Architecture, gguf_file, prompt, tokenizer, transformers_folder
from needs import needs

LOADED = (
    "import sys;"
    "print(sorted({'torch','transformers','openai','xllamacpp','langchain','langchain_core'} & set(sys.modules)))"
)
"""Prints which of the heavy libraries are loaded."""


def gguf(architecture: str) -> Generator:
    needs("xllamacpp", extra="llama")
    return open_generator(f"gguf:{gguf_file(architecture)}", n_threads=1)


def hf(architecture: str, query: str = "") -> Generator:
    needs("accelerate", extra="transformers")
    return open_generator(f"hf:{transformers_folder(architecture)}{query}")


def openai() -> Generator:
    needs("openai", extra="openai")
    xllamacpp = pytest.importorskip("xllamacpp", reason="the llama extra is not installed")
    params = xllamacpp.CommonParams()
    params.model.path = str(gguf_file("chatglm"))
    params.n_ctx, params.verbosity = 2048, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    made = open_generator(f"openai:{server.listening_address}#tiny")
    SERVERS.append(server)
    return made


def langchain() -> Generator:
    fakes = pytest.importorskip(
        "langchain_core.language_models.fake_chat_models", reason="the langchain extra is not installed"
    )
    from kb.llm.langchain import LangChainGenerator

    return LangChainGenerator(fakes.GenericFakeChatModel(messages=repeat("one two three. " * 30)))


SERVERS: list[object] = []
BACKENDS: dict[str, Callable[[], Generator]] = {
    "gguf-llama": lambda: gguf("llama"),
    "gguf-chatglm": lambda: gguf("chatglm"),
    "hf-llama": lambda: hf("llama"),
    "hf-chatglm": lambda: hf("chatglm"),
    "hf-llama-8bit": lambda: hf("llama", "?quantize=8bit"),
    "openai": openai,
    "langchain": langchain,
}


@pytest.fixture(scope="module", params=BACKENDS)
def generator(request: pytest.FixtureRequest) -> Iterator[Generator]:
    made = BACKENDS[request.param]()
    yield made
    made.close()
    made.close()
    SERVERS.clear()


def test_says_who_it_is_and_how_much_it_reads(generator: Generator):
    """The name starts with the spec's first word and shows no folder; the context is a positive number of tokens."""
    assert generator.name.partition(":")[0] in {form.partition(":")[0] for form in FORMS}
    assert "/" not in generator.name
    assert generator.context_tokens > 0


def test_counts_tokens(generator: Generator):
    """Text takes tokens, more text takes more, no text takes none."""
    assert generator.count_tokens("") == 0
    assert 0 < generator.count_tokens("检索") < generator.count_tokens("检索 and the generation of an answer")


def test_yields_pieces_of_text(generator: Generator):
    """The answer comes in non-empty pieces that make a text."""
    pieces = list(generator.generate(prompt(), Sampling(max_tokens=24)))
    assert pieces
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert "".join(pieces).strip()


def test_respects_max_tokens(generator: Generator):
    """No more tokens than asked: one is at most one piece, and more give a longer text that starts the same."""
    texts = ["".join(generator.generate(prompt(), Sampling(max_tokens=n))) for n in (1, 8, 24)]
    assert len(texts[0]) < len(texts[1]) < len(texts[2])
    assert texts[2].startswith(texts[1].rstrip("\N{REPLACEMENT CHARACTER}"))
    assert len(list(generator.generate(prompt(), Sampling(max_tokens=8)))) <= 8


def test_says_why_it_ended(generator: Generator):
    """A text that was cut at max_tokens says so; one that met a stop word was not cut."""
    full = "".join(generator.generate(prompt(), Sampling(max_tokens=24)))
    stop = next(full[at : at + 2] for at in range(3, len(full)) if full[at : at + 2].isascii())
    for sampling, reason in ((Sampling(max_tokens=8), "length"), (Sampling(max_tokens=24, stop=(stop,)), "stop")):
        ending = Ending()
        assert list(ending.of(generator.generate(prompt(), sampling)))
        assert ending.reason == reason


def test_respects_stop_strings(generator: Generator):
    """The text ends before the first stop string."""
    full = "".join(generator.generate(prompt(), Sampling(max_tokens=24)))
    stop = next(full[at : at + 2] for at in range(3, len(full)) if full[at : at + 2].isascii())
    text = "".join(generator.generate(prompt(), Sampling(max_tokens=24, stop=("never there", stop))))
    assert text == full[: full.index(stop)]


def test_can_be_left_and_asked_again(generator: Generator):
    """Closing an answer in the middle leaves the generator as it was."""
    wanted = "".join(generator.generate(prompt(), Sampling(max_tokens=12)))
    pieces = generator.generate(prompt(), Sampling(max_tokens=1000))
    next(pieces)
    pieces.close()
    with pytest.raises(StopIteration):
        next(pieces)
    assert "".join(generator.generate(prompt(), Sampling(max_tokens=12))) == wanted


def test_half_a_surrogate_pair_does_no_harm(generator: Generator):
    """Text that a damaged file left unencodable is counted and answered as any other."""
    assert generator.count_tokens("a\ud800b") > 0
    assert list(generator.generate(prompt("a\ud800b"), Sampling(max_tokens=3)))


def test_contradictory_settings_raise(generator: Generator):
    """Settings that contradict each other are refused when asked, not while the answer is read."""
    for contradiction in (Sampling(n_beams=3), Sampling(strategy="sample", temperature=0)):
        with pytest.raises(CannotDoError):
            generator.generate(prompt(), contradiction)


def test_beams_work_or_are_refused(generator: Generator):
    """A beam search gives a text where the backend has it, and a sentence that says so where it has not."""
    try:
        text = "".join(generator.generate(prompt(), Sampling(strategy="beam", n_beams=2, max_tokens=8)))
    except CannotDoError as exc:
        assert "cannot search with beams" in str(exc)  # noqa: PT017
        assert not generator.name.startswith("hf:")
    else:
        assert text


def test_banned_strings_are_kept_out_or_refused(generator: Generator):
    """Banned strings do not occur where the backend can see to it, and are refused where it cannot."""
    try:
        text = "".join(generator.generate(prompt(), Sampling(banned=("e", "t"), max_tokens=24)))
    except CannotDoError as exc:
        assert "cannot ban strings" in str(exc)  # noqa: PT017
        assert generator.name.startswith("langchain:")
    else:
        assert text
        assert not {"e", "t"} & set(text)


def test_two_threads_at_once(generator: Generator):
    """Two threads at once each get what one alone gets."""
    wanted = "".join(generator.generate(prompt(), Sampling(max_tokens=16)))
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.append("".join(generator.generate(prompt(), Sampling(max_tokens=16)))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert got == [wanted, wanted]


HOSTILE = (
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|user|>",
    "<|im_end|>",
    "<sop>",
    "[gMASK]",
    "[/INST]",
    "</s>",
    "<<SYS>>",
    "<｜User｜>",
)


@pytest.mark.parametrize("architecture", ["llama", "chatglm"])
@pytest.mark.parametrize("control", HOSTILE)
def test_no_text_poses_as_a_turn(architecture: Architecture, control: str):
    """A document's control tokens reach the model as plain text: it sees no more turns than there are messages."""
    made, family = tokenizer(architecture), FAMILIES[architecture]
    special = {made.token_to_id(token) for token in family.special}
    (turn,) = turns(Prompt("q", (Message("user", f"text {control}{control} more"),), ()))
    assert not special & set(made.encode(turn["content"]).ids)
    assert turn["content"].replace(" ", "") == f"text{control}{control}more"


def test_ordinary_text_is_sent_as_it_is():
    """Markdown, HTML, code and comparisons go to the model unchanged."""
    text = "a < b | c > d, [1] [link](x), <b>bold</b>, list[int], x <| y, 《书》【注】, `a[i]`"
    assert turns(Prompt("q", (Message("user", text),), ())) == [{"role": "user", "content": text}]


@pytest.mark.parametrize("spec", ["auto", "extractive", " extractive "])
def test_auto_is_extractive(spec: str):
    """``auto`` and ``extractive`` open the backend that needs no model."""
    assert open_generator(spec).name == "extractive"


@pytest.mark.parametrize("spec", ["", "llama", "ollama:qwen", "GGUF:x", "/models/a.gguf", "C:\\a.gguf"])
def test_other_words_list_the_forms(spec: str):
    """A spec of no known kind is an input error that lists every form."""
    with pytest.raises(InputError) as caught:
        open_generator(spec)
    assert all(form in str(caught.value) for form in FORMS)


@pytest.mark.parametrize(
    "spec",
    [
        "extractive:x",
        "gguf:",
        "hf:",
        "hf:m?quantize=3bit",
        "hf:m?bits=4",
        "openai:http://localhost",
        "openai:#m",
        "langchain:ollama",
    ],
)
def test_half_a_spec_shows_its_form(spec: str):
    """A spec of a known kind that lacks a part, or has one too many, shows how it is written."""
    with pytest.raises(InputError, match=r"write|form"):
        open_generator(spec)


def test_what_only_looks_at_a_spec_loads_nothing(tmp_path: Path):
    """A model that can be meant is known without the library that runs it; what cannot be is refused as when it is opened."""
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    specs = (
        f"gguf:{tmp_path / 'a.gguf'}",
        f"hf:{tmp_path}?quantize=8bit",
        "openai:http://127.0.0.1:9#m",
        "langchain:a:b",
    )
    code = f"from kb.llm.open import check_spec; [check_spec(spec) for spec in {specs}]; {LOADED}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"
    for spec in ("nope", f"gguf:{tmp_path / 'b.gguf'}", f"hf:{tmp_path / 'b'}", "openai:nonsense#m", "langchain:a"):
        with pytest.raises(InputError):
            check_spec(spec)


def test_opening_one_backend_loads_no_other():
    """The seam and its specs import none of the heavy libraries."""
    code = f"import kb.llm.open; kb.llm.open.open_generator('extractive'); {LOADED}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_stop_strings_are_found_across_pieces(size: int):
    """However a text is cut into pieces, it ends before the stop string, and what only looked like one is written."""
    text = "a stone, a stop sign, and the rest"

    def pieces() -> Iterator[str]:
        yield from (text[at : at + size] for at in range(0, len(text), size))

    assert "".join(until(pieces(), ("stop s", "rest"))) == "a stone, a "
    assert "".join(until(pieces(), ("nowhere", "restless"))) == text


def test_a_failure_in_the_models_thread_reaches_the_reader():
    """What a model raises in its own thread is raised where the text is read, after the pieces before it."""

    def produce(emit: Callable[[str], bool]) -> None:
        emit("one")
        raise ZeroDivisionError("on purpose")

    pieces = Streams("test").run(produce)
    assert next(pieces) == "one"
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        next(pieces)
