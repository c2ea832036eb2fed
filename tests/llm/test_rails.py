"""What a small model may write at all, tried on llama.cpp's own reading of the grammars."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from kb import Sampling
from kb.llm.gguf import GGUFGenerator
from kb.llm.rails.words import link_words, one_phrase, only_words
from kb.prompts.prompt import Message, Prompt
from models import gguf_file
from needs import needs

needs("xllamacpp", "gguf", extra="llama,test")

QUOTE = "The company Energiprojekt AB in Sweden has made progress in harnessing the power of steam, 20–18 by 1,500 kW."
QUESTION = "Where is Energiprojekt AB based?"
ZH_QUOTE = "瑞典公司 Energiprojekt AB 在利用蒸汽动力方面取得了进展。"
ZH_QUESTION = "Energiprojekt AB 公司位于哪里？"


@pytest.fixture(scope="module")
def llama() -> Iterator[GGUFGenerator]:
    made = GGUFGenerator(gguf_file("llama"), n_threads=1)
    yield made
    made.close()


def texts(llama: GGUFGenerator, prompt: Prompt) -> Iterator[str]:
    for seed in range(8):
        yield "".join(llama.generate(prompt, Sampling(seed=seed, temperature=1.5, max_tokens=60)))


def prompt(question: str, *, quote: str = "", given: str = "") -> Prompt:
    return Prompt(question, (Message("user", question),), (), given=given, only_words=bool(given), phrase_of=quote)


@pytest.mark.parametrize(("quote", "question"), [(QUOTE, QUESTION), (ZH_QUOTE, ZH_QUESTION)])
def test_only_words_that_were_given(llama: GGUFGenerator, quote: str, question: str) -> None:
    """Random weights write nothing else: figures whole, words with an ending at most, words that join."""
    held = f"{quote} {question} {link_words('en')} {link_words('zh')}".lower().replace("–", "-")
    for text in texts(llama, prompt(question, given=f"{quote}\n{question}")):
        assert text
        for word in re.findall(r"\d[\d,.–-]*\d|[^\W\d_\u3400-\u9fff]+|[\u3400-\u9fff]", text.lower()):
            assert word.replace("–", "-") in held or re.sub("(?:s|es|d|ed)$", "", word) in held, (word, text)


@pytest.mark.parametrize(("quote", "question", "end"), [(QUOTE, QUESTION, "."), (ZH_QUOTE, ZH_QUESTION, "。")])
def test_one_phrase_of_the_quote(llama: GGUFGenerator, quote: str, question: str, end: str) -> None:
    """Whatever is written holds something of the quote that the question has not, and ends with the sentence."""
    news = {word.strip(",.。") for word in re.findall(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+", quote)} - set(question)
    news -= set(question.rstrip("?").split()) | set(link_words("en").split()) | set(link_words("zh"))
    for text in texts(llama, prompt(question, quote=quote)):
        if text.endswith(end):  # not cut
            assert any(word in text for word in news), text


def test_every_grammar_is_one_that_llama_cpp_reads(llama: GGUFGenerator) -> None:
    """Tables, code, quotes, emoji and a question without a word do not break one."""
    odd = ['| a | "b" | \\n |', "`x = {1: [2]}` # é 🙂", "—", "a", "A 20–18 (1,500.75) – “so”", "第1条：不得。"]
    for one in odd:
        for other in (QUESTION, "？", "3.5?"):
            for made in (prompt(other, quote=one), prompt(other, given=one)):
                "".join(llama.generate(made, Sampling(max_tokens=3)))


def test_the_grammar_stays_small() -> None:
    """A long quote is some kilobytes: it is sent with every request."""
    long = " ".join(f"word{number} and some more" for number in range(200))
    assert len(one_phrase(QUESTION, long)) < 300_000
    assert len(only_words(long, QUESTION)) < 300_000
