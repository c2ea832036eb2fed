"""Summaries and comparisons: recognised, made from the right passages, cited, and honest about what they left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from kb.app.api import KnowledgeBase
from kb.ingest.errors import InputError
from kb.llm.generator import Pieces, Sampling
from kb.prompts.prompt import Prompt, Topic
from kb.prompts.task import ANSWER, task_of

FERRY = (
    "# Ferry\n\nThe ferry crosses the bay in forty minutes. The ferry carries sixty cars and four hundred people. "
    "A ticket for the ferry costs 12 euros.\n\n## Winter\n\nIn winter the ferry crosses the bay only at weekends."
)
TUNNEL = "# Tunnel\n\nThe tunnel under the bay takes ten minutes by car. The toll for the tunnel is 25 euros."
RAIN = "# Weather\n\nIt rains on ninety days of the year. Snow is rare and melts within a day."


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A base of three files."""
    for name, text in (("ferry.md", FERRY), ("tunnel.md", TUNNEL), ("rain.md", RAIN)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf", llm="extractive") as made:
        made.ingest([tmp_path / name for name in ("ferry.md", "tunnel.md", "rain.md")])
        yield made


@pytest.mark.parametrize(
    ("question", "name", "topics"),
    [
        ("Summarise ferry.md", "summarise", ("ferry.md",)),
        ("please summarize the travel policy", "summarise", ("travel policy",)),
        ("Give me a short summary of all documents", "summarise", ("",)),
        ("总结一下差旅制度", "summarise", ("差旅制度",)),
        ("差旅制度的摘要", "summarise", ("差旅制度",)),
        ("总结所有文件", "summarise", ("",)),
        ("Compare the ferry and the tunnel", "compare", ("the ferry", "the tunnel")),
        ("What is the difference between annual leave and sick leave?", "compare", ("annual leave", "sick leave")),
        ("ferry vs. tunnel", "compare", ("ferry", "tunnel")),
        ("比较年假和病假", "compare", ("年假", "病假")),
        ("年假和病假有什么区别？", "compare", ("年假", "病假")),
        ("What does the ferry cost?", "answer", ()),
        ("Who compared the two ferries?", "answer", ()),
        ("渡轮多少钱？", "answer", ()),
    ],
)
def test_a_task_is_recognised_by_its_words(question: str, name: str, topics: tuple[str, ...]) -> None:
    """English and Chinese; what is not clearly a task is a question."""
    task = task_of(question)
    assert (task.name, tuple(topic.text for topic in task.topics)) == (name, topics)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("the Northwind contract, in short", "summarise"),
        ("售后政策大概讲了些什么", "summarise"),
        ("what is the notice period, in short?", "answer"),
        ("how do I reset the router, briefly", "answer"),
        ("can dogs come in, in a nutshell", "answer"),
    ],
)
def test_a_short_answer_is_no_summary(question: str, name: str) -> None:
    """Only what may be the name of a document is summed up, and only if it is one."""
    task = task_of(question)
    assert (task.name, task.if_named) == (name, name == "summarise")


def test_a_task_that_is_asked_for_wins() -> None:
    """``--task`` decides; a comparison needs two things."""
    assert task_of("the travel policy", "summarise").topics == (Topic("the travel policy"),)
    assert task_of("Compare A1 and B2", "answer") is ANSWER
    with pytest.raises(InputError, match="two things"):
        task_of("the travel policy", "compare")


def test_a_named_document_is_summarised_from_all_of_it(kb: KnowledgeBase) -> None:
    """Sentences of that file only, each cited to the character, and a note says how much was looked at."""
    answer = kb.ask("Summarise ferry.md")
    assert not answer.abstained
    assert {Path(citation.source).name for citation in answer.citations} == {"ferry.md"}
    assert any("ferry crosses the bay" in sentence.text for sentence in answer.sentences)
    assert all(sentence.support == "supported" for sentence in answer.sentences)
    for citation in answer.citations:
        assert kb.document_text(citation.source)[citation.start : citation.stop] == citation.quote
    n = len(answer.hits)
    assert f"Made from {n} of {n} passages." in answer.notes


def test_everything_is_summarised_from_every_document(kb: KnowledgeBase) -> None:
    """Each document has its say before one of them speaks twice."""
    answer = kb.ask("summarise everything")
    assert {Path(citation.source).name for citation in answer.citations} == {"ferry.md", "tunnel.md", "rain.md"}


def test_what_nobody_wrote_of_is_not_summarised(kb: KnowledgeBase) -> None:
    """A summary of a topic that the base does not have abstains."""
    assert kb.ask("summarise the theory of relativity").abstained


def test_both_sides_of_a_comparison_are_quoted(kb: KnowledgeBase) -> None:
    """Each side under its name, from its own passages; the names are no sentences."""
    answer = kb.ask("Compare the ferry and the tunnel")
    assert "**the ferry**" in answer.text
    assert "**the tunnel**" in answer.text
    assert {Path(citation.source).name for citation in answer.citations} == {"ferry.md", "tunnel.md"}
    assert all("**" not in sentence.text for sentence in answer.sentences)


def test_a_side_that_is_missing_is_said(kb: KnowledgeBase) -> None:
    """One side found is an answer with a note; none is an abstention. In Chinese the note is Chinese."""
    answer = kb.ask("Compare the ferry and the zeppelin hangar")
    assert not answer.abstained
    assert "The documents do not seem to say anything on: the zeppelin hangar." in answer.notes
    assert kb.ask("Compare the zeppelin hangar and the space elevator").abstained


@dataclass
class Scripted:
    """A generator that keeps its prompts and says the same, in few tokens."""

    context_tokens: int = 1 << 16
    name: str = "scripted"
    prompts: list[Prompt] = field(default_factory=list)

    def count_tokens(self, text: str) -> int:
        """Words."""
        return len(text.split())

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """A sentence, cut."""
        self.prompts.append(prompt)
        yield "The ferry crosses the bay in forty minutes. [1]"
        return "length" if sampling.max_tokens < 9 else "stop"

    def close(self) -> None:
        """Nothing to free."""


@pytest.mark.usefixtures("kb")
def test_a_model_gets_the_template_of_the_task(tmp_path: Path) -> None:
    """Summaries and comparisons have prompts of their own; what did not fit a small context is left out and said."""
    model = Scripted()
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf", llm=model) as other:
        other.ask("Summarise ferry.md")
        other.ask("比较 the ferry 和 the tunnel")
        model.context_tokens = 700
        small = other.ask("summarise everything")
    assert "Summarise the passages above" in model.prompts[0].messages[-1].content
    assert "作比较" in model.prompts[1].messages[-1].content
    assert [side.text for side in model.prompts[1].sides] == ["the ferry", "the tunnel"]
    assert [[Path(source).name for source in side.sources] for side in model.prompts[1].sides] == [
        ["ferry.md"],
        ["tunnel.md"],
    ]
    assert any(note.startswith("Made from ") for note in small.notes)


@pytest.mark.usefixtures("kb")
def test_an_answer_that_was_cut_says_so(tmp_path: Path) -> None:
    """The finish reason is in the answer, and a note says how to get more; a whole answer has neither."""
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf", llm=Scripted()) as other:
        cut = other.ask("How many cars does the ferry carry?", sampling=Sampling(max_tokens=8))
        whole = other.ask("How many cars does the ferry carry?")
    assert (cut.finish_reason, whole.finish_reason) == ("length", "stop")
    assert any("cut at 8 tokens" in note for note in cut.notes)
    assert not any("cut at" in note for note in whole.notes)


def test_the_exact_answer_has_its_place_in_the_text(kb: KnowledgeBase) -> None:
    """Where the figure that was asked for stands out, its span is in the answer."""
    answer = kb.ask("How much does a ticket for the ferry cost?")
    assert answer.answer_span is not None
    assert answer.text[slice(*answer.answer_span)].startswith("12")


def test_two_of_a_name_are_compared_by_what_differs(tmp_path: Path) -> None:
    """The two quotes: what both say with other figures, each under the name of its file; the same in both is left out."""
    for name, price, weeks in (("first", "1,200", 6), ("second", "1,050", 9)):
        text = f"# Offer of Hale Joinery\n\n- Oak table, 2 m: {price} euros\n- Delivery takes {weeks} weeks\n- Payment: cash\n"
        (tmp_path / f"offer {name}.md").write_text(text, "utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        answer = kb.ask("compare the two Hale offers")
    first, second = answer.text.split("**offer second.md**")
    assert ["1,200 euros" in first, "6 weeks" in first, "cash" in first] == [True, True, False]
    assert ["1,050 euros" in second, "9 weeks" in second] == [True, True]


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """Two editions of each of two documents."""
    folder = tmp_path_factory.mktemp("editions")
    for year, fee, junior in ((2024, 32, 10), (2025, 38, 12)):
        text = (
            f"# Membership {year}\n\nJoining fee: {'none' if year == 2024 else '5 pounds'}\nAnnual fee: {fee} pounds\n"
        )
        (folder / f"membership-{year}.txt").write_text(f"{text}Junior fee: {junior} pounds\n", "utf-8")
    for year, text in ((2024, "志愿者马甲押金20元。"), (2025, "志愿者马甲免押金，遗失赔30元。")):
        text = f"# 志愿者须知（{year}年版）\n\n{text}\n\n每次服务不少于两小时。\n"  # noqa: PLW2901
        (folder / f"志愿者须知{year}.md").write_text(text, "utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf") as kb:
        kb.ingest([folder])
        yield kb


def test_what_one_side_says_is_looked_for_on_the_other(editions: KnowledgeBase) -> None:
    """The fee of one year stands beside the same fee of the other, though another line there answers better."""
    text = editions.ask("membership fee 2024 vs 2025").text
    first, second = text.split("**2025**")
    pairs = [("Annual fee: 32", "Annual fee: 38"), ("Junior fee: 10", "Junior fee: 12")]
    assert any(one in first and other in second for one, other in pairs)
    assert all((one in first) == (other in second) for one, other in pairs)


def test_the_new_edition_is_compared_with_the_old_one(editions: KnowledgeBase) -> None:
    """By the days that the documents of one name say, whichever is named first."""
    answer = editions.ask("志愿者须知新版的马甲押金跟旧版有啥不一样")
    first, second = answer.text.split("**志愿者须知2024.md**")
    assert "志愿者须知2025.md" in first
    assert "免押金" in first
    assert "押金20元" in second


CHAT = (
    "Anna: Alder came up today. The budget of Alder was approved by Maria Schmidt.\nBob: Alder is fine with me.\n"
    "Anna: Alder again then.\nBob: Alder, yes.\nAnna: Birke came up. Birke was approved by Peter Jones.\nBob: Birke is fine.\n"
)


def test_a_speaker_of_one_side_is_quoted_with_what_is_said(tmp_path: Path) -> None:
    """The turn of a chat is quoted whole, though the passage is taken apart by sides."""
    (tmp_path / "chat.md").write_text(CHAT, "utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "chat.md"])
        answer = kb.ask("Compare who approved Alder and who approved Birke")
        assert "Maria Schmidt" in answer.text
        for citation in answer.citations:
            assert kb.document_text(citation.source)[citation.start : citation.stop] == citation.quote


def test_documents_of_one_file_name_are_both_shown(tmp_path: Path) -> None:
    """With the folders that distinguish them; a copy of the new edition is not the old one."""
    for year, days, in_words in ((2024, 60, "ten"), (2025, 90, "twelve")):
        (tmp_path / str(year)).mkdir()
        (tmp_path / str(year) / "lease.md").write_text(
            f"# Lease {year}\n\nThe notice period is {days} days.\n", "utf-8"
        )
        (tmp_path / f"handbook_{year}.md").write_text(f"# Handbook {year}\n\nLeave is {in_words} days.\n", "utf-8")
    (tmp_path / "handbook-2025.txt").write_text("Handbook 2025\n\nLeave is twelve days a year.\n", "utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        text = kb.ask("compare the two leases in notice period").text
        assert ["60 days" in text, "90 days" in text] == [True, True]
        assert ["**2024/lease.md**" in text, "**2025/lease.md**" in text] == [True, True]
        text = kb.ask("What is the difference between the leave in the old handbook and the new handbook?").text
        assert ["handbook_2024.md" in text, "ten days" in text] == [True, True]


def test_brackets_of_a_document_are_no_marks(tmp_path: Path) -> None:
    """What a paper cites is not what kb cites: the quote stays whole, and one source is cited."""
    for name, other, share in (("Kite", 2, 84), ("Ibis", 3, 82), ("Wren", 1, 79)):
        text = f"# {name}\n\nThe {name} model reaches {share} percent on the Oxbow test [{other}]. It reads items[1] first.\n"
        (tmp_path / f"{name}.md").write_text(text, "utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        answer = kb.ask("What does the Kite model reach on the Oxbow test?")
        assert answer.text.startswith("The Kite model reaches 84 percent on the Oxbow test [2]. [1]")
        assert {Path(citation.source).name for citation in answer.sentences[0].citations} == {"Kite.md"}
        assert not any("agree" in note for note in answer.notes)
