"""What people ask of tables in other words than the tables have: computed if likely enough, else left to the passages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kb import KnowledgeBase
from kb.app.answers.answer import Asked
from kb.app.exact.tables_likely import likeliest
from kb.app.exact.tables_said import time_in_words

FILES = {
    "club/subs.csv": (
        "Name,Joined,Fee (GBP),Paid\nAnn Moss,2023-04-02,30,yes\nBo Vahl,2024-01-15,30,no\nCy Ort,2022-09-30,45,yes\n"
        "Dee Lund,2024-06-11,45,no\nEd Park,2021-02-08,30,yes\n"
    ),
    "club/results.csv": (
        "Date,Race,Runner,Time\n2024-05-04,Canal 5K,Ann Moss,00:22:51\n2024-05-04,Canal 5K,Cy Ort,00:19:44\n"
        "2024-05-04,Canal 5K,Ed Park,00:26:38\n2024-06-01,Hill 10K,Ann Moss,00:49:12\n2024-06-01,Hill 10K,Cy Ort,00:44:10\n"
    ),
    "账目/支出.csv": (
        "日期,类别,事项,金额(元)\n2024-03-02,水电,三月电费,310\n2024-03-20,进货,茶叶,1200\n2024-04-05,水电,四月电费,280\n"
        "2024-05-08,进货,茶杯,560\n"
    ),
    "账目/库存.csv": "品名,库存,下限\n茶叶,4,10\n茶杯,40,20\n茶壶,2,5\n",
    "note.md": "# Note\n\nThe committee meets in the hall on Tuesdays. The kettle is broken.\n",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of four tables and a note, without an embedder."""
    folder = tmp_path_factory.mktemp("docs")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf") as kb:
        kb.ingest([folder])
        yield kb


@pytest.mark.parametrize(
    ("question", "held", "not_held"),
    [
        ("who still hasnt paid their subs", ["Bo Vahl", "Dee Lund", "(understood as: Paid is no)"], ["Ann Moss"]),
        ("who was quickest at the canal 5k", ["Cy Ort", "00:19:44"], ["Ann Moss"]),
        ("水电一共花了多少钱", ["590"], []),
    ],
)
def test_what_a_table_is_likely_asked_is_computed(
    base: KnowledgeBase, question: str, held: list[str], not_held: list[str]
) -> None:
    answer = base.ask(question)
    assert answer.sure
    assert [text for text in held if text not in answer.text] == []
    assert [text for text in not_held if text in answer.text] == []
    assert answer.citations
    for one in answer.citations:
        assert base.document_text(one.source)[one.start : one.stop] == one.quote


@pytest.mark.parametrize("question", ["When does the committee meet?", "What is broken?", "who designed the stadium"])
def test_what_no_table_says_is_not_computed(base: KnowledgeBase, question: str) -> None:
    answer = base.ask(question)
    assert not (answer.sure and any(citation.source.endswith(".csv") for citation in answer.citations))


def test_a_difference_of_times_is_a_time(base: KnowledgeBase) -> None:
    text = "was ann moss or cy ort quicker at the canal 5k and by how much"
    found = likeliest(base.library, Asked(text), base.search(text))
    assert found is not None
    assert "the difference is 0:03:07" in found[0].text


def test_times_are_said_as_people_write_them() -> None:
    assert [time_in_words(iso, "en") for iso in ("2025", "2025-05", "-05", "2025-05-02")] == [
        "2025",
        "May 2025",
        "May",
        "2 May 2025",
    ]
    assert [time_in_words(iso, "zh") for iso in ("2025", "-05", "2025-05-02")] == ["2025年", "5月", "2025年5月2日"]
