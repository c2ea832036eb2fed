"""Documents by the names that people have for them, and by how far back they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import PurePath

import pytest
from kb.app.answers.named import documents_called
from kb.app.api import KnowledgeBase
from kb.app.exact.when import dated, period_of

FILES = {
    "agreement Tamarind.md": "# Agreement\n\nTamarind delivers rice in sacks every month. Invoices are paid within 20 days.",
    "agreement Juniper.md": "# Agreement\n\nJuniper delivers gin in bottles every week. Invoices are paid within 40 days.",
    "house rules.md": "# House rules\n\nQuiet hours begin at 22:00. Bicycles stand in the yard.",
    "2026-03-03 board meeting.md": "# Board\n\nThe board buys a new boat. The jetty is repaired in May.",
    "2026-04-07 board meeting.md": "# Board\n\nThe board sells the old boat. The fee rises to 90 euros.",
    "租赁合同 海棠路.md": "# 租赁合同\n\n月租金3000元。押金6000元。",
    "简历 周小川.md": "# 周小川\n\n周小川是木匠。他会做窗户。",
}


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of these files, and of last week's minutes."""
    folder = tmp_path_factory.mktemp("docs")
    lately = (date.today() - timedelta(7)).isoformat()  # noqa: DTZ011
    files = FILES | {
        f"{lately} 例会纪要.md": "# 例会纪要\n\n仓库搬到二楼。新货架下月到。",
        "2025-01-02 例会纪要.md": "# 例会纪要\n\n门锁换新。",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf", llm="extractive") as made:
        made.ingest([folder])
        yield made


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("agreement Juniper.md", ["agreement Juniper.md"]),
        ("the Juniper contract", ["agreement Juniper.md"]),
        ("the rules of the house", ["house rules.md"]),
        ("the file house rules", ["house rules.md"]),
        ("文件简历 周小川", ["简历 周小川.md"]),
        ("the meeting of 3 March", ["2026-03-03 board meeting.md"]),
        ("4月7日的会议", ["2026-04-07 board meeting.md"]),
        ("海棠路的租赁合同", ["租赁合同 海棠路.md"]),
        ("周小川的履历", ["简历 周小川.md"]),
        ("the theory of relativity", []),
        ("the Sandalwood contract", []),
    ],
)
def test_a_document_is_called_by_words_of_its_name(kb: KnowledgeBase, text: str, names: list[str]) -> None:
    """By its file, its title, its kind in other words, its date; what no document is called names none."""
    found = documents_called(kb.library.parts[""].catalog, text)
    assert [PurePath(one.source).name for one in found] == names


@pytest.mark.parametrize(
    ("text", "rest", "start", "stop"),
    [
        ("last week's meeting", "meeting", "2026-11-16", "2026-11-22"),
        ("上周的会议纪要", "会议纪要", "2026-11-16", "2026-11-22"),
        ("the minutes of last month", "the minutes", "2026-10-01", "2026-10-31"),
        ("昨天的邮件", "邮件", "2026-11-25", "2026-11-25"),
        ("the latest minutes", "the minutes", "", ""),
    ],
)
def test_how_far_back_is_days(text: str, rest: str, start: str, stop: str) -> None:
    """In both languages, counted from today; a text without such words has none."""
    period = period_of(text, date(2026, 11, 26))
    assert period
    assert (period.rest, period.start, period.stop) == (rest, start, stop)
    assert period_of("the meeting of 3 March", date(2026, 11, 26)) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("how much did we spend last year", "how much did we spend 2025"),
        ("this month's takings", "November 2026 takings"),
        ("去年和今年各多少", "2025年和2026年各多少"),
        ("上个月花了多少", "2026年10月花了多少"),
        ("yesterday", "25 November 2026"),
        ("last week", "last week"),
        ("sales this week", "sales this week"),
        ("how much is it", "how much is it"),
    ],
)
def test_how_far_back_is_written_out(text: str, written: str) -> None:
    """As a year, a month or a day; a week has no name."""
    assert dated(text, date(2026, 11, 26)) == written
    assert dated("sales this week", date(2026, 6, 3)) == "sales this week"  # which begins on the first of June


@pytest.mark.parametrize(
    ("question", "held", "name"),
    [
        ("Summarise the Tamarind contract", "20 days", "agreement Tamarind.md"),
        ("What is the Juniper agreement about?", "gin", "agreement Juniper.md"),
        ("What do the house rules say?", "22:00", "house rules.md"),
        ("Summarise the board meeting", "90 euros", "2026-04-07 board meeting.md"),
        ("总结一下海棠路的租赁合同", "3000元", "租赁合同 海棠路.md"),
        ("周小川的简历讲了什么？", "木匠", "简历 周小川.md"),
        ("总结上周的例会", "货架", "例会纪要.md"),
    ],
)
def test_a_summary_is_of_the_document_that_is_named(kb: KnowledgeBase, question: str, held: str, name: str) -> None:
    """Only of that one, under its name; of several that are called so the newest."""
    answer = kb.ask(question)
    assert held in answer.text
    assert name in answer.text.split("\n")[0]
    assert any(note.startswith(("This is a summary of", "这是对")) and name in note for note in answer.notes)
    assert {PurePath(citation.source).name[-len(name) :] for citation in answer.citations} == {name}


def test_what_is_it_about_is_a_question_where_it_names_no_document(kb: KnowledgeBase) -> None:
    """*Describe the quiet hours* asks for no summary."""
    assert "**" not in kb.ask("Describe the quiet hours").text


@pytest.mark.parametrize(
    "question", ["Compare the invoices of Tamarind and Juniper", "How many days for invoices: Tamarind vs. Juniper"]
)
def test_no_side_is_given_the_text_of_the_other(kb: KnowledgeBase, question: str) -> None:
    """Each under its own name."""
    first, second = kb.ask(question).text.split("Juniper**")
    assert "20 days" in first
    assert "40 days" not in first
    assert "40 days" in second


def test_a_side_that_no_document_names_is_said(kb: KnowledgeBase) -> None:
    """Its place is not taken by what another says."""
    answer = kb.ask("Compare the invoices of Tamarind and Sandalwood")
    assert "40 days" not in answer.text
    assert any("Sandalwood" in note for note in answer.notes)
