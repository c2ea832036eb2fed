"""Web pages and XML: all that a reader would see, and nothing else. Golden files: KB_REGENERATE=1 writes them again."""

# ruff: noqa: E501  a small page is easier to check when it stays on a line

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.errors import DamagedError, EmptyFileError, ReadError
from kb.ingest.readers.web import html_text
from kb.ingest.run.read import read_bytes
from places import GOLDEN

PAGE = """<!doctype html><html><head><meta charset="gbk"><title>员工手册 | 公司</title>
<style>.x{}</style><script>var DO_NOT_INDEX_ME = 1</script></head><body>
<nav><a href="/">首页</a> <a href="/a">产品</a></nav>
<header><h1>员工<em>手册</em></h1></header>
<main><p>第一段，<b>粗体</b>与<a href="http://x.y">链接</a>。<br>换行后。</p>
<h2 id="leave">假期 <a href="#leave">¶</a></h2>
<ul><li>年假 <ul><li>十天</li><li>满五年：十五天</li></ul></li><li><p>病假</p><p>需要证明</p></li></ul>
<ol start="3"><li>申请</li><li>批准</li></ol>
<table><caption>津贴</caption><thead><tr><th>城市</th><th>元/月</th></tr></thead>
<tr><td rowspan=2>深圳</td><td>1,000</td></tr><tr><td>2|000</td></tr><tr><td colspan="2">合计<br>三千</td></tr></table>
<pre><code class="language-python">def f():
    return "`"
</code></pre>
<blockquote><p>引用的话</p></blockquote>
<dl><dt>术语</dt><dd>解释</dd></dl>
<p hidden>看不见</p><p style="display: none">也看不见</p>
<img src="a.png" alt="组织结构图"><p>软\u00ad连字符 &amp; &lt;实体&gt; H<sub>2</sub>O <code>kb ingest</code></p></main>
<footer>© 2024 公司，<a href="/p">隐私</a></footer></body></html>"""

BOOK = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE book [<!ENTITY product "kb">]>
<book><title>Guide</title><chapter id="c1"><title>First</title>
<para>Install &product; with <command>pip</command> &mdash; it is quick.</para>
<section><title>Details</title><para>More text.</para></section></chapter>
<data><item code="A1"><name>Pen</name><price currency="EUR">1.50</price></item></data>
<rss><description>&lt;p&gt;Escaped &lt;b&gt;HTML&lt;/b&gt;&lt;/p&gt;</description></rss></book>"""


def golden(name: str, text: str) -> None:
    """Compare with a golden file, or write it when KB_REGENERATE=1 asks for that."""
    path = GOLDEN / name
    if os.environ.get("KB_REGENERATE") == "1":
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


def html(body: str) -> str:
    """Return the Markdown of a page."""
    return read_bytes(f"<html><body>{body}".encode(), "page.html").text


def test_a_page_becomes_markdown() -> None:
    """Headings, lists, tables, code and quotes are kept; scripts, styles, menus and hidden elements are not."""
    document = read_bytes(PAGE.encode("gb18030"), "page.html")
    golden("web_page.md", document.text)
    assert document.title == "员工手册 | 公司"
    assert document.encoding == "gb18030"
    assert document.notes == ("1 navigation blocks were left out",)
    assert [(heading.level, heading.title) for heading in document.headings] == [(1, "员工手册"), (2, "假期")]


def test_xml_becomes_headings_prose_and_data_lines() -> None:
    """Prose reads as prose, data as ``name: value``, declared and HTML entities are text, escaped HTML is read."""
    document = read_bytes(BOOK.encode(), "book.xml")
    golden("book_xml.md", document.text)
    assert document.notes == ()


def test_unclosed_and_crossed_tags_lose_no_word() -> None:
    """Markup that is broken in the usual ways is read as a browser would."""
    assert html("<p>alpha <b>beta <i>gamma</b> delta</i><p>epsilon").split() == [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
    ]
    assert html("Fish &amp; chips &lt;5&gt; &#20013;&bogus; &copy;") == "Fish & chips <5> 中&bogus; ©"


def test_words_of_neighbouring_blocks_stay_apart() -> None:
    """Cells, items and blocks are never glued together, inline markup never splits a word."""
    assert html("<div>one</div><div>two</div>three<br>four") == "one\n\ntwo\n\nthree\nfour"
    assert html("un<b>break</b>able") == "unbreakable"
    assert "one two" in html("<h2><div>one</div><div>two</div></h2>")


def test_layout_tables_are_read_in_order() -> None:
    """Tables that only lay out a page give their content block by block, headings included."""
    text = html("<table><tr><td><h2>News</h2><p>text</p></td></tr></table><table><tr><td>only column</td></tr></table>")
    assert text == "## News\n\ntext\n\nonly column"


def test_navigation_with_text_is_content() -> None:
    """A nav element that holds more than links is kept."""
    assert "a long explanation" in html("<nav>a long explanation of what is here <a href=x>go</a></nav><p>x</p>")


def test_a_title_is_text_where_no_heading_is() -> None:
    """A page without h1 gets its title as heading, so that it can be found."""
    assert read_bytes(b"<html><title>Report</title><body><p>x", "a.html").text == "# Report\n\nx"


def test_tens_of_thousands_of_nested_tags_are_read() -> None:
    """Depth costs neither a crash nor quadratic time."""
    started = time.process_time()
    assert html("<div>" * 20_000 + "deep" + "</div>" * 20_000) == "deep"
    assert html("<ul><li>" * 500 + "deep").strip().endswith("deep")
    assert html("<span>" * 20_000 + "deep") == "deep"
    assert html("<nav>" * 3_000 + "deep<a>link</a>") == "deeplink"
    assert len(html("<ul><li>a" * 3_000)) < 200_000
    assert time.process_time() - started < 20


def test_a_page_without_text_is_empty() -> None:
    """Nothing but script is nothing to read."""
    with pytest.raises(EmptyFileError):
        read_bytes(b"<html><script>x()</script>", "a.html")


def test_entity_expansion_and_external_entities_are_harmless(tmp_path: Path) -> None:
    """Ten to the ninth laughs are not expanded, and no file is opened."""
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "lol">{lines}]><r>before &l9;</r>'
    started = time.process_time()
    try:
        n_characters = len(read_bytes(laughs.encode(), "laughs.xml").text)
    except ReadError:
        n_characters = 0
    assert n_characters < 10_000_000
    assert time.process_time() - started < 10
    xxe = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">]><r>before &x; after</r>'
    assert "SECRET" not in read_bytes(xxe.encode(), "xxe.xml").text


def test_broken_xml_is_read_as_far_as_it_goes() -> None:
    """Crossed tags cost a note; what is no XML at all is damaged."""
    document = read_bytes(b"<?xml version='1.0'?><a><b>text</a></b>", "bad.xml")
    assert "text" in document.text
    assert "broken" in document.notes[0]
    with pytest.raises(DamagedError, match="not XML"):
        read_bytes(b"just words", "a.xml")


@given(st.text(alphabet="<>/abphlitdr1 \"'=&;!-\n中", max_size=200))
def test_any_markup_is_read_or_refused(text: str) -> None:
    """Random markup gives a document whose headings are in place, or a ReadError."""
    for name in ("a.html", "a.xml"):
        try:
            document = read_bytes(text.encode(), name)
        except ReadError:
            continue
        assert all(document.text[heading.start] == "#" for heading in document.headings)


@given(st.lists(st.text(alphabet="abc中é", min_size=1, max_size=8), min_size=1, max_size=20), st.randoms())
def test_no_word_of_a_page_is_lost(words: list[str], random: object) -> None:
    """Whatever well-formed markup words stand in, all of them are read, in order."""
    tags = ["p", "div", "li", "b", "td", "h2", "blockquote", "section", "dd", "span"]
    body = "".join(f"<{tag}>{word}</{tag}>\n" for word in words for tag in [random.choice(tags)])  # type: ignore[attr-defined]
    read = "".join(character for character in html(body) if character in "abc中é")
    assert read == "".join(words)


def test_reading_aids_do_not_stand_in_the_words() -> None:
    """Furigana and pinyin above characters are left out, as in Word's and OpenDocument's: they would part every word."""
    ruby = "<p><ruby>山路<rp>(</rp><rt>やまみち</rt><rp>)</rp></ruby>を<ruby>登<rt>のぼ</rt></ruby>りながら</p>"
    assert html_text(ruby) == "山路を登りながら"
    assert html_text(f"<h1>{ruby}</h1>") == "# 山路を登りながら"


@pytest.mark.parametrize(
    ("page", "marks"),
    [
        ("<ol type=A><li>x<li>x</ol>", "A. B."),
        ("<ol type=i start=3><li>x<li value=9>x<li>x</ol>", "iii. ix. x."),
        ("<ol reversed><li>x<li>x<li value=7>x<li>x</ol>", "4. 3. 7. 6."),
        ("<ol start=-1><li>x<li>x<li>x</ol>", "-1. 0. 1."),
        ("<ol style='LIST-STYLE : Upper-Roman inside' start=4><li>x<li type=a>x</ol>", "IV. e."),
        ("<ul style='list-style-type:lower-latin'><li>x<li value=26>x<li>x<li>x</ul>", "a. z. aa. ab."),
        ("<style>ol{list-style:none} .law>li,ol.b { margin:0; list-style-type:upper-alpha }</style><ol class=law><li>x</ol><p>y<ol class=b><li>x<li style='list-style-type:decimal'>x</ol>", "A. y A. 2."),
        ("<ol style='list-style: none'><li>x</ol>", "-"),
        ("<ol style='list-style-type: simp-chinese-informal' start=12><li>x</ol>", "十二、x"),
        ("<ol><li>x<ol type=a><li>x<li>x</ol><li>x</ol>", "1. a. b. 2."),
    ],
)  # fmt: skip
def test_items_have_the_numbers_a_browser_shows(page: str, marks: str) -> None:
    """Their form, start, value and direction, by attribute, style or style sheet."""
    assert [line.split()[0] for line in html(page).splitlines() if line] == marks.split()


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("<table><tr><td>pager<td>7731<tr><td>room<td>B12</table>", "pager, 7731; room, B12"),
        ("<h3>Big</h3>closed", "Big closed"),
        ("<pre><code>a | b\nc</code></pre>", "a \\| b c"),
        ("<ul><li>one<li>two</ul>", "one two"),
        ("<p>one<p>two", "one two"),
    ],
)
def test_a_table_stays_a_table_whatever_is_in_a_cell(inside: str, shown: str) -> None:
    """A table, a heading, code, a list: its rows keep their columns."""
    page = f"<table><tr><th>Ward<th>Nurse<tr><td>Cedar<td>{inside}<tr><td>Birch<td>Wren</table>"
    assert read_bytes(page.encode(), "a.html").text == (
        f"| Ward | Nurse |\n| --- | --- |\n| Cedar | {shown} |\n| Birch | Wren |"
    )
