"""Boilerplate: left out only where that is asked, whole blocks only, and counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb import KnowledgeBase
from kb.ingest.document import Heading, Page
from kb.ingest.reading import MarkdownWriter, Reading, without
from kb.ingest.run.read import Treatment, read_bytes
from kb.ingest.run.sync import Selection
from kb.ingest.text.boilerplate import is_boilerplate, without_boilerplate

BOILERPLATE = (
    "© 2024 Acme Ltd.",
    "Copyright 2019-2024 The Authors. All rights reserved.",
    "版权所有 © 2024 某某公司",
    "京ICP备12345678号-1",
    "We use cookies to improve your experience. By continuing you accept our use of cookies.",
    "本网站使用 Cookie 以改善体验，继续浏览即表示同意。",
    "- Share on Facebook\n- Tweet\n- LinkedIn",
    "分享到：微信 微博 QQ空间",
    "上一篇：如何安装\n下一篇：如何升级",
    "Subscribe to our newsletter",
    "Skip to main content",
    "This e-mail and any attachments are confidential and intended only for the addressee. If it is not for you, delete it.",
    "本邮件及其附件含有保密信息，仅限于收件人使用。",
    "Sent from my iPhone",
)
CONTENT = (
    "The copyright of the manual belongs to the author, who may license it to others for a fee of 200 euros a year.",
    "Cookies are small files. A browser keeps them for the site that set them.",
    "Here we are using `Query()`; we will see `Cookie()` later, which accepts the same parameters.",
    "-",
    "Share the load between two servers, and restart the first one when the second has taken over its sessions.",
    "这本书的版权归作者所有，出版社可以在三年之内再版两次，此后合同到期。",
    "Read more than one book a month, and write down what you learned from each of them before you open the next.",
    "# Home",
    "| Home | Away |\n| --- | --- |\n| 2 | 1 |",
    "- Log in\n- Choose *Reports* and press Export\n- Log out",
    "登录后点击“导出”按钮，选择格式。",
)


@pytest.mark.parametrize("block", BOILERPLATE)
def test_what_stands_everywhere_is_known(block: str) -> None:
    """Sites and mail, in Chinese and English."""
    assert is_boilerplate(block)


@pytest.mark.parametrize("block", CONTENT)
def test_what_says_something_stays(block: str) -> None:
    """Even where the same words occur, or one line of a list would be boilerplate alone."""
    assert not is_boilerplate(block)


def test_pages_and_headings_move_along() -> None:
    """Offsets point at the same text as before, and the number of blocks is noted."""
    writer = MarkdownWriter()
    for number in (1, 2):
        start = writer.begin_page()
        writer.block("Skip to main content")
        writer.heading(1, f"Chapter {number}")
        writer.block(f"The text of chapter {number}.")
        writer.code("Home\n\nHome\n\nSearch")
        writer.block("© 2024 Acme Ltd.")
        writer.end_page(number, start)
    reading = without_boilerplate(writer.finish())
    assert reading.notes == ("4 blocks of boilerplate were left out",)
    assert "Acme" not in reading.text
    assert reading.text.count("Home\n\nHome\n\nSearch") == 2
    for number, page, heading in zip((1, 2), reading.pages, reading.headings, strict=True):
        assert reading.text[page.start : page.stop].startswith(f"# Chapter {number}")
        assert f"The text of chapter {number}." in reading.text[page.start : page.stop]
        assert reading.text[heading.start :].startswith(f"# Chapter {number}")


@pytest.mark.parametrize(
    "code",
    [
        "Example:\n```python\na = 1\n\nlogin\n\nb = 2\n```",
        "```\ncode\n```\nText",
        "~~~\nhome\n\nlogin\n~~~",
        "````\n```\n\nlogin\n\n```\n````",
    ],
)
def test_code_stays(code: str) -> None:
    """Wherever its fences are: below a line of text, or above one; and what follows it is judged again."""
    assert without_boilerplate(Reading(f"{code}\n\nlogin\n")).text == f"{code}\n\n"


@given(st.text(alphabet="ab\n", max_size=40), st.lists(st.integers(0, 40), max_size=6, unique=True), st.integers(0, 40))
def test_what_is_left_is_where_the_map_says(text: str, cuts: list[int], at: int) -> None:
    """For any spans: letters before an offset are those before it that were kept."""
    bounds = sorted(cut for cut in cuts if cut <= len(text))
    spans = list(zip(bounds[::2], bounds[1::2], strict=False))
    at = min(at, len(text))
    left = without(Reading(text, pages=(Page(1, 0, at),), headings=(Heading(at, 1, "t"),)), spans)
    kept = [place for place in range(len(text)) if not any(start <= place < stop for start, stop in spans)]
    assert left.text == "".join(text[place] for place in kept)
    assert left.headings[0].start == left.pages[0].stop == sum(place < at for place in kept)


def test_a_base_remembers_what_it_was_asked(tmp_path: Path) -> None:
    """Off by default; asked for, files are read again; and so they are when it is taken back."""
    folder = tmp_path / "site"
    folder.mkdir()
    page = "<h1>Pump</h1><p>The pump turns left.</p><footer><p>© 2024 Acme Ltd.</p><p>Skip to main content</p></footer>"
    (folder / "pump.html").write_text(page)
    with KnowledgeBase.open(embedder="tfidf") as kb:

        def text() -> str:
            return kb.document_text(folder / "pump.html")

        kb.ingest([folder])
        assert "Acme" in text()
        report = kb.ingest([folder], selection=Selection(boilerplate=False))
        assert len(report.updated) == 1
        assert "Acme" not in text()
        assert any("2 blocks of boilerplate were left out" in note for note in report.notes)
        (folder / "valve.html").write_text(page.replace("pump", "valve"))
        assert len(kb.ingest([folder]).unchanged) == 1
        assert "Acme" not in kb.document_text(folder / "valve.html")
        assert len(kb.ingest([folder], selection=Selection(boilerplate=True)).updated) == 2
        assert "Acme" in text()


def test_real_pages_lose_only_what_is_boilerplate(shared: Path) -> None:
    """Over the documentation trees: what is left out is little, and every sentence of it is known as such."""
    left_out, kept = [], 0
    for path in sorted((shared / "docs").rglob("*.md"))[:400]:
        data = path.read_bytes()
        if not data.strip():
            continue
        whole = read_bytes(data, str(path)).text
        rest = read_bytes(data, str(path), Treatment(boilerplate=False)).text
        kept += len(rest)
        if rest != whole:
            blocks = re.split(r"\n\s*\n", whole)
            left_out += [block for block in blocks if block.strip() and block not in rest]
    assert sum(map(len, left_out)) < kept / 1000, left_out
