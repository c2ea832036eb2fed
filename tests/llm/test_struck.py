"""What is struck out or hidden answers nothing: it is neither what a quote is chosen for nor what is told apart by."""

from __future__ import annotations

from dataclasses import replace

from kb.ingest.document import Chunk
from kb.llm.candidates import candidates_of, distinct
from kb.llm.central import central
from kb.llm.composed import comparison
from kb.llm.selection import nearest, select
from kb.llm.span import answer_span
from kb.prompts.evidence import evidence
from kb.prompts.fill import fill
from kb.prompts.prompt import Prompt, Sentence, Topic
from kb.prompts.read import quoted
from kb.retrieval.hit import Hit


def prompt_of(question: str, *texts: str) -> Prompt:
    """Return a prompt with a document for each text."""
    hits = [
        Hit(Chunk(str(n), f"d{n}", f"/{n}.md", text, 0, len(text), (), (), 9), 9 - n, "fused")
        for n, text in enumerate(texts)
    ]
    return fill(question, hits, count_tokens=len, room_tokens=100_000)


def texts_of(prompt: Prompt) -> list[str]:
    """Return what is selected."""
    return [one.text for one in select(prompt)]


def test_what_the_best_sentence_lacks_may_be_struck_out_in_it() -> None:
    """A struck year is none: the year is quoted from the sentence beside it."""
    prompt = prompt_of(
        "When was the Aldgate mill founded?",
        "The Aldgate mill was founded ~~in 1802~~ by two sisters. They had come there in 1811. It burnt down.",
    )
    assert any("1811" in text for text in texts_of(prompt))
    assert any("1811" in one.text for one in nearest(prompt))


def test_a_struck_figure_makes_no_other_statement() -> None:
    """Two sentences that differ in a struck figure only say the same."""
    prompt = prompt_of(
        "x",
        "The fee for late returns of books is 5 euros.",
        "The fee for late returns of books is ~~9~~ 5 euros.",
    )
    assert len(distinct(list(candidates_of(prompt)), 5)) == 1


def test_documents_do_not_differ_in_what_is_struck_out() -> None:
    """Compared as a whole, a figure that no longer holds is no difference, also in the midst of much that is struck out."""
    texts = (
        "The annual membership fee is 40 euros.\n\nThe opening hours on Sunday are 9 to 12.",
        "~~It was cheap. The annual membership fee is 30 euros. It rose.~~\n\nThe opening hours on Sunday are 10 to 12.",
    )
    sides = (Topic("one", sources=("/0.md",)), Topic("two", sources=("/1.md",)))
    prompt = replace(prompt_of("Compare one and two", *texts), task="compare", sides=sides)
    said = [one.text for _, one in comparison(prompt, lambda *_: [])]
    assert said == ["The opening hours on Sunday are 9 to 12.", "The opening hours on Sunday are 10 to 12."]


def test_a_summary_goes_by_what_is_not_struck_out() -> None:
    """A struck greeting makes no greeting of the rest; and where there is too little else, nothing struck is taken for it."""
    text = "~~Dear all,~~ the shops of the old town close at nine on Monday.\n\nThe market in the new town opens on Sunday."
    prompt = prompt_of("Summarise", text)
    assert [one.text for one in central(list(candidates_of(prompt)), 5, prompt.hits)] == text.split("\n\n")
    prompt = prompt_of("Summarise", "~~All of the shops in town are closed.~~")
    assert central(list(candidates_of(prompt)), 5, prompt.hits) == []


def test_the_exact_answer_is_not_in_what_is_struck_out() -> None:
    """The date that holds is marked, although the struck one is closer to the words of the question."""
    sentence = "The contract ends on ~~1 May 2024~~ 3 June 2025."
    start, stop = answer_span("When does the contract end?", sentence) or (0, 0)
    assert sentence[start:stop] == "3 June 2025"
    assert answer_span("When does the contract end?", "The contract ends ~~on 1 May 2024~~.") is None


def test_a_small_model_is_not_shown_what_is_struck_out() -> None:
    """The evidence it writes from is what holds."""
    text = "The limit is ~~30~~ 14 days. ~~It was 60 once.~~ Ask the clerk."
    prompt = prompt_of("What is the limit?", text)
    cited = quoted(1, prompt.hits[0], 0, "The limit is ~~30~~ 14 days.", lambda *_: None)
    shown = evidence(prompt, [Sentence("The limit is ~~30~~ 14 days.", (cited,), "supported")])
    assert "14 days" in shown
    assert "30" not in shown
    assert "60" not in shown
