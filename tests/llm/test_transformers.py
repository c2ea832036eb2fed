"""The transformers backend on LLaMA and GLM folders that the tests build, cross-checked against llama.cpp."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.errors import CannotDoError, GeneratorError, InputError, UnknownModelError
from kb.llm.generator import Sampling
from kb.llm.gguf import GGUFGenerator
from kb.llm.open import open_generator
from kb.llm.rails.banned import BannedStrings, token_bytes
from kb.llm.transformers import TransformersGenerator
from kb.llm.transformers_model import without_kernels
from kb.prompts.prompt import Message, Prompt
from models import Architecture, gguf_file, prompt, tokenizer, transformers_folder
from needs import needs

torch = pytest.importorskip("torch", reason="the transformers extra is not installed")
needs("transformers", "accelerate", extra="transformers")

ARCHITECTURES = get_args(Architecture)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    return request.param


@pytest.fixture(scope="module")
def generator(architecture: Architecture) -> Iterator[TransformersGenerator]:
    made = TransformersGenerator(str(transformers_folder(architecture)))
    yield made
    made.close()


def text_of(generator: TransformersGenerator | GGUFGenerator, sampling: Sampling) -> str:
    return "".join(generator.generate(prompt("检索 what?"), sampling))


def test_writes_what_llama_cpp_writes(generator: TransformersGenerator, architecture: Architecture):
    """With the same weights in 32 bits, transformers and llama.cpp write the same greedy text from the same prompt."""
    needs("xllamacpp", extra="llama")
    other = GGUFGenerator(gguf_file(architecture, "F32"), n_threads=1)
    assert text_of(generator, Sampling(max_tokens=40)) == text_of(other, Sampling(max_tokens=40))
    assert generator.context_tokens == other.context_tokens
    assert generator.count_tokens("检索 what?") == other.count_tokens("检索 what?")
    other.close()


def test_same_seed_same_text_and_torch_left_alone(generator: TransformersGenerator):
    """The seed decides what is sampled; torch's global random state neither matters nor changes."""
    before = torch.random.get_rng_state()
    texts = []
    for seed in (1, 1, 2):
        torch.rand(1)
        texts.append(text_of(generator, Sampling(seed=seed, temperature=1.0, max_tokens=30)))
    assert texts[0] == texts[1] != texts[2]
    torch.random.set_rng_state(before)
    text_of(generator, Sampling(seed=1, temperature=1.0, max_tokens=5))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_sampling_follows_the_models_probabilities(generator: TransformersGenerator):
    """First tokens sampled under many seeds come in the shares that the softmax of the scores gives them."""
    loaded = generator._ready()
    text = loaded.tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.content} for message in prompt().messages],
        add_generation_prompt=True,
        tokenize=False,
        enable_thinking=False,
    )
    ids = loaded.tokenizer.encode(text, add_special_tokens=False)
    with torch.inference_mode():
        chances = torch.softmax(loaded.model(torch.tensor([ids])).logits[0, -1], dim=-1)
    spelled = [loaded.tokenizer.decode([i], skip_special_tokens=True) for i in range(len(chances))]
    best = max((i for i, word in enumerate(spelled) if word.isascii() and word), key=lambda i: chances[i])
    wanted, first, n = float(chances[best]), spelled[best], 300
    assert spelled.count(first) == 1
    assert wanted > 0.01
    drawn = [
        "".join(generator.generate(prompt(), Sampling(seed=seed, temperature=1.0, max_tokens=1))) for seed in range(n)
    ]
    share = drawn.count(first) / n
    assert abs(share - wanted) < 4 * (wanted * (1 - wanted) / n) ** 0.5 + 0.01


def test_top_k_1_is_greedy(generator: TransformersGenerator):
    """Sampling among the one best token is greedy."""
    narrow = Sampling(temperature=2.0, top_k=1, max_tokens=30)
    assert text_of(generator, narrow) == text_of(generator, Sampling(max_tokens=30))


def test_every_setting_reaches_the_sampler(generator: TransformersGenerator):
    """repeat_penalty, top_p and min_p each change what the same seed writes."""
    plain = text_of(generator, Sampling(seed=4, temperature=1.5, max_tokens=80))
    for changed in ({"repeat_penalty": 3.0}, {"top_p": 0.2}, {"min_p": 0.5}):
        assert text_of(generator, Sampling(seed=4, temperature=1.5, max_tokens=80, **changed)) != plain, changed


def test_beams_write_in_one_piece(generator: TransformersGenerator):
    """A beam search writes its text when it is done, the same every time, and obeys bans."""
    beam = list(generator.generate(prompt(), Sampling(strategy="beam", n_beams=4, max_tokens=20)))
    assert len(beam) == 1
    assert beam == list(generator.generate(prompt(), Sampling(strategy="beam", n_beams=4, max_tokens=20)))
    banned = "".join(generator.generate(prompt(), Sampling(strategy="beam", n_beams=4, max_tokens=20, banned=("e",))))
    assert banned
    assert "e" not in banned


def test_no_compiled_kernels_are_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """While a model loads, the package through which bitsandbytes and transformers download code cannot be imported."""
    (tmp_path / "kernels.py").write_text("def get_kernel(*_, **__): raise AssertionError('downloads')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with without_kernels(), pytest.raises(ImportError):
        importlib.import_module("kernels")
    assert importlib.import_module("kernels").get_kernel
    with without_kernels():
        assert sys.modules["kernels"] is None
    assert sys.modules.pop("kernels").get_kernel
    assert os.environ["USE_HUB_KERNELS"]


def test_contradictions_are_refused(generator: TransformersGenerator):
    """Beams without the beam strategy, and sampling at temperature 0, are errors and not guesses."""
    with pytest.raises(CannotDoError, match="use strategy 'beam'"):
        generator.generate(prompt(), Sampling(n_beams=4))
    with pytest.raises(CannotDoError, match="temperature above 0"):
        generator.generate(prompt(), Sampling(strategy="sample"))


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_banned_strings_are_never_written(generator: TransformersGenerator, temperature: float):
    """Banned strings do not occur, also when they would span tokens."""
    full = text_of(generator, Sampling(temperature=temperature, max_tokens=60))
    banned = ("e", "an", " s", "的")
    text = text_of(generator, Sampling(temperature=temperature, max_tokens=60, banned=banned))
    assert [word for word in banned if word in full]
    assert len(text) > 20
    assert [word for word in banned if word in text] == []


def test_stops_when_the_reader_leaves(generator: TransformersGenerator):
    """Closing the iterator stops the model far from its limit."""
    pieces = generator.generate(prompt(), Sampling(max_tokens=1900))
    next(pieces)
    (stream,) = generator._streams._open
    pieces.close()
    stream.join(10)
    assert not stream._thread.is_alive()
    assert stream._arrived.qsize() < 1000


def test_two_threads_get_what_one_gets(generator: TransformersGenerator):
    """Two threads at once each get the text that they would get alone, for seeds of their own."""
    wanted = [text_of(generator, Sampling(seed=seed, temperature=1.0, max_tokens=40)) for seed in (1, 2)]
    got = ["", ""]

    def run(at: int) -> None:
        got[at] = text_of(generator, Sampling(seed=at + 1, temperature=1.0, max_tokens=40))

    threads = [threading.Thread(target=run, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert got == wanted


def test_a_prompt_too_long_is_an_error(generator: TransformersGenerator):
    """A prompt over the context raises a sentence with both numbers."""
    with pytest.raises(GeneratorError, match=r"the prompt takes \d{4,} tokens and hf:.* reads 2048"):
        generator.generate(prompt("hello " * 5000), Sampling())


@pytest.mark.parametrize("quantize", ["8bit", "4bit"])
def test_quantized_models_are_smaller_and_write(architecture: Architecture, quantize: str):
    """8 and 4 bits write text on this machine's processor and take less memory than it would whole."""
    pytest.importorskip("bitsandbytes", reason="the transformers extra is not installed")
    generator = TransformersGenerator(str(transformers_folder(architecture)), quantize=quantize)
    sizes = {
        module.weight.element_size()
        for module in generator._ready().model.model.layers.modules()
        if hasattr(module, "weight") and module.weight.ndim == 2
    }
    assert sizes == {1}
    assert text_of(generator, Sampling(max_tokens=10)).strip()
    generator.close()


def test_missing_and_unusable_models_say_what_to_do(tmp_path: Path):
    """A folder that is not there, a name that is not cached, and a model without a chat template each say what to do."""
    with pytest.raises(InputError, match="there is no model folder"):
        TransformersGenerator(str(tmp_path / "nothing"))
    with pytest.raises(UnknownModelError, match="hf download nobody/nothing"):
        TransformersGenerator("nobody/nothing")
    folder = shutil.copytree(transformers_folder("llama"), tmp_path / "base")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(UnknownModelError, match="no chat template"):
        TransformersGenerator(str(folder))


def test_a_model_without_a_system_role_is_told_in_the_question(tmp_path: Path):
    """Where the chat template refuses a system message, its text goes before the question."""
    folder = shutil.copytree(transformers_folder("llama"), tmp_path / "gemma")
    template = folder / "chat_template.jinja"
    refusal = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    template.write_text(refusal + template.read_text(encoding="utf-8"), encoding="utf-8")
    generator = TransformersGenerator(str(folder))
    merged = Prompt("q", (Message("user", "You answer.\nWhat is retrieval?"),), ())
    assert list(generator.generate(prompt(), Sampling(max_tokens=9))) == list(
        generator.generate(merged, Sampling(max_tokens=9))
    )


def test_code_that_comes_with_a_model_is_never_run(tmp_path: Path):
    """A model folder that brings its own Python is refused, and its code does not run."""
    folder = shutil.copytree(transformers_folder("llama"), tmp_path / "own")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["model_type"] = "someones_own"
    config["auto_map"] = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    with pytest.raises(GeneratorError, match="needs no code of its own"):
        TransformersGenerator(str(folder))
    assert not (tmp_path / "ran").exists()


def test_closed_is_closed(architecture: Architecture):
    """After ``close``, twice, every question says that it is closed."""
    generator = TransformersGenerator(str(transformers_folder(architecture)))
    generator.close()
    generator.close()
    with pytest.raises(GeneratorError, match="was closed"):
        generator.generate(prompt(), Sampling())
    with pytest.raises(GeneratorError, match="was closed"):
        generator.count_tokens("a")


@settings(max_examples=300, deadline=None)
@given(
    banned=st.lists(st.text("ab世", min_size=1, max_size=3), min_size=1, max_size=3),
    vocabulary=st.lists(
        st.binary(min_size=1, max_size=3) | st.sampled_from([b"a", b"b", b"ab", b"\xe4", b"\xb8\x96"]),
        min_size=1,
        max_size=8,
    ),
    data=st.data(),
)
def test_exactly_the_completing_tokens_are_banned(banned, vocabulary, data):
    """After any harmless text, a token is banned if and only if a banned string would then be there."""
    words = [word.encode() for word in banned]
    rules = BannedStrings(banned, vocabulary)
    text = b""
    for _ in range(6):
        forbidden = rules.after(text[-rules.longest :])
        completing = {i for i, token in enumerate(vocabulary) if any(word in text + token for word in words)}
        assert forbidden == completing
        allowed = sorted(set(range(len(vocabulary))) - forbidden)
        if not allowed:
            return
        text += vocabulary[data.draw(st.sampled_from(allowed))]


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_token_bytes_spell_the_text(text):
    """The bytes of the tokens of a text are the bytes of the text; special tokens have none."""
    made = tokenizer("llama")
    tokens = [made.id_to_token(i) for i in range(made.get_vocab_size())]
    special = frozenset(i for i, token in enumerate(tokens) if token.startswith("<|"))
    spelled = token_bytes(tokens, special)
    assert b"".join(spelled[i] for i in made.encode(text).ids) == text.encode()
    assert token_bytes(["▁the", "<0xE4>", "a", "</s>"], frozenset({3})) == [b" the", b"\xe4", b"a", b""]


def test_an_adapter_changes_what_is_written(tmp_path: Path):
    """A LoRA folder, as peft and LLaMA-Factory write it, is put on the model; one that is none is refused at once."""
    peft = pytest.importorskip("peft", reason="peft is not installed")
    from transformers import AutoModelForCausalLM

    base = str(transformers_folder("llama"))
    config = peft.LoraConfig(r=4, target_modules=["o_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    peft.get_peft_model(AutoModelForCausalLM.from_pretrained(base), config).save_pretrained(tmp_path / "adapter")
    texts = []
    for query in ("", f"?lora={tmp_path / 'adapter'}"):
        generator = open_generator(f"hf:{base}{query}")
        texts.append(text_of(generator, Sampling(max_tokens=20)))
        generator.close()
    assert texts[0] != texts[1]
    with pytest.raises(InputError, match="not an adapter"):
        open_generator(f"hf:{base}?lora={tmp_path}")
