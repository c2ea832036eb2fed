"""Chunks keep to the structure, to the limit, and to the text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.document import Chunk, Document, Heading, Page
from kb.ingest.text.split import Splitting, count_words, split
from kb.ingest.text.tables import tables

SMALL = Splitting(target_tokens=30, max_tokens=40, min_tokens=5)


def markdown(text: str, pages: tuple[Page, ...] = ()) -> Document:
    """A document of Markdown text with its headings."""
    found = re.finditer(r"^(#{1,6}) (\S.*)$", text, re.MULTILINE)
    headings = tuple(Heading(match.start(), len(match[1]), match[2]) for match in found)
    return Document("d", "/d.md", "d", "text/markdown", "en", text, pages, headings)


def check(document: Document, chunks: tuple[Chunk, ...], splitting: Splitting) -> None:
    """The invariants: exact offsets, in order, nothing lost, nothing over the limit, unique ids."""
    at = 0
    for chunk in chunks:
        assert document.text[chunk.start : chunk.stop] == chunk.text
        assert chunk.text.strip()
        assert not document.text[at : chunk.start].strip()
        assert chunk.n_tokens == count_words([chunk.indexed_text])[0] <= splitting.max_tokens
        at = chunk.stop
    assert not document.text[at:].strip()
    assert len({chunk.id for chunk in chunks}) == len(chunks)


ALPHABET = st.sampled_from(
    [
        "word ",
        "a",
        "，",
        "。",
        ". ",
        "\n",
        "\n\n",
        "# Title\n",
        "## Sub\n\n",
        "字",
        "字字字字",
        "| x | y |\n",
        "| --- | --- |\n",
        "- item\n",
        " ",
    ]
)


@given(st.lists(ALPHABET, max_size=150).map("".join))
def test_any_text_is_split_without_loss(text: str) -> None:
    """Whatever the text, its chunks hold it exactly, within the limit."""
    document = markdown(text)
    check(document, list(split(document, SMALL, count_words)), SMALL)


def test_text_without_any_boundary_is_split_all_the_same() -> None:
    """Base64, DNA and Chinese without punctuation fit the limit too."""
    for text in ("字" * 3000, "x" * 9000, "a b " * 2000):
        document = markdown(text)
        chunks = list(split(document, SMALL, count_words))
        check(document, chunks, SMALL)
        assert len(chunks) < len(text) / 20


def test_a_chunk_knows_the_headings_above_it() -> None:
    """The heading path is that of the section, outermost first."""
    document = markdown(
        "# Book\n\nIntro text for the book.\n\n## One\n\n"
        + "Some words here. " * 6
        + "\n\n## Two\n\n"
        + "Others. " * 12
    )
    chunks = list(split(document, SMALL, count_words))
    check(document, chunks, SMALL)
    by_word = {word: next(chunk for chunk in chunks if word in chunk.text) for word in ("Some words", "Others.")}
    assert by_word["Some words"].headings == ("Book", "One")
    assert by_word["Others."].headings == ("Book", "Two")


def test_chunks_end_at_paragraphs_where_they_can() -> None:
    """A paragraph's end is a better place than the middle of the next one."""
    text = "\n\n".join("This paragraph has exactly eight words in it." for _ in range(12))
    for chunk in split(markdown(text), SMALL, count_words):
        assert chunk.text.startswith("This")
        assert chunk.text.endswith("it.")


def test_pages_are_those_the_chunk_touches() -> None:
    """A chunk over a page break names both pages; empty pages are named by none."""
    text = "First page ends in\nthe middle of a sentence. And on."
    pages = (Page(1, 0, 18), Page(2, 18, 18, "empty"), Page(3, 19, len(text)))
    (chunk,) = split(markdown(text, pages), Splitting(), count_words)
    assert chunk.pages == (1, 3)


def table(title: str = "") -> Document:
    """A document with a long table under a heading, a title above it, and a last section."""
    rows = "".join(f"| {number} | Name {number} | {number * 37} |\n" for number in range(30))
    text = f"# Staff\n\n{title}\n\n| No | Name | Phone |\n| --- | --- | --- |\n{rows}\n# Other\n\nThe end.\n"
    return markdown(text)


def test_every_passage_of_a_table_names_its_columns() -> None:
    """A chunk that begins below a table's head carries title and head beside its text, and is found and embedded with them."""
    document = table("Register of 2025")
    chunks = list(split(document, SMALL, count_words))
    check(document, tuple(chunks), SMALL)
    rows = [chunk for chunk in chunks if chunk.text.startswith("| ") and not chunk.text.startswith("| No")]
    assert len(rows) > 5
    for chunk in rows:
        assert chunk.table_head == "| No | Name | Phone |"
        assert "| No | Name | Phone |\n| " in chunk.indexed_text
        assert "No  Name  Phone\n" in chunk.embedded_text
        assert chunk.titles == ("Staff",)
    assert all("The end" not in chunk.text and "# Other" not in chunk.text for chunk in rows)
    assert chunks[-1].headings == ("Other",)


def test_the_title_of_a_table_is_carried_where_there_is_room() -> None:
    """A short line above a table names it; a sentence or a heading above it does not."""
    splitting = Splitting(target_tokens=60, max_tokens=80, min_tokens=5)

    def carried(title: str) -> set[tuple[str, ...]]:
        return {chunk.headings for chunk in split(table(title), splitting, count_words) if chunk.table_head}

    assert carried("Register of 2025") == {("Staff", "| Register of 2025 |", "| No | Name | Phone |")}
    assert carried("This is what the register says.") == {("Staff", "| No | Name | Phone |")}
    numbered = "Table 3. Everyone here, by number."
    assert carried(numbered) == {("Staff", f"| {numbered} |", "| No | Name | Phone |")}


def test_captions_stand_above_or_below() -> None:
    """A document has them on one side: what stands between two tables is the caption of the one that has none."""
    rows = "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    above = f"表1 租金（元）。\n\n{rows}\nTable 2: Rates\n\n{rows}\nThe end.\n"
    assert [table.title for table in tables(above)] == ["| 表1 租金（元）。 |", "| Table 2: Rates |"]
    below = f"The rates\n\n{rows}\nTable 1. Rent\n\n{rows}\nTable 2. Heating\n"
    assert [table.title for table in tables(below)] == ["| Table 1. Rent |", "| Table 2. Heating |"]


def test_a_head_that_is_too_long_is_cut_column_by_column() -> None:
    """A head takes at most half of a chunk: the ends of its names are left out first."""
    head = " | ".join(f"A very long column name number {number}" for number in range(4))
    rows = "".join("| 1 | 2 | 3 | 4 |\n" for _ in range(20))
    document = markdown(f"| {head} |\n| --- | --- | --- | --- |\n{rows}")
    chunks = list(split(document, Splitting(60, 80, 5), count_words))
    check(document, tuple(chunks), Splitting(60, 80, 5))
    assert {chunk.table_head for chunk in chunks[1:]} == {"|" + " A very long column name |" * 4}
