"""The parts that a document is shown in."""

from __future__ import annotations

import pytest
from kb.ingest.document import Document, Heading

pytest.importorskip("gradio", reason="the ui extra is not installed")

from kb.app.i18n.texts import EN, ZH
from kb.app.ui.view.sections import counted, located, section_at, sections_of


def novel(*lines: str, source: str = "/books/zoo.epub") -> Document:
    """Return a document of paragraphs and headings."""
    text = "\n\n".join(lines)
    headings = tuple(
        Heading(text.index(line), len(line) - len(line.lstrip("#")), line.lstrip("# "))
        for line in lines
        if line.startswith("#")
    )
    return Document("", source, "The Zoo", "", "en", text, headings=headings)


def test_chapters_begin_at_the_headings_of_which_there_are_several() -> None:
    """The title of the book is none; what is before the first chapter is a part as well."""
    book = novel("# The Zoo", "By Lee.", "## Zebras", "Striped.", "### Food", "Hay.", "## Okapis", "Shy.")
    found = [(one.title, book.text[one.start : one.stop]) for one in sections_of(book)]
    assert found == [
        ("The Zoo", "# The Zoo\n\nBy Lee."),
        ("Zebras", "## Zebras\n\nStriped.\n\n### Food\n\nHay."),
        ("Okapis", "## Okapis\n\nShy."),
    ]
    assert section_at(sections_of(book), book.text.index("Hay")) == 1


def test_a_part_that_is_a_title_only_goes_with_its_first_chapter() -> None:
    """No page of the dialog is empty but for a line."""
    book = novel("# One", "## Zebras", "Striped. " * 9000, "## Okapis", "Shy.", "# Two", "## Gnus", "Wild. " * 9000)
    assert [one.title for one in sections_of(book)] == ["One – Zebras", "Okapis", "Two – Gnus"]


def test_what_has_no_chapters_is_shown_whole() -> None:
    """A book without headings, and a Word document with them."""
    assert sections_of(novel("Striped.", "Shy.")) == []
    assert sections_of(novel("# Zebras", "Striped.", "# Okapis", "Shy.", source="/zoo.docx")) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("/a.xlsx", ("sheet 2", "1 sheet", "3 sheets", "第 2 个工作表", "1 个工作表", "3 个工作表")),
        ("/a.zip!b.PPTX", ("slide 2", "1 slide", "3 slides", "第 2 张幻灯片", "1 张幻灯片", "3 张幻灯片")),
        ("/a.pdf", ("page 2", "1 page", "3 pages", "第 2 页", "1 页", "3 页")),
    ],
)
def test_parts_are_called_what_they_are(source: str, words: tuple[str, ...]) -> None:
    """In both languages, one or several."""
    said = [
        part
        for texts in (EN, ZH)
        for part in (located(source, 2, texts), counted(source, 1, texts), counted(source, 3, texts))
    ]
    assert tuple(said) == words
