"""What a question names comes first: by file name, by title, or by a name that few documents hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.retrieval.search.fuse import Fused
from kb.retrieval.search.search import _is_near
from kb.retrieval.where import scope_of

HANDBOOK = """# Employee handbook

This handbook holds for all who work at {name}.

## Annual leave

Every employee has {days} days of paid leave a year; it is asked for in writing. {filler}

## Notice

The contract ends with a notice of {notice} days, which is given in writing. {filler}

## Travel

For meals on a journey the company pays {meals} euros a day. {filler}
"""
COMPANIES = ("InnovateTech Solutions", "InnovateTech, Inc.", "Green Fields Ltd", "Stone Bridge Media")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """Handbooks that differ in their figures only, and files that are known by their names."""
    folder = tmp_path_factory.mktemp("naming")
    docs = folder / "docs"
    docs.mkdir()
    filler = "Questions about this rule are answered by the office in the hall. " * 10
    for at, name in enumerate(COMPANIES):
        text = HANDBOOK.format(name=name, days=21 + at, notice=30 + at, meals=40 + at, filler=filler)
        (docs / f"handbook-{at}.md").write_text(text, "utf-8")
    (docs / "orgchart.txt").write_text("Head: Ann Lee. Below her: Bo Chan and Cy Dole.", "utf-8")
    (docs / "receipt_2025-03.txt").write_text("Paper, 12.40. Ink, 31.00. Paid in cash.", "utf-8")
    (docs / "员工手册.txt").write_text("上班时间为九点到六点，午休一小时。", "utf-8")
    with KnowledgeBase.open("naming", home=folder / "home", embedder="tfidf") as opened:
        opened.ingest([docs])
        yield opened


def first(base: KnowledgeBase, question: str) -> tuple[str, str]:
    """The file and the text of the first hit."""
    chunk = base.search(question, 8)[0].chunk
    return Path(chunk.source).name, chunk.text


@pytest.mark.parametrize("at", range(len(COMPANIES)))
def test_the_passage_of_the_named_company_is_first(base: KnowledgeBase, at: int) -> None:
    """Not the passage that only names it, and not the same passage of a company that shares a word with it."""
    file, text = first(base, f"How many days of annual leave do employees of {COMPANIES[at]} get?")
    assert (file, f"{21 + at} days" in text) == (f"handbook-{at}.md", True)


@pytest.mark.parametrize(
    ("question", "file"),
    [
        ("What does orgchart.txt say?", "orgchart.txt"),
        ("Summarise receipt_2025-03", "receipt_2025-03.txt"),
        ("the receipt of March 2025", "receipt_2025-03.txt"),
        ("员工手册讲了什么", "员工手册.txt"),
    ],
)
def test_a_file_is_found_by_its_name(base: KnowledgeBase, question: str, file: str) -> None:
    """Nothing of its text is in the question."""
    assert first(base, question)[0] == file


def test_a_name_that_no_document_holds_is_told(base: KnowledgeBase) -> None:
    """Also where a document holds a part of it."""
    naming = base.searcher.rank("What is the notice period at HealthPro Innovations?", 8).naming
    assert (naming.absent, naming.documents) == (("HealthPro Innovations",), frozenset())
    assert base.searcher.rank("What is the notice at InnovateTech Foods?", 8).naming.absent == ("InnovateTech Foods",)


def test_two_companies_are_both_first(base: KnowledgeBase) -> None:
    """A comparison needs passages of either side."""
    hits = base.search("Compare the notice periods of Green Fields Ltd and Stone Bridge Media", 4)
    assert {Path(hit.chunk.source).name for hit in hits} == {"handbook-2.md", "handbook-3.md"}


def test_why_says_what_names_add(base: KnowledgeBase) -> None:
    """And that a document is named."""
    from kb.retrieval.search.explain import why

    best = why(base.searcher, "What does orgchart.txt say?").candidates[0]
    assert best.named
    assert best.names > 0


def test_names_follow_the_file(tmp_path: Path) -> None:
    """A file that moves is found by its new name, not by the old one; one that is removed by neither."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "walnut.md").write_text("# Nuts\n\nSomething else.", "utf-8")
    (docs / "other.txt").write_text("Nothing of that.", "utf-8")
    with KnowledgeBase.open("moved", home=tmp_path / "home", embedder="tfidf") as opened:
        opened.ingest([docs])
        (docs / "walnut.md").rename(docs / "hazel.md")
        opened.ingest([docs])
        assert opened.searcher.named_frequencies(["walnut", "hazel"]) == {"hazel": 1}
        assert first(opened, "hazel")[0] == "hazel.md"
        assert opened.search("walnut", 5, ("bm25",)) == ()
        (docs / "hazel.md").unlink()
        opened.ingest([docs])
        assert opened.searcher.named_frequencies(["walnut", "hazel"]) == {}


@pytest.mark.parametrize(
    ("ids", "near"), [(["close"], True), (["far"], False), (["far", "close"], True), (["lost"], False)]
)
def test_a_name_does_not_put_the_likely_behind_the_unlikely(ids: list[str], near: bool) -> None:  # noqa: FBT001
    """A document that is named goes first only where a passage of it is nearly as likely as the best one."""
    ranked = [Fused("best", 9.0, ()), Fused("close", 7.5, ()), Fused("far", 3.0, ())]
    assert _is_near(scope_of(list(enumerate(ids))), ranked) is near
