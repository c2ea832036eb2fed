"""The numbers of list items are those that the office program shows: their forms, and how they are counted."""

# ruff: noqa: E501  the XML of a small file is easier to check when an element stays on a line

from __future__ import annotations

import io
import zipfile

import pytest
from kb.ingest.office.list_numbers import numeral
from kb.ingest.run.read import read_bytes

FORMS = """
decimal 7 7 | decimalZero 7 07 | decimalZero 12 12 | lowerLetter 1 a | lowerLetter 26 z | lowerLetter 27 aa | upperLetter 28 BB
lowerRoman 4 iv | upperRoman 9 IX | upperRoman 49 XLIX | upperRoman 2024 MMXXIV | ordinal 1 1st | ordinal 2 2nd | ordinal 3 3rd
ordinal 11 11th | ordinal 22 22nd | ordinal 113 113th | ordinalText 1 First | ordinalText 12 Twelfth | ordinalText 21 Twenty-first
ordinalText 30 Thirtieth | cardinalText 2 Two | cardinalText 45 Forty-five | chineseCounting 3 三 | chineseCounting 10 十
chineseCounting 11 十一 | chineseCounting 20 二十 | chineseCounting 99 九十九 | chineseCounting 105 一○五
chineseCountingThousand 10 十 | chineseCountingThousand 100 一百 | chineseCountingThousand 101 一百零一
chineseCountingThousand 110 一百一十 | chineseCountingThousand 115 一百一十五 | chineseCountingThousand 999 九百九十九
chineseCountingThousand 1001 一千零一 | chineseCountingThousand 1260 一千二百六十 | taiwaneseCountingThousand 10001 一萬零一
japaneseCounting 100 百 | japaneseCounting 111 百十一 | ideographDigital 10 一〇 | taiwaneseDigital 20 二○ | chineseLegalSimplified 3 叁
chineseLegalSimplified 12 壹拾贰 | ideographLegalTraditional 26 貳拾陸 | japaneseLegal 3 参 | ideographTraditional 2 乙
ideographTraditional 10 癸 | ideographZodiac 3 寅 | ideographZodiacTraditional 1 甲子 | decimalEnclosedCircle 3 ③
decimalEnclosedCircleChinese 20 ⑳ | decimalEnclosedCircle 21 ㉑ | decimalEnclosedCircle 51 51 | decimalEnclosedParen 2 ⑵
decimalEnclosedFullstop 5 ⒌ | ideographEnclosedCircle 1 ㊀ | decimalFullWidth 12 １２ | aiueoFullWidth 2 イ | iroha 3 ハ | ganada 2 나
chosung 3 ㄷ | koreanDigital 12 일이 | russianLower 3 в | russianUpper 4 Г | hex 30 1E | numberInDash 4 -_4_- | chicago 2 †
unheardOf 5 5 | lowerRoman 0 0
"""


def matrix() -> list[tuple[str, int, str]]:
    """Return form, number and what is shown."""
    rows = (entry.split() for line in FORMS.strip().splitlines() for entry in line.split(" | "))
    return [(form, int(number), shown.replace("_", " ")) for form, number, shown in rows]


@pytest.mark.parametrize(("form", "number", "shown"), matrix())
def test_a_number_has_the_form_that_is_shown(form: str, number: int, shown: str) -> None:
    """Letters, Roman and Chinese numerals, stems, circles, ordinals."""
    assert numeral(number, form) == shown


def test_the_matrix_is_large() -> None:
    """At least forty forms are compared."""
    assert len(matrix()) >= 40


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def level(depth: int, form: str, text: str, more: str = "", start: int = 1) -> str:
    """Return a level of a list."""
    return f"<w:lvl w:ilvl='{depth}'><w:start w:val='{start}'/><w:numFmt w:val='{form}'/>{more}<w:lvlText w:val='{text}'/></w:lvl>"


def word(items: str, levels: str, nums: str = "", styles: str = "") -> list[str]:
    """Return the lines of a document of items ``depth`` or ``list:depth``, with one abstract list."""
    paragraphs = []
    for item in items.split():
        number_id, _, depth = item.rpartition(":")
        paragraphs.append(
            f"<w:p><w:pPr><w:numPr><w:ilvl w:val='{depth}'/><w:numId w:val='{number_id or 1}'/></w:numPr></w:pPr><w:r><w:t>x</w:t></w:r></w:p>"
            if depth.isdigit()
            else f"<w:p><w:pPr><w:pStyle w:val='{depth}'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>"
        )
    text = word_text("".join(paragraphs), levels, nums, styles)
    return [line.strip().removesuffix(" x") for line in text.splitlines() if line]


def word_text(body: str, levels: str, nums: str = "", styles: str = "") -> str:
    """Return the text of a document with one abstract list."""
    numbering = f"<w:numbering {W}><w:abstractNum w:abstractNumId='0'>{levels}</w:abstractNum><w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>{nums}</w:numbering>"
    parts = {
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": "<Relationships><Relationship Id='n' Type='x/numbering' Target='numbering.xml'/><Relationship Id='s' Type='x/styles' Target='styles.xml'/></Relationships>",
        "word/numbering.xml": numbering,
        "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return read_bytes(out.getvalue(), "a.docx").text


CHAPTERS = level(0, "chineseCountingThousand", "第%1章")
ARTICLES = level(1, "chineseCountingThousand", "第%2条", "<w:lvlRestart w:val='0'/>")


def test_articles_count_on_through_chapters() -> None:
    """A level that is said never to begin again does not, as in every Chinese statute."""
    assert word("0 1 1 0 1", CHAPTERS + ARTICLES) == ["第一章", "第一条", "第二条", "第二章", "第三条"]


def test_a_level_begins_again_where_it_is_said_to() -> None:
    """Only below the level that is named, or one above that; without a word, below every level."""
    three = level(0, "decimal", "%1") + level(1, "decimal", "%1.%2")
    assert word("0 1 2 1 2 0 2", three + level(2, "lowerLetter", "%3", "<w:lvlRestart w:val='1'/>")) == [
        *("1", "1.1", "a", "1.2", "b", "2", "a"),
    ]
    assert word("0 1 2 1 2", three + level(2, "lowerLetter", "%3")) == ["1", "1.1", "a", "1.2", "a"]


def test_legal_numbers_are_digits() -> None:
    """Article IV has the section 4.1 where the level is legal."""
    levels = level(0, "upperRoman", "Article %1.", start=4) + level(1, "decimal", "%1.%2", "<w:isLgl/>")
    assert word("0 1 0 1", levels) == ["Article IV.", "4.1", "Article V.", "5.1"]


def test_a_list_that_is_begun_anew_begins_where_it_says() -> None:
    """An override of the start makes an instance count for itself from there."""
    again = "<w:num w:numId='2'><w:abstractNumId w:val='0'/><w:lvlOverride w:ilvl='0'><w:startOverride w:val='5'/></w:lvlOverride></w:num>"
    assert word("0 0 2:0 2:0 0", level(0, "decimal", "%1."), again) == ["1.", "2.", "5.", "6.", "3."]


def test_the_level_of_a_style_is_the_one_that_names_it() -> None:
    """A style names its list; which level is its own stands there."""
    levels = level(0, "decimal", "%1", "<w:pStyle w:val='A'/>") + level(1, "decimal", "%1.%2", "<w:pStyle w:val='B'/>")
    style = (
        "<w:style w:styleId='{}' w:type='paragraph'><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:style>"
    )
    assert word("A B B A B", levels, styles=style.format("A") + style.format("B")) == ["1", "1.1", "1.2", "2", "2.1"]


def test_a_form_may_be_given_by_its_first_numbers() -> None:
    """As Word writes numbers of three digits; a level without numbers shows its text."""
    custom = "<w:lvl w:ilvl='0'><w:numFmt w:val='custom' w:format='001, 002, 003, ...'/><w:lvlText w:val='%1'/></w:lvl>"
    assert word("0 0", custom) == ["001", "002"]
    assert word("0 0", level(0, "none", "Note:")) == ["Note:", "Note:"]


def numbered(text: str, mark: str = "", run: str = "") -> str:
    """Return a paragraph of the list, with properties of its mark and of its only run."""
    inner = f"<w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r>" if text else ""
    return f"<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr><w:rPr>{mark}</w:rPr></w:pPr>{inner}</w:p>"


def test_an_empty_paragraph_counts_and_a_hidden_or_deleted_one_does_not() -> None:
    """Word numbers an empty line; one hidden or deleted with its end has no number, and is none of the count."""
    hidden = "<w:vanish/>"
    body = (
        numbered("one") + numbered("") + numbered("two") + numbered("unseen", hidden, hidden) + numbered("", "<w:del/>")
    )
    body += numbered("end seen", "", hidden) + numbered("last")
    assert word_text(body, level(0, "decimal", "%1.")).splitlines() == [
        *("1. one", "3. two", "", "~~(hidden) unseen~~", "", "4. ~~(hidden) end seen~~", "5. last"),
    ]


def test_numbers_in_cells_are_shown_and_counted() -> None:
    """An automatic column of numbers, in tables in cells too, and the list behind that goes on."""

    def cell(inner: str) -> str:
        return f"<w:tc>{inner}</w:tc>"

    named = [cell(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>") for text in ("序号", "名称", "甲", "乙")]
    rows = (named[0] + named[1], cell(numbered("")) + named[2], cell(numbered("") + numbered("x")) + named[3])
    inside = f"<w:tbl><w:tr>{cell(numbered('a'))}{cell(numbered('b'))}</w:tr></w:tbl>"
    table = "".join(f"<w:tr>{row}</w:tr>" for row in (*rows, cell(inside) + cell(numbered("c"))))
    text = word_text(numbered("first") + f"<w:tbl>{table}</w:tbl>" + numbered("last"), level(0, "decimal", "%1."))
    assert text.splitlines() == [
        *("1. first", "", "| 序号 | 名称 |", "| --- | --- |", "| 2. | 甲 |", "| 3. 4. x | 乙 |"),
        *("| 5. a, 6. b | 7. c |", "", "8. last"),
    ]


def opendocument(body: str, styles: str) -> str:
    """Return the text of an OpenDocument text."""
    spaces = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("office", "style", "text", "loext"))
    content = f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("content.xml", content)
    return read_bytes(out.getvalue(), "a.odt").text


def test_opendocument_numbers_show_the_levels_above() -> None:
    """By a count of levels, or as LibreOffice writes it; Chinese forms are known by their first numbers."""
    number = "<text:list-level-style-number text:level='{}' style:num-format='{}' {}/>"
    levels = number.format(1, "1", "style:num-suffix='.'") + number.format(2, "a", "text:display-levels='2'")
    item = "<text:list-item><text:p>x</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('') * 2}</text:list>"
    lists = f"<text:list text:style-name='L'>{item.format(inner) * 2}</text:list>"
    plain = opendocument(lists, f"<text:list-style style:name='L'>{levels}</text:list-style>")
    assert [line.split()[0] for line in plain.splitlines()] == ["1.", "1.a", "1.b", "2.", "2.a", "2.b"]
    chinese = number.format(1, "一, 二, 三, ...", "loext:num-list-format='第%1%条'")
    shown = opendocument(
        f"<text:list text:style-name='L'>{item.format('') * 11}</text:list>",
        f"<text:list-style style:name='L'>{chinese}</text:list-style>",
    )
    assert shown.splitlines()[-1] == "第十一条 x"


def test_opendocument_headings_have_their_numbers() -> None:
    """Where the outline gives them some."""
    outline = "<text:outline-style><text:outline-level-style text:level='1' style:num-format='1'/><text:outline-level-style text:level='2' style:num-format='1' text:display-levels='2'/></text:outline-style>"
    heading = "<text:h text:outline-level='{}'>x</text:h>"
    text = opendocument("".join(map(heading.format, "12212")), outline)
    assert text.split("\n\n") == ["# 1 x", "## 1.1 x", "## 1.2 x", "# 2 x", "## 2.1 x"]


def slide(body: str, layout: str = "") -> str:
    """Return the text of a slide with one placeholder, and a layout that has a list style for it."""
    spaces = 'xmlns:p="p" xmlns:a="a" xmlns:r="r/"'
    shape = "<p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph idx='1'/></p:nvPr></p:nvSpPr><p:txBody>{}</p:txBody></p:sp></p:spTree></p:cSld>"
    parts = {
        "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst><p:sldId id='256' r:id='r1'/></p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": "<Relationships><Relationship Id='r1' Type='x/slide' Target='1.xml'/></Relationships>",
        "ppt/1.xml": f"<p:sld {spaces}>{shape.format(body)}</p:sld>",
        "ppt/_rels/1.xml.rels": "<Relationships><Relationship Id='r1' Type='x/slideLayout' Target='2.xml'/></Relationships>",
        "ppt/2.xml": f"<p:sldLayout {spaces}>{shape.format(f'<a:lstStyle>{layout}</a:lstStyle>')}</p:sldLayout>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return read_bytes(out.getvalue(), "a.pptx").text


def point(text: str, mark: str = "", deep: int = 0) -> str:
    """Return a paragraph of a slide."""
    return f"<a:p><a:pPr lvl='{deep}'>{mark}</a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>"


def test_another_form_or_start_begins_anew_on_a_slide() -> None:
    """A sequence is one form from one start; what is deeper does not end it."""
    auto = "<a:buAutoNum type='{}' {}/>".format
    letters, roman, circle = auto("alphaLcParenR", ""), auto("romanUcPeriod", ""), auto("circleNumDbPlain", "")
    body = point("x", letters) + point("first", roman) + point("deep", circle, 1) + point("second", roman)
    body += (
        point("c", circle)
        + point("e", auto("arabicParenBoth", ""))
        + point("f", auto("arabicParenBoth", "startAt='5'")) * 2
    )
    assert slide(body).splitlines() == [
        *("a) x", "I. first", "  ① deep", "II. second", "① c", "(1) e", "(5) f", "(6) f"),
    ]


def test_numbers_come_from_the_list_style_of_a_shape_or_its_layout() -> None:
    """The paragraph's own mark goes first, then its shape's, then its layout's, each by level."""
    style = "<a:lvl1pPr><a:buAutoNum type='{}'/></a:lvl1pPr>"
    layout = style.format("arabicPeriod") + "<a:lvl2pPr><a:buAutoNum type='alphaLcPeriod'/></a:lvl2pPr>"
    body = point("a") + point("b", deep=1) + point("c") + point("d", "<a:buNone/>")
    assert slide(body, layout).splitlines() == ["1. a", "  a. b", "2. c", "d"]
    own = f"<a:lstStyle>{style.format('romanLcPeriod')}</a:lstStyle>"
    assert slide(own + body, layout).splitlines() == ["i. a", "  a. b", "ii. c", "d"]


def test_numbers_in_cells_of_a_slide_are_shown() -> None:
    """Each cell counts for itself; bullets in it are left out."""
    auto = point("x", "<a:buAutoNum type='arabicPeriod'/>")
    cells = "".join(f"<a:tc><a:txBody>{each}</a:txBody></a:tc>" for each in (auto * 2, point("y", "<a:buChar/>")))
    frame = f"<a:tbl><a:tr>{cells}</a:tr></a:tbl>"
    assert slide(f"</p:txBody></p:sp><p:graphicFrame>{frame}</p:graphicFrame><p:sp><p:txBody>").startswith(
        "| 1. x 2. x | y |"
    )
