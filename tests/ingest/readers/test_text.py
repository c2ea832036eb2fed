"""Text formats: the words as they stand, the headings found, the offsets exact."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.errors import DamagedError, EmptyFileError, ReadError, TooLargeError, UnsupportedError
from kb.ingest.readers.table import READERS
from kb.ingest.run.read import read_bytes, read_file
from kb.ingest.text.language import detect


def outline(name: str, text: str) -> list[tuple[int, str]]:
    """Return (level, title) of a document's headings, having checked that each stands where it says."""
    document = read_bytes(text.encode(), name)
    for heading in document.headings:
        first = heading.title.split()[0]
        assert first in document.text[heading.start : heading.start + len(heading.title) + 80]
    return [(heading.level, heading.title) for heading in document.headings]


def test_plain_text_is_kept_word_for_word() -> None:
    """Plain text has no markup: what looks like a heading is text."""
    document = read_bytes(b"# not a heading\r\nsecond line\r\n", "notes.txt")
    assert document.text == "# not a heading\nsecond line\n"
    assert document.headings == ()
    assert document.title == "notes"


def test_markdown_headings_are_found_outside_of_code_and_front_matter() -> None:
    """ATX and setext headings count; those in fences, comments, front matter and lists do not."""
    text = (
        "---\ntitle: The *handbook*\n# no: heading\n---\n"
        "# One `x` [link](http://a) #\n## By id { #by-id }\n## Of class {: .big }\n## Set {1, 2}\n"
        "\n```\n# code\n```\n~~~\n# more\n```\n~~~\n"
        "Set *ext*\n===\n\nTwo\n---\n\n<!-- \n# hidden\n-->\n- item\n---\n\n    # indented\n###### Six\n####### seven\n"
    )
    assert outline("a.md", text) == [
        (1, "One x link"),
        (2, "By id"),
        (2, "Of class"),
        (2, "Set {1, 2}"),
        (1, "Set ext"),
        (2, "Two"),
        (6, "Six"),
    ]
    assert read_bytes(text.encode(), "a.md").title == "The *handbook*"
    assert read_bytes(text.encode(), "a.md").text == text


def test_an_open_fence_and_broken_front_matter_do_no_harm() -> None:
    """A fence that is never closed runs to the end; front matter without an end is text."""
    assert outline("a.md", "---\nkey: [unclosed\n\n# Heading\n\n```\n# code\n") == [(1, "Heading")]


def test_table_rules_are_no_headings() -> None:
    """The rule below a table's header does not make a heading of it."""
    assert outline("a.md", "| a | b |\n|---|---|\n| 1 | 2 |\n\na | b\n--- | ---\n") == []


def test_restructuredtext_levels_follow_the_adornments() -> None:
    """The first adornment seen is the first level, an overline makes it another one."""
    text = "=====\nTitle\n=====\n\nPart\n====\n\nSub\n---\n\nPart 2\n======\n\n===== =====\na     b\n===== =====\n"
    assert outline("a.rst", text) == [(1, "Title"), (2, "Part"), (3, "Sub"), (2, "Part 2")]


def test_asciidoc_and_org_headings() -> None:
    """Equals signs and stars make headings; listings hold none."""
    assert outline("a.adoc", "= Title\n\n== Part\n\n----\n== code\n----\n\n=== Sub\n") == [
        (1, "Title"),
        (2, "Part"),
        (3, "Sub"),
    ]
    assert outline("a.org", "#+TITLE: T\n* One :tag:\n** TODO Two\n") == [(1, "One"), (2, "Two")]


def test_latex_sections_are_headings_and_comments_are_not() -> None:
    """The highest section command in use is the first level; titles lose their markup."""
    text = "\\title{My \\emph{paper}}\n%\\section{Old}\n\\section*{In \\textbf{bold} {x}}\n\\subsection[s]{Sub}\nText\n"
    assert outline("a.tex", text) == [(1, "In bold x"), (2, "Sub")]
    assert read_bytes(text.encode(), "a.tex").title == "My paper"


def test_subtitles_keep_the_time_and_lose_the_numbers() -> None:
    """A cue is a paragraph with its time; tags go, speakers stay, lines that roll up stand once."""
    srt = (
        "1\n00:00:06,500 --> 00:00:09,000\n<i>About 2 months ago</i>\nI found\n\n"
        "2\n01:01:09,000 --> 01:01:10,000\nI found\nit\n"
    )
    assert read_bytes(srt.encode(), "a.srt").text == "[00:00:06] About 2 months ago I found\n\n[01:01:09] it"
    vtt = "WEBVTT\n\nSTYLE\n::cue {}\n\nid\n00:02.000 --> 00:04.000 align:start\n<v.loud Mary>No <b>way</b>!\n"
    assert read_bytes(vtt.encode(), "a.vtt").text == "[00:02] Mary: No way!"


def test_source_code_is_fenced_and_its_definitions_are_headings() -> None:
    """Code keeps every line, in a fence that names the language."""
    document = read_bytes(b'class A:\n    def inner(self): ...\n\n\ndef f():\n    """```"""\n', "mod.py")
    assert document.text.startswith("````python\nclass A:")
    assert document.text.endswith("\n````")
    assert [heading.title for heading in document.headings] == ["A", "f"]
    assert document.text[document.headings[1].start :].startswith("def f()")


@given(
    st.text(alphabet="#=-`~ \n\r\0aé中[]<!>.*:|\\{}", max_size=300),
    st.sampled_from(["a.md", "a.rst", "a.tex", "a.adoc", "a.org", "a.vtt"]),
)
def test_any_markup_gives_headings_inside_the_text(text: str, name: str) -> None:
    """Headings are sorted, stand inside of the text, and have a level of 1 to 6 and a title."""
    try:
        document = read_bytes(text.encode(), name)
    except ReadError:
        return
    starts = [heading.start for heading in document.headings]
    assert starts == sorted(starts)
    assert all(0 <= start < len(document.text) for start in starts)
    assert all(1 <= heading.level <= 6 and heading.title for heading in document.headings)
    assert "\r" not in document.text
    assert "\0" not in document.text


def test_what_cannot_be_read_is_told_apart(tmp_path: Path) -> None:
    """Empty, too large, missing, binary and unsupported files are errors of their own kinds."""
    path = tmp_path / "a.txt"
    path.write_bytes(b" \n\t ")
    with pytest.raises(EmptyFileError):
        read_file(path)
    path.write_bytes(b"x" * 100)
    with pytest.raises(TooLargeError, match="limit of 99"):
        read_file(path, max_bytes=99)
    assert read_file(path, max_bytes=100).source == str(path)
    with pytest.raises(ReadError, match="cannot be opened"):
        read_file(tmp_path / "missing.txt")
    with pytest.raises(ReadError, match="cannot be opened"):
        read_file(tmp_path)
    with pytest.raises(DamagedError):
        read_bytes(bytes(range(256)) * 20, "a.txt")
    with pytest.raises(UnsupportedError):
        read_bytes(b"OggS\0\0", "a.ogg")


def test_a_failing_library_is_one_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a reader raises becomes a sentence about this file."""

    def broken(data: bytes, name: str) -> None:
        raise KeyError(data, name)

    monkeypatch.setitem(READERS, "text/plain", broken)
    with pytest.raises(DamagedError, match="KeyError"):
        read_bytes(b"text", "a.txt")


def test_the_same_bytes_are_the_same_document_wherever_they_are() -> None:
    """The identity depends on the content and on how it is read, not on the place."""
    assert read_bytes(b"x y", "/a/n.txt").id == read_bytes(b"x y", "/b/m.txt").id
    assert read_bytes(b"x y", "n.txt").id != read_bytes(b"x y", "n.md").id


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("请在三个工作日内回复。", "zh"),
        ("公司使用 Kubernetes 部署服务 deployment, service, ingress 等组件", "zh"),
        ("The quick brown fox jumps over the lazy dog and runs to the river.", "en"),
        ("これは日本語の文章です。", "ja"),
        ("이것은 한국어 문장입니다.", "ko"),
        ("Это предложение написано на русском языке, чтобы проверить ответ.", "ru"),
        ("Це речення написане українською мовою, її легко впізнати.", "uk"),
        ("Der Vertrag ist mit dem Ende des Jahres und nicht vorher zu kündigen.", "de"),
        ("Le contrat est conclu pour une durée de trois ans et ne peut pas être résilié.", "fr"),
        ("El contrato se firma por tres años y no se puede rescindir en este plazo.", "es"),
        ("العقد ساري المفعول لمدة ثلاث سنوات", "ar"),
        ("12345 67890", ""),
        ("ok", ""),
        ("", ""),
    ],
)
def test_the_language_is_told_by_script_and_common_words(text: str, language: str) -> None:
    """A sentence is enough; a word or numbers are not."""
    assert detect(text) == language


def test_offsets_follow_the_text_when_it_is_cleaned() -> None:
    """Carriage returns and NULs that a reader leaves do not move headings off their place."""
    from kb.ingest.document import Heading, Page
    from kb.ingest.readers.table import _normalised
    from kb.ingest.reading import Reading

    text = "a\0\r\n# One\r\nx\r# Two"
    reading = Reading(text, "", (Page(1, 0, 9), Page(2, 11, len(text))), (Heading(4, 1, "One"), Heading(13, 1, "Two")))
    clean = _normalised(reading)
    assert clean.text == "a\n# One\nx\n# Two"
    assert [clean.text[heading.start :][:5] for heading in clean.headings] == ["# One", "# Two"]
    assert [clean.text[page.start : page.stop] for page in clean.pages] == ["a\n# One", "x\n# Two"]


def test_a_heading_of_a_thousand_words_is_cut_in_the_outline_only() -> None:
    """Titles go into every chunk below them, so long ones are shortened; the text keeps all words."""
    document = read_bytes(b"# " + b"word " * 1000, "a.md")
    assert len(document.headings[0].title) <= 201
    assert document.text.count("word") == 1000


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"# " + b"[" * 500_000, "a.md"),
        (b"---\n" + b"a: b\n" * 200_000, "a.md"),
        (b"=" * 1_000_000, "a.rst"),
        (b"\\section{" * 50_000, "a.tex"),
        (b"<!-- -->" * 1000 + b"x", "a"),
        (b"int a b c d e f(" * 30_000, "a.c"),
        (b"a: b\n" * 2000, "a"),
        (b"-->\n" * 100_000, "a.vtt"),
        (b"\\begin{verbatim}\\sout{" * 20_000, "a.tex"),
        (b"....\n[del]#" * 40_000, "a.adoc"),
        (b"#+begin_src\n +a" * 25_000, "a.org"),
    ],
)
def test_hostile_text_takes_no_longer_than_other_text(data: bytes, name: str) -> None:
    """No pattern backtracks without bound."""
    started = time.process_time()
    assert read_bytes(data, name).text
    assert time.process_time() - started < 5
