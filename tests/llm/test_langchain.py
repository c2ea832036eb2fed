"""The LangChain backend on LangChain's own stand-in model, and on a chat model that runs a real GGUF file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

import pytest

pytest.importorskip("langchain", reason="the langchain extra is not installed")

from kb.ingest.errors import CannotDoError, GeneratorError, InputError
from kb.llm.generator import Sampling
from kb.llm.gguf import GGUFGenerator
from kb.llm.langchain import LangChainGenerator, open_langchain
from kb.prompts.prompt import Message, Prompt
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from models import gguf_file, prompt

ROLES = {"system": "system", "human": "user", "ai": "assistant"}


class LlamaChat(BaseChatModel):
    """A LangChain chat model over a GGUF file, with the fields that real integrations have."""

    engine: GGUFGenerator
    temperature: float = 0.7
    seed: int = 0
    num_predict: int = 128
    top_k: int | None = None

    @property
    def _llm_type(self) -> str:
        return "llama"

    def _generate(self, *_: object, **__: object) -> ChatResult:
        raise NotImplementedError

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_: object,
    ) -> Iterator[ChatGenerationChunk]:
        turns = tuple(Message(ROLES[message.type], message.text) for message in messages)
        sampling = Sampling(
            seed=self.seed,
            temperature=self.temperature,
            max_tokens=self.num_predict,
            top_k=self.top_k,
            stop=tuple(stop or ()),
        )
        for piece in self.engine.generate(Prompt("", turns, ()), sampling):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


@pytest.fixture(scope="module")
def engine() -> Iterator[GGUFGenerator]:
    pytest.importorskip("xllamacpp", reason="the llama extra is not installed")
    made = GGUFGenerator(gguf_file("llama"), n_threads=1)
    yield made
    made.close()


def text_of(generator: LangChainGenerator | GGUFGenerator, sampling: Sampling) -> str:
    return "".join(generator.generate(prompt(), sampling))


def test_settings_reach_the_models_fields(engine: GGUFGenerator):
    """What is asked goes into the model's fields of that meaning, whatever they are called, and the roles are kept."""
    generator = LangChainGenerator(LlamaChat(engine=engine))
    for sampling in (
        Sampling(max_tokens=20),
        Sampling(max_tokens=20, temperature=1.0, seed=9),
        Sampling(max_tokens=20, temperature=1.0, seed=9, top_k=3),
        Sampling(max_tokens=20, stop=("e",)),
    ):
        assert text_of(generator, sampling) == text_of(engine, sampling)


def test_the_callers_model_is_left_as_it_was(engine: GGUFGenerator):
    """Settings go into a copy: the model that was handed in keeps its own."""
    model = LlamaChat(engine=engine)
    text_of(LangChainGenerator(model), Sampling(max_tokens=3, seed=4, temperature=0.2))
    assert (model.temperature, model.seed, model.num_predict) == (0.7, 0, 128)


@pytest.mark.parametrize("asked", [{"min_p": 0.1}, {"top_p": 0.5}, {"banned": ("a",)}, {"strategy": "beam"}])
def test_what_the_model_has_no_field_for_is_refused(engine: GGUFGenerator, asked: dict):
    """A setting that the model has no field for is an error before anything is generated."""
    with pytest.raises(CannotDoError, match="langchain:LlamaChat cannot"):
        LangChainGenerator(LlamaChat(engine=engine)).generate(prompt(), Sampling(**asked))


def test_a_model_without_fields_is_still_kept_short():
    """A model that takes no settings is cut at max_tokens and at stop strings, and refuses a seed and a temperature."""
    generator = LangChainGenerator(GenericFakeChatModel(messages=repeat("one two three four five six")))
    assert text_of(generator, Sampling()) == "one two three four five six"
    assert text_of(generator, Sampling(stop=("e f",))) == "one two thre"
    assert 0 < len(text_of(generator, Sampling(max_tokens=4))) < len("one two three four")
    for asked in ({"seed": 1}, {"temperature": 0.5}):
        with pytest.raises(CannotDoError, match="has no"):
            generator.generate(prompt(), Sampling(**asked))


def test_closing_the_iterator_closes_the_models_stream(engine: GGUFGenerator):
    """Closing the iterator reaches the model through LangChain and stops it."""
    pieces = LangChainGenerator(LlamaChat(engine=engine)).generate(prompt(), Sampling(max_tokens=1900))
    next(pieces)
    (stream,) = engine._streams._open
    pieces.close()
    stream.join(10)
    assert not stream._thread.is_alive()
    assert stream._arrived.qsize() < 1000


def test_the_models_errors_become_ours(engine: GGUFGenerator):
    """What a provider raises comes out as a GeneratorError with the provider's words."""
    generator = LangChainGenerator(LlamaChat(engine=engine))
    with pytest.raises(GeneratorError, match=r"langchain:LlamaChat failed .*the prompt takes \d+ tokens"):
        list(generator.generate(prompt("hello " * 5000), Sampling()))


def test_closed_is_closed(engine: GGUFGenerator):
    """After ``close``, twice, a generation says that it is closed; the wrapped model lives on."""
    generator = LangChainGenerator(LlamaChat(engine=engine))
    generator.close()
    generator.close()
    with pytest.raises(GeneratorError, match="was closed"):
        generator.generate(prompt(), Sampling())
    assert text_of(engine, Sampling(max_tokens=2))


def test_unknown_providers_and_missing_packages_say_so():
    """A provider that LangChain does not know is an input error; a missing package names what to install."""
    with pytest.raises(InputError, match="no provider 'nobody'"):
        open_langchain("nobody", "m")
    with pytest.raises(GeneratorError, match=r"pip install langchain-ollama|requires|cannot open"):
        open_langchain("ollama", "m")
