"""An answer that a model writes says what the quotes say, or the quotes are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from kb import Answer, KnowledgeBase, Sampling
from kb.app.answers.training import rows
from kb.llm.generator import Pieces
from kb.llm.gguf import GGUFGenerator
from kb.prompts.prompt import Prompt

HOTEL = "# Travel\n\nThe hotel allowance is 120 euros a night. Breakfast is paid by the guest. Tickets are booked by Ms Ward.\n"
ASKED = "How much is the hotel allowance?"
COLONY = "The colony that settlers founded on the coast of Florida was called Fort Caroline."


class Scripted:
    """A small model that writes what it is told to, one text an attempt, and remembers what it was asked."""

    context_tokens = 4096

    def __init__(self, *texts: str, n_parameters: int = 1_000) -> None:
        self.name = "scripted"
        self.n_parameters = n_parameters
        self.asked: list[Prompt] = []
        self.languages: tuple[str, ...] = ()
        self._texts = list(texts)

    def count_tokens(self, text: str) -> int:
        """See ``Generator``."""
        return len(text) // 4

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """See ``Generator``; a text is written five characters at a time."""
        assert sampling.max_tokens
        self.asked.append(prompt)
        text = self._texts.pop(0)
        for at in range(0, len(text), 5):
            yield text[at : at + 5]
        return "stop"

    def close(self) -> None:
        """See ``Generator``."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    (place / "travel.md").write_text(HOTEL)
    (place / "colony.md").write_text(f"# Florida\n\n{COLONY}\n")
    return place


def ask(
    folder: Path, model: Scripted, question: str = ASKED, *, strict: bool = False, sampling: Sampling | None = None
) -> Answer:
    with KnowledgeBase.open(embedder="tfidf", llm=model) as kb:
        kb.ingest([folder])
        *_, answer = kb.stream(question, sampling=sampling, strict=strict)
        return answer


def test_what_is_borne_out_and_says_as_much_is_the_answer(folder: Path) -> None:
    """A sentence with the figure that was asked for is shown alone, cited, and without a note."""
    answer = ask(folder, Scripted("The hotel allowance is 120 euros."))
    assert answer.text == "The hotel allowance is 120 euros. [1]"
    assert [citation.quote for citation in answer.citations] == ["The hotel allowance is 120 euros a night."]
    assert not any("quoted" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (("The hotel allowance is 130 euros.",), "did not say what the passages say"),
        (("Breakfast is paid by the guest.",), "did not say what the passages say"),
        (("It depends on the country and on the city that you travel to.",), "did not say"),
        (("[1] [2] [3] [4] [5] [6] [7] [8]", "[2] [3]"), "was marks only"),
        (("", ""), "was empty"),
        (('<passage id="9" from="x">\n<passage', '<passage id="9"'), "recited the request"),
        (
            ("You see it is. You see it is. You see it is.", "so it is " * 9),
            "circles",
        ),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_the_quotes_are_shown_instead_of_less(folder: Path, texts: Sequence[str], why: str, strict: bool) -> None:  # noqa: FBT001
    """Wrong figures, other sentences, loops, echoes, marks and nothing: the quotes, one note, and never an empty answer."""
    answer = ask(folder, Scripted(*texts), strict=strict)
    assert "120 euros a night" in answer.text
    assert not any(text and text in answer.text for text in texts if "Breakfast" not in text)
    assert sum(why in note for note in answer.notes) == 1
    assert answer.sure


def test_what_was_not_shown_is_no_training_data(folder: Path) -> None:
    """A good rating of the quotes says nothing for the text that they stand in for."""
    with KnowledgeBase.open(embedder="tfidf", llm=Scripted("The hotel allowance is 130 euros.")) as kb:
        kb.ingest([folder])
        quoted = kb.ask(ASKED).id
        kb.use_model("scripted", Scripted("The hotel allowance is 120 euros."))
        written = kb.ask(ASKED).id
        assert quoted
        assert written
        kb.log.rate(quoted, "up")
        kb.log.rate(written, "up")
        assert [row["output"] for row in rows(kb.log.records(), "alpaca")] == ["The hotel allowance is 120 euros."]


def test_the_words_of_a_name_are_its_own(folder: Path) -> None:
    """*Ninth* is no figure that stands for the Ninth Doctor, the Time Lord and what he thought."""
    (folder / "who.md").write_text(
        "# Series\n\nThe 2005 series reveals that the Ninth Doctor thought his home planet was gone.\n"
    )
    model = Scripted("The 2005 series reveals that the Ninth Doctor thought the condition of his home planet was.")
    answer = ask(folder, model, "In 2005, what did Doctor Who think the condition of his home planet was?")
    assert "gone" in answer.text


def test_tried_once_more_with_less(folder: Path) -> None:
    """After a fault the model is given the best quote alone; what it then writes counts."""
    model = Scripted("[1] [2] [3] [4] [5] [6]", "The hotel allowance is 120 euros.")
    assert ask(folder, model).text == "The hotel allowance is 120 euros. [1]"
    first, second = (prompt.messages[-1].content for prompt in model.asked)
    assert len(second) <= len(first)


def test_a_part_of_a_quote_stands_before_it(folder: Path) -> None:
    """The question's words with one phrase of the quote are the answer; the quote, which says more, stands below."""
    answer = ask(folder, Scripted("The colony was called Fort Caroline."), "What was the colony in Florida called?")
    assert answer.text == f"The colony was called Fort Caroline. [1]\n\n{COLONY} [1]"


def test_every_quote_stands_below_a_part(folder: Path) -> None:
    """What the further quotes say is not lost when a part of the best one is said first."""
    (folder / "more.md").write_text("# Colonies\n\nThe colony in Florida had settlers.\n")
    question = "What was the colony in Florida called?"
    quoted = ask(folder, Scripted("", ""), question)
    answer = ask(folder, Scripted("The colony was called Fort Caroline."), question)
    assert answer.text.startswith("The colony was called Fort Caroline. [1]")
    assert all(sentence.text in answer.text for sentence in quoted.sentences)


def test_a_small_model_does_not_choose_between_two_quotes(folder: Path) -> None:
    question = "How much is the membership?"
    (folder / "gym.md").write_text(
        "# Gym\n\nYou can freeze the membership for up to three months; while it is frozen it is 5 pounds a month.\n\n"
        "## Prices\n\nThe membership is 34 pounds a month. Students pay less.\n"
    )
    answer = ask(folder, Scripted("The membership is 5 pounds a month.", "The membership is 5 pounds."), question)
    assert "34 pounds" in answer.text
    assert "The membership is 5" not in answer.text


def test_a_tiny_model_that_strings_words_together_is_not_shown(folder: Path) -> None:
    """Words of the question and the quote in an order that neither has, or with many words between them, say nothing."""
    for text in (
        "The allowance of the hotel in the hotel to 120 euros a allowance.",
        "The answer is in the night and it will be found to have been that which is 120 euros for the hotel allowance.",
    ):
        assert not ask(folder, Scripted(text)).text.startswith(text)


def test_a_phrase_from_elsewhere_in_a_quote_is_no_answer(folder: Path) -> None:
    """Where no kind of thing is asked for, a small model's phrase has to stand close to words of the question."""
    (folder / "press.md").write_text(
        "# Press\n\nThe printing press cuts paper with a blade of steel, while in the yard two men load the green lorry.\n"
    )
    question = "How does the printing press cut paper?"
    assert "blade of steel" in ask(folder, Scripted("The printing press cuts paper with a blade."), question).text
    far = ask(folder, Scripted("The printing press is the green lorry."), question)
    assert not far.text.startswith("The printing press is the green")


def test_a_tiny_model_is_held_to_a_phrase_and_a_small_one_to_words(folder: Path) -> None:
    """A backend that can is told so with the prompt; a large model writes freely."""
    tiny, small, large = (Scripted("120 euros.", n_parameters=size) for size in (1_000, 400_000_000, 7_000_000_000))
    for model in (tiny, small, large):
        ask(folder, model)
    (first,), (second,), (third,) = tiny.asked, small.asked, large.asked
    assert "120 euros a night" in first.phrase_of
    assert (second.phrase_of, second.only_words) == ("", True)
    assert (third.phrase_of, third.only_words) == ("", False)


def test_a_small_model_is_given_little_and_a_large_one_the_passages(folder: Path) -> None:
    """The short request has neither fence nor mark nor rule; a large model gets passages, and marks its sentences."""
    small, large = Scripted("120 euros."), Scripted("The allowance is 120 euros [2].", n_parameters=7_000_000_000)
    ask(folder, small)
    ask(folder, large)
    (little,), (much,) = small.asked, large.asked
    assert "<passage" not in little.messages[-1].content
    assert "120 euros" in little.messages[-1].content
    assert "<passage" in much.messages[-1].content
    assert ASKED in little.given
    assert ASKED in much.given


def test_a_small_model_does_not_summarise(folder: Path) -> None:
    """Asked to summarise, kb quotes, and says why."""
    model = Scripted()
    answer = ask(folder, model, "Summarise the hotel allowance")
    assert model.asked == []
    assert any("too small" in note for note in answer.notes)


@pytest.fixture(scope="module")
def real(smollm2: Path) -> Iterator[GGUFGenerator]:
    made = GGUFGenerator(smollm2, context_tokens=1024, n_threads=1)
    yield made
    made.close()


def test_a_real_model_writes_what_the_quotes_say(folder: Path, real: GGUFGenerator) -> None:
    """SmolLM2's answer holds the figure, cites it word for word, and is the same each time."""
    with KnowledgeBase.open(embedder="tfidf", llm=real) as kb:
        kb.ingest([folder])
        answers = [kb.ask(ASKED) for _ in range(2)]
        for answer in answers:
            assert "120" in answer.text
            assert all(kb.document_text(one.source)[one.start : one.stop] == one.quote for one in answer.citations)
            assert answer.citations
    assert answers[0].text == answers[1].text


def test_a_real_model_cannot_write_a_figure_that_it_was_not_given(real: GGUFGenerator) -> None:
    """Asked to count to nine, it writes no digit but those that are given."""
    from kb.prompts.prompt import Message

    request = (Message("user", "Write the numbers from 1 to 9: 1 2 3"),)
    free = "".join(real.generate(Prompt("", request, ()), Sampling(max_tokens=24)))
    bound = "".join(real.generate(Prompt("", request, (), given="12 7"), Sampling(max_tokens=24)))
    assert any(digit in free for digit in "345689")
    assert not any(digit in bound for digit in "345689")


def test_what_most_samples_say_is_taken(folder: Path) -> None:
    """Of several texts the one that the others agree with; one that says less than the quotes has no vote."""
    model = Scripted(
        "It is 130 euros.", "The hotel allowance is 120 euros.", "The allowance is 120 euros a night.", "120 euros."
    )
    answer = ask(folder, model, sampling=Sampling(n_samples=4))
    assert len(model.asked) == 4
    assert "120 euros" in answer.text
    assert "130" not in answer.text


class Reading(Scripted):
    """A large model that reads so many tokens a second."""

    def __init__(self, tokens_per_s: float) -> None:
        super().__init__("The hotel allowance is 120 euros a night [1].", n_parameters=7_000_000_000)
        self.reading_tokens_per_s = tokens_per_s


def test_a_slow_model_is_given_what_it_has_time_for(folder: Path) -> None:
    """Before the first word a large model on a slow processor reads the quotes; with more time all passages, with rules."""
    slow, patient, fast = Reading(5), Reading(5), Reading(500)
    ask(folder, slow)
    ask(folder, patient, sampling=Sampling(first_word_s=300))
    ask(folder, fast)
    little, much, all_there_is = (model.asked[0].messages[-1].content for model in (slow, patient, fast))
    assert "<passage" not in little
    assert "120 euros" in little
    assert "<passage" in much
    assert much == all_there_is


def test_between_the_quotes_and_the_passages(folder: Path) -> None:
    """A model that has time for some sentences around a quote is given those, but no passage that takes longer."""
    (folder / "long.md").write_text("# Minutes\n\n" + "The hotel was discussed at length on that day. " * 40)
    model = Reading(30)
    ask(folder, model)
    text = model.asked[0].messages[-1].content
    assert "Breakfast is paid" in text
    assert "<passage" not in text


def test_a_model_is_not_asked_in_a_language_that_it_does_not_know(folder: Path) -> None:
    """A model that was made for English leaves a Chinese question to the quotes, and a note says so."""
    (folder / "出差.md").write_text("# 出差\n\n出差住宿费每晚最多报销 120 欧元。\n")
    model = Scripted("120 euros.")
    model.languages = ("en",)
    answer = ask(folder, model, "出差住宿费每晚最多报销多少？")
    assert not model.asked
    assert "120 欧元" in answer.text
    assert any("不懂提问的语言" in note for note in answer.notes)
