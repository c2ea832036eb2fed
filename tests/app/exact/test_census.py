"""Questions about the whole base are answered by counting over all of it, and only such questions are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.exact.census import census_of
from kb.retrieval.where import Where


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A base of thirty files: every third mentions hotel nights, every fifth 住宿费; and one that cannot be read."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for n in range(30):
        text = f"# Note {n}\n\nThis is about matter {n}. The night was long; a hotel was near.\n"
        text += "Hotel\nnights are refunded. HOTEL NIGHTS are dear.\n" if n % 3 == 0 else ""
        text += "\n出差的住宿費由部门批准。\n" if n % 5 == 0 else ""
        (folder / f"note-{n:02}.md").write_text(text, encoding="utf-8")
    (folder / "empty.md").write_text("")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([folder])
        yield kb


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("Which documents mention hotel nights?", "hotel nights"),
        ("How many files mention “hotel nights”?", "hotel nights"),
        ("Please list all the documents that talk about hotel nights.", "hotel nights"),
        ("In which documents is Ada Lovelace mentioned?", "Ada Lovelace"),
        ("How often is the hotel mentioned?", "hotel"),
        ("哪些文件提到住宿费？", "住宿费"),
        ("有多少个文档提到了“住宿费”？", "住宿费"),
        ("列出所有提到住宿费的文件", "住宿费"),
        ("提到住宿费的文件有几个？", "住宿费"),
        ("住宿费一共被提到多少次？", "住宿费"),
    ],
)
def test_questions_of_that_form_are_known(question: str, what: str) -> None:
    """With the words that are looked for, without quotation marks and articles."""
    census = census_of(question)
    assert census
    assert census.what == what


@pytest.mark.parametrize(
    "question",
    [
        "How many dollars are refunded?", "Which embedder reads Chinese?", "List all holidays",
        "年假有多少天？", "有多少人批准？",

        "What is mentioned in the contract?", "Which documents do I need for a visa?", "需要哪些文件？",
        "Mention the hotel",
        "哪些文件需要提交？", "Who mentions hotel nights?", "Which file format is supported?",
    ],
)  # fmt: skip
def test_other_questions_are_left_to_the_search(question: str) -> None:
    """However much they look like it."""
    assert census_of(question) is None


def test_every_document_is_counted_and_cited(base: KnowledgeBase) -> None:
    """All ten, more than any search would return; each with the sentence that says so, and how many were looked at."""
    answer = base.ask("Which documents mention a hotel night?", k=2)
    assert answer.text.startswith("10 of 30 documents mention “hotel night”.")
    assert "Looked at 30 of 31 documents." in answer.notes
    assert [Path(citation.source).name for citation in answer.citations] == [f"note-{n:02}.md" for n in range(0, 30, 3)]
    for citation in answer.citations:
        assert base.document_text(citation.source)[citation.start : citation.stop] == citation.quote
        assert "nights" in citation.quote
        assert f"[{citation.mark}]" in answer.text


def test_counts_in_chinese_whatever_the_script(base: KnowledgeBase) -> None:
    """Simplified words find Traditional ones; the answer is in the question's language."""
    answer = base.ask("有多少文件提到住宿费？")
    assert answer.text.startswith("30 个文件中有 6 个提到“住宿费”。")
    assert all("住宿費" in citation.quote for citation in answer.citations)


def test_mentions_are_counted_one_by_one(base: KnowledgeBase) -> None:
    """Twice in each of ten documents."""
    assert base.ask("How many times is hotel nights mentioned?").text.startswith(
        "“hotel nights” is mentioned 20 times, in 10 of 30"
    )


def test_a_filter_narrows_the_count(base: KnowledgeBase) -> None:
    """Only what it admits is looked at, and said to have been."""
    answer = base.ask("Which documents mention hotel nights?", where=Where(sources=("note-0*",)))
    assert answer.text.startswith("4 of 10 documents")
    assert "Looked at 10 of 10 documents." in answer.notes


def test_what_no_document_mentions_is_said_and_cites_nothing(base: KnowledgeBase) -> None:
    """None of thirty is an honest answer; words that only stand apart are no mention."""
    answer = base.ask("Which documents mention night hotel?")
    assert answer.text == "0 of 30 documents mention “night hotel”."
    assert answer.abstained
    assert answer.citations == ()


def test_a_word_inside_another_and_the_name_of_a_file_are_mentions(tmp_path: Path) -> None:
    """Harbor stands in harbor.example; the file that bears the name is listed, with its first sentence."""
    (tmp_path / "a.md").write_text("# A\n\nWrite to desk@harbor.example. Bye.\n")
    (tmp_path / "Harbor plan.md").write_text("# Plan\n\nFirst the pier.\n")
    (tmp_path / "b.md").write_text("# B\n\nA harbour elsewhere.\n")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "a.md", tmp_path / "b.md", tmp_path / "Harbor plan.md"])
        for question in ("Which file mentions Harbor?", "What files talk about harbor?"):
            answer = kb.ask(question)
            assert answer.text.startswith("2 of 3 documents mention")
            assert {Path(citation.source).name for citation in answer.citations} == {"a.md", "Harbor plan.md"}
        assert [Path(one.source).name for one in kb.ask("In which document is the pier?").citations] == [
            "Harbor plan.md"
        ]


def test_a_copy_is_counted_once(tmp_path: Path) -> None:
    """Two files with the same bytes are one document, also where only their names have the word."""
    for name in ("harbor.md", "harbor copy.md"):
        (tmp_path / name).write_text("# Pier\n\nFirst the pier.\n")
    (tmp_path / "x.md").write_text("# X\n\nSomething else.\n")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "harbor.md", tmp_path / "harbor copy.md", tmp_path / "x.md"])
        assert kb.ask("Which documents mention harbor?").text.startswith("1 of 2 documents mention")


def test_a_mention_that_is_struck_out_is_none(tmp_path: Path) -> None:
    """It is not counted or listed, and a file that is found by its name is not quoted by what is struck out."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "was.md").write_text("The boat trip is on Monday. ~~A sauna comes after.~~\n")
    (folder / "is.md").write_text("~~The sauna is free.~~\n\nThe sauna costs 5 euros.\n")
    (folder / "sauna.md").write_text("~~It opens at noon.~~\n\nIt opens at one.\n")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([folder])
        answer = kb.ask("Which documents mention the sauna?")
        times = kb.ask("How many times is the sauna mentioned?").text
    assert [(Path(one.source).name, one.quote) for one in answer.citations] == [
        ("is.md", "The sauna costs 5 euros."),
        ("sauna.md", "It opens at one."),
    ]
    assert "mentioned 1 times" in times
