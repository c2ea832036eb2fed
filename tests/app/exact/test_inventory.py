"""What a base holds is said from its catalog; greetings are greeted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.retrieval.where import Where

FILES = {
    "work/invoices/A-17.md": "# Invoice A-17\n\nFour lamps.\n",
    "work/invoices/A-18.md": "# Invoice A-18\n\nTwo lamps.\n",
    "work/a very dull contract.txt": "Services agreement\n\nThe term is a year.\n",
    "合同/仓库租赁合同.txt": "出租方：北仓公司。\n租期三年。\n",
    "notes.md": "# Notes\n\nThe invoice was late, says harbor.example.\n",
    "broken.pdf": "no pdf",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of five files, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("docs")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf") as kb:
        kb.ingest([folder])
        yield kb


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("hello", "Hello! I answer questions from your 5 documents"),
        ("你好", "你好！我根据你的 5 个文档回答问题"),
        ("thanks!", "You're welcome!"),
        ("What can you do?", "I answer questions"),
        ("How many files do you have?", "There are 6 files, 5 of which could be read."),
        ("一共有多少个文件？", "共有 6 个文件，其中 5 个可以读取。"),
    ],
)
def test_what_is_no_question_to_documents_is_answered_as_what_it_is(
    base: KnowledgeBase, question: str, says: str
) -> None:
    """In its language, and citing nothing."""
    answer = base.ask(question)
    assert answer.text.startswith(says)
    assert answer.citations == ()
    assert not answer.abstained


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("List all my invoices", ["A-17.md", "A-18.md"]),
        ("How many contracts do I have?", ["a very dull contract.txt", "仓库租赁合同.txt"]),
        ("有几份合同？", ["a very dull contract.txt", "仓库租赁合同.txt"]),
    ],
)
def test_documents_of_a_kind_are_counted_and_cited(base: KnowledgeBase, question: str, names: list[str]) -> None:
    """By name, folder or title; a text that only speaks of an invoice is none."""
    answer = base.ask(question)
    assert str(len(names)) in answer.text.split("\n")[0]
    assert [Path(citation.source).name for citation in answer.citations] == names
    for citation in answer.citations:
        assert base.document_text(citation.source)[citation.start : citation.stop] == citation.quote


def test_all_documents_are_listed_by_folder(base: KnowledgeBase) -> None:
    """Each with the number of its files, and the names of the first."""
    text = base.ask("What documents do I have?").text
    assert "- work/invoices (2): A-17.md [3], A-18.md [4]" in text
    assert "仓库租赁合同.txt" in base.ask("有哪些文件？").text


def test_a_filter_narrows_what_is_there(base: KnowledgeBase) -> None:
    """Only what it admits is counted."""
    assert base.ask("How many files are there?", where=Where(sources=("A-1*",))).text == "There are 2 files."


def test_a_kind_that_no_document_is_of_is_searched_for(base: KnowledgeBase) -> None:
    """There may be something on it all the same."""
    assert base.ask("How many recipes are there?").searched.lanes


def test_a_table_named_as_the_kind_is_no_document_of_it(tmp_path: Path) -> None:
    """Each of its rows may be one."""
    (tmp_path / "invoices.csv").write_text("no,amount\n1,20\n2,30\n")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "invoices.csv"])
        assert "1 of your documents" not in kb.ask("How many invoices do I have?").text
