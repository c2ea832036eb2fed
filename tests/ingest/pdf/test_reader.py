"""The PDF reader: what becomes of pages, lines and damage. The PDFs are made here, by fpdf2 or byte by byte."""

from __future__ import annotations

import io
import json
import os
import re

import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.errors import DamagedError, EmptyFileError, EncryptedError, InputError, ReadError
from kb.ingest.images.ocr import ocr_installed
from kb.ingest.layout.columns import unmix_columns
from kb.ingest.layout.content import Line
from kb.ingest.layout.furniture import furniture
from kb.ingest.layout.paragraphs import blocks
from kb.ingest.pdf.lines import TextLayer
from kb.ingest.pdf.pdfium import quote_boxes, render_page
from kb.ingest.pdf.reader import read_pdf
from kb.ingest.pdf.text import clean, garbled_share
from places import GOLDEN, SHARED

PROSE = (
    "The reactor is shut down when the pressure in the outer vessel exceeds four bar. An operator confirms the "
    "shutdown at the main panel and records the time in the log. Nobody may enter the hall before the pressure has "
    "fallen below one bar, and the log must be countersigned by the head of the shift before work begins again."
)


def pdf(*pages: str, **fonts: str) -> bytes:
    """Return a PDF with the given content streams; ``fonts`` are font dictionaries by resource name."""
    fonts = fonts or {"F1": "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"}
    resources = "".join(f"/{name} {font} " for name, font in fonts.items())
    kids = " ".join(f"{3 + 2 * index} 0 R" for index in range(len(pages)))
    bodies = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    for index, content in enumerate(pages):
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {4 + 2 * index} 0 R "
            f"/Resources << /Font << {resources}>> >> >>"
        )
        bodies.append(f"<< /Length {len(content.encode('latin-1'))} >>\nstream\n{content}\nendstream")
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1"))
    start = out.tell()
    out.write(f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out.write(f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def lines_at(*lines: tuple[float, float, str], size: int = 11) -> str:
    """Return a content stream with lines of text at places."""
    shown = "".join(f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n" for x, y, text in lines)
    return shown.strip()


def chinese(*lines: tuple[float, float, str]) -> bytes:
    """Return a page of Chinese in a font that is not embedded, as old Chinese programs write them."""
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [<< /Type /Font "
        "/Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) "
        "/Supplement 4 >> /DW 1000 /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 4 "
        "/FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 80 >> >>] >>"
    )
    shown = "".join(
        f"BT /F1 12 Tf 1 0 0 1 {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj ET\n" for x, y, text in lines
    )
    return pdf(shown, F1=font)


def typeset(text: str, align: str = "J") -> bytes:
    """Return a one-page PDF of a text set by fpdf2."""
    document = FPDF()
    document.add_page()
    document.set_font("Times", size=11)
    document.multi_cell(170, 5, text, align=align)
    return bytes(document.output())


def test_lines_flow_into_one_paragraph() -> None:
    """Lines that were broken to fit the page become one paragraph without line breaks."""
    assert read_pdf(typeset(PROSE), "a.pdf").text == PROSE


@pytest.mark.parametrize("align", ["L", "J"])
def test_paragraphs_stay_apart(align: str) -> None:
    """A gap between paragraphs parts them, in ragged and in justified text."""
    reading = read_pdf(typeset(f"{PROSE}\n\n{PROSE}", align), "a.pdf")
    assert reading.text.split("\n\n") == [PROSE, PROSE]


def test_short_lines_are_kept_apart() -> None:
    """Lines that were ended on purpose, as in an address, are not run together."""
    page = lines_at(
        (60, 700, "Wassily Leontief Institute for the study of things"), (60, 686, "12 Long Street"), (60, 672, "Ghent")
    )
    assert read_pdf(pdf(page), "a.pdf").text.splitlines() == [
        "Wassily Leontief Institute for the study of things",
        "12 Long Street",
        "Ghent",
    ]


def test_hyphenated_words_are_joined_as_the_document_writes_them() -> None:
    """A word parted at a line's end is one word again, but keeps a hyphen that it has elsewhere in the document."""
    page = lines_at(
        (60, 700, "There is a well-known method to measure the temper-"),
        (60, 686, "ature of the reactor, and it is a well-"),
        (60, 672, "known one that everybody in the whole plant knows of."),
    )
    text = read_pdf(pdf(page), "a.pdf").text
    assert "measure the temperature of the reactor" in text
    assert "it is a well-known one" in text


def test_chinese_lines_are_joined_without_spaces() -> None:
    """Chinese text goes on in the next line without a space."""
    data = chinese(
        (60, 700, "反应堆外壳压力超过四巴时应当立即停堆并由操作员在"),
        (60, 684, "主控制台确认停堆时间同时记录在当班日志之中以备查验"),
    )
    assert (
        read_pdf(data, "a.pdf").text
        == "反应堆外壳压力超过四巴时应当立即停堆并由操作员在主控制台确认停堆时间同时记录在当班日志之中以备查验"
    )


def test_lines_of_a_form_are_lines() -> None:
    """Also one that fills its line, where the next begins with a label too; in prose a colon parts nothing."""
    wide, term = (
        "投保人：王小明保险公司：中国人民财产保险股份有限公司",
        "保险期间：一年；到期以后可以续保，须于三十日前申请。",
    )
    made = chinese((60, 700, wide), (60, 684, term), (60, 668, "房屋主体保额五十万元，室内财产保额十万元，盗抢险"))
    assert read_pdf(made, "a.pdf").text.startswith(f"{wide}\n{term}")
    prose = "本保险承保的风险如下文所列并以附表所载的保额为上限即"
    assert "\n" not in read_pdf(chinese((60, 700, prose), (60, 684, term)), "a.pdf").text


def test_every_page_is_accounted_for() -> None:
    """A page without text has its place in the ledger, with a reason, between the pages with text."""
    reading = read_pdf(pdf(lines_at((60, 700, "First page")), "", lines_at((60, 700, "Third page"))), "a.pdf")
    assert [page.number for page in reading.pages] == [1, 2, 3]
    assert [page.how for page in reading.pages] == ["text", "empty", "text"]
    assert [reading.text[page.start : page.stop] for page in reading.pages] == ["First page", "", "Third page"]
    assert reading.pages[1].reason


def book(n_pages: int) -> bytes:
    """Return a PDF with a running title and page numbers."""
    return pdf(
        *(
            lines_at(
                (60, 800, "Handbook of the North Plant"),
                (60, 700, f"Chapter text {'abcdefghij'[number]} of the handbook, which is not repeated."),
                (60, 686, "Step 3"),
                (290, 40, f"- {number + 1} -"),
            )
            for number in range(n_pages)
        )
    )


def test_repeated_headers_and_page_numbers_are_dropped() -> None:
    """A running title is kept once, page numbers are dropped, the text between them is untouched."""
    text = read_pdf(book(5), "a.pdf").text
    assert text.count("Handbook of the North Plant") == 1
    assert not re.search(r"- \d -", text)
    assert all(f"Chapter text {letter} of" in text for letter in "abcde")


def test_a_page_of_nothing_but_a_header_keeps_it() -> None:
    """A page whose only line repeats is not made empty: its text stays, and the ledger says text."""
    reading = read_pdf(pdf(*[lines_at((60, 800, "Handbook of the North Plant"))] * 4), "a.pdf")
    assert [page.how for page in reading.pages] == ["text"] * 4


def test_two_pages_are_too_few_for_a_header() -> None:
    """With two pages nothing counts as repeated: both copies stay."""
    assert read_pdf(book(2), "a.pdf").text.count("Handbook of the North Plant") == 2


def a_line(text: str, height: float) -> Line:
    return Line.at(text, 60, height, 300, height + 12)


@given(st.lists(st.lists(st.text("ab 123", min_size=1, max_size=6), max_size=6), max_size=8))
def test_furniture_never_drops_the_last_copy_of_words(pages: list[list[str]]) -> None:
    """Whatever repeats, every line with a word in it survives on at least one page."""
    lines = [[a_line(text, 800 - 20 * index) for index, text in enumerate(page)] for page in pages]
    dropped = furniture(lines, [842.0] * len(lines))
    kept = {
        " ".join(line.text.split())
        for page, out in zip(lines, dropped, strict=True)
        for i, line in enumerate(page)
        if i not in out
    }
    for page in pages:
        for text in page:
            plain = " ".join(text.split())
            assert plain in kept or not any(c.isalpha() for c in plain) or re.search(r"\d", plain)


def test_numbered_steps_are_not_page_numbers() -> None:
    """Lines that count up with the pages but say something, such as steps, are kept on every page."""
    pages = [[a_line(f"Step {n}", 800), a_line(f"Do thing {'xyzuvw'[n]}", 700)] for n in range(1, 6)]
    assert not any(furniture(pages, [842.0] * len(pages)))


def test_two_columns_drawn_across_are_taken_apart() -> None:
    """Two columns whose lines were drawn alternately are read one after the other."""
    left = [
        f"left column line {word} goes on and fills it"
        for word in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    ]
    right = [line.replace("left", "next") for line in left]
    rows = zip(left, right, strict=True)
    page = lines_at(
        *((x, 700 - 14 * n, text) for n, row in enumerate(rows) for x, text in zip((60, 320), row, strict=True))
    )
    text = " ".join(read_pdf(pdf(page), "a.pdf").text.split())
    assert text == " ".join(left + right)


def test_notes_below_the_left_column_follow_the_right_one() -> None:
    """In smaller letters at its foot, they would part the sentence that goes on at the top of the right column."""
    left, right = (PROSE[at : at + 45] for at in (0, 45)), (PROSE[at : at + 45] for at in (90, 135))
    body = [
        (x, 700 - 14 * n, f"{text} {n}") for x, side in ((60, left), (320, right)) for n, text in enumerate([*side] * 5)
    ]
    page = lines_at(*sorted(body, key=lambda line: -line[1])) + "\n" + lines_at((60, 540, "1 A note."), size=8)
    text = read_pdf(pdf(page), "a.pdf").text
    assert text.index("1 A note.") > text.rindex(PROSE[135:160])


def test_raised_digits_run_into_no_word_or_amount() -> None:
    """The mark of a note behind a word, a full stop or an amount; digits on the line are what they are."""

    def marked(y: int, text: str, at: float, mark: str, rise: int = 4) -> str:
        return lines_at((60, y, text)) + "\n" + lines_at((at, y + rise, mark), size=7 if rise else 11)

    page = "\n".join((
        marked(700, "It cost 19,750", 126, "2"),
        marked(660, "An area of 40 m", 138.5, "2"),
        marked(620, "As was agreed.", 136, "1"),
        marked(580, "Form A", 96.5, "4", rise=0),
        marked(540, "Form B. No", 116.5, "4", rise=0),
    ))  # fmt: skip
    assert read_pdf(pdf(page), "a.pdf").text.replace(" ", "").split() == [
        *("Itcost19,750²", "Anareaof40m²", "Aswasagreed.¹", "FormA4", "FormB.No4"),
    ]


def test_a_table_is_not_taken_for_columns() -> None:
    """Rows of short cells stay rows."""
    rows = [
        [Line.at("Bolt M8", 60, 700 - n, 100, 712 - n), Line.at("12 pieces", 300, 700 - n, 350, 712 - n)]
        for n in range(0, 200, 14)
    ]
    assert unmix_columns(rows) is None


def test_aligned_rows_become_a_table() -> None:
    """Rows of aligned cells are a Markdown table, and the prose around them is not."""
    cells = [("Part", "Number", "Price"), ("Bolt M8", "12", "0.40"), ("Washer", "200", "0.02"), ("Valve", "1", "95.00")]
    rows = [(x, 660 - 14 * n, text) for n, row in enumerate(cells) for x, text in zip((60, 200, 300), row, strict=True)]
    page = lines_at((60, 700, PROSE[:75]), (60, 686, PROSE[75:150]), *rows, (60, 580, PROSE[:75]))
    assert read_pdf(pdf(page), "a.pdf").text.split("\n\n")[1].splitlines() == [
        "| Part | Number | Price |",
        "| --- | --- | --- |",
        "| Bolt M8 | 12 | 0.40 |",
        "| Washer | 200 | 0.02 |",
        "| Valve | 1 | 95.00 |",
    ]


def gridded(*rows: tuple[str, ...]) -> str:
    """Return the text of a page of rows in four columns, between lines of prose; "" is no cell."""
    placed = ((n, x, text) for n, row in enumerate(rows) for x, text in zip((60, 200, 300, 400), row, strict=True))
    cells = [(x, 700 - 16 * n, text) for n, x, text in placed if text]
    page = lines_at(
        (60, 780, PROSE[:75]), (60, 766, PROSE[75:150]), (60, 752, PROSE[150:225]), *cells, (60, 500, PROSE[:75])
    )
    return read_pdf(pdf(page), "a.pdf").text


def test_a_head_over_a_single_row_is_a_table() -> None:
    """A bill of one item: the quantity does not run into the name; two rows of words are none."""
    text = gridded(("Item", "Qty", "Price", "Amount"), ("Days in June", "15", "820.00", "12,300.00"))
    assert (
        "| Item | Qty | Price | Amount |\n| --- | --- | --- | --- |\n| Days in June | 15 | 820.00 | 12,300.00 |" in text
    )
    assert "|" not in gridded(("Name", "Born", "Place", "Trade"), ("Ada", "in May", "Riga", "smith"))


def test_a_table_goes_on_behind_a_remark() -> None:
    """A line below a row, as bills have them, ends no table; a title above another table does."""
    head, first, second = (
        ("Item", "Qty", "Price", "Amount"),
        ("Hall", "2", "40.00", "80.00"),
        ("Desk", "1", "9.00", "9.00"),
    )
    remark = ("(with heating)", "", "", "")
    text = gridded(head, first, remark, second)
    assert "| Hall | 2 | 40.00 | 80.00 |\n| (with heating) |  |  |  |\n| Desk | 1 | 9.00 | 9.00 |" in text
    apart = gridded(head, first, second, ("Other items", "", "", ""), head, second, first)
    assert "| Desk | 1 | 9.00 | 9.00 |\n\nOther items\n\n| Item | Qty |" in apart


def test_rows_that_lack_cells_belong_to_the_table_below() -> None:
    """A head without a name for the first column, and a row of two cells under it; numbers above a table are no head."""
    whole = ("Body work", "2", "150", "300"), ("Paint work", "1.5", "150", "225"), ("Other work", "3", "90", "270")
    text = gridded(("", "Hours", "Rate", "2026"), ("Parts", "", "", "2,100"), *whole)
    assert (
        "|  | Hours | Rate | 2026 |\n| --- | --- | --- | --- |\n| Parts |  |  | 2,100 |\n| Body work | 2 | 150 |"
        in text
    )
    assert "| Body work | 2 | 150 | 300 |\n| --- |" in gridded(("Order 712", "", "", "3 May"), *whole)


def priced(first: int, last: int, top: int, head: str = "") -> str:
    """Return a content stream with the rows of a table, with a head above them."""
    rows = [(f"T{number}", f"Box {number}", f"{number}.50", f"{number % 7}") for number in range(first, last)]
    lines = [tuple(head.split()), *rows] if head else rows
    places = ((60, 0), (160, 1), (330, 2), (450, 3))
    return lines_at(*((x, top - 18 * at, row[of]) for at, row in enumerate(lines) for x, of in places))


def test_a_table_that_goes_on_takes_its_head_along() -> None:
    """Also where its last cells are single digits, which PDFium gives as lines of their own."""
    text = read_pdf(pdf(priced(1, 30, 780, "Code Parcel Price Days"), priced(30, 50, 780)), "a.pdf").text
    head = "| Code | Parcel | Price | Days |\n| --- | --- | --- | --- |\n"
    assert text.count(head) == 2
    assert f"| T29 | Box 29 | 29.50 | 1 |\n\n{head}| T30 | Box 30 | 30.50 | 2 |" in text
    assert "| T49 | Box 49 | 49.50 | 0 |" in text


def test_a_new_table_on_the_next_page_keeps_its_own_head() -> None:
    """A row of names above numbers begins a table."""
    pages = priced(1, 30, 780, "Code Parcel Price Days"), priced(30, 50, 780, "Key Crate Cost Weeks")
    assert "| Key | Crate | Cost | Weeks |\n| --- |" in read_pdf(pdf(*pages), "a.pdf").text


def test_text_with_a_line_through_it_is_struck_out() -> None:
    """By a stroke or a flat box at the height of the letters' middle; one below the text, or across the page, is none."""
    page = lines_at(
        (60, 700, "Closed on Monday now"),
        (60, 660, "Open all day"),
        (60, 620, "Ruled off"),
        (60, 580, "A fee of 18 is due"),
    )
    drawn = "60 703.5 m 165 703.5 l S 60 658 m 130 658 l S 20 623.5 m 560 623.5 l S 101 583 12 0.8 re f"
    text = read_pdf(pdf(f"{page}\n{drawn}"), "a.pdf").text
    assert [line for line in text.splitlines() if line] == [
        "~~Closed on Monday now~~",
        "Open all day",
        "Ruled off",
        "A fee of ~~18~~ is due",
    ]


def test_text_that_an_annotation_strikes_out_is_marked() -> None:
    """As reviewers do in their PDF programs."""
    document = FPDF()
    document.add_page()
    document.set_font("Times", size=11)
    with document.highlight("", type="StrikeOut"):
        document.write(5, "The old rule.")
    document.ln(20)
    document.write(5, "The new rule.")
    assert read_pdf(bytes(document.output()), "a.pdf").text == "~~The old rule.~~\n\nThe new rule."


def test_bookmarks_become_headings() -> None:
    """Entries of the outline are headings where they stand in the text, with their levels."""
    document = FPDF()
    document.add_page()
    document.set_font("Times", size=11)
    for level, title in ((0, "1 Safety"), (1, "1.1 Shutdown")):
        document.start_section(title, level)
        document.multi_cell(0, 6, title, new_x="LMARGIN", new_y="NEXT")
        document.multi_cell(0, 6, PROSE, new_x="LMARGIN", new_y="NEXT")
    reading = read_pdf(bytes(document.output()), "a.pdf")
    assert [(h.level, h.title) for h in reading.headings] == [(1, "1 Safety"), (2, "1.1 Shutdown")]
    assert all(reading.text[h.start :].startswith("#" * h.level + " " + h.title) for h in reading.headings)


def test_large_lines_become_headings_without_an_outline() -> None:
    """A short line in a clearly larger size is a heading; body text never is."""
    page = (
        lines_at((60, 760, "Safety rules"), size=18) + "\n" + lines_at((60, 730, PROSE[:80]), (60, 716, PROSE[80:160]))
    )
    reading = read_pdf(pdf(page), "a.pdf")
    assert [(h.level, h.title) for h in reading.headings] == [(1, "Safety rules")]


def encrypted(user_password: str) -> bytes:
    document = FPDF()
    document.set_encryption(owner_password="owner", user_password=user_password)  # noqa: S106  a test's own
    document.add_page()
    document.set_font("Times", size=11)
    document.cell(text="Secret text")
    return bytes(document.output())


def test_a_password_is_asked_for() -> None:
    """A PDF that cannot be opened without a password says so; one that only restricts its use is read."""
    with pytest.raises(EncryptedError, match="password"):
        read_pdf(encrypted("user"), "a.pdf")
    assert read_pdf(encrypted(""), "a.pdf").text == "Secret text"


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"\0\1\2 no pdf at all", pdf()], ids=["cut off", "no pdf", "no pages"])
def test_damage_is_a_sentence(data: bytes) -> None:
    """What no parser can open, or has no pages, is reported as damaged with a sentence and what to do."""
    with pytest.raises(DamagedError, match=r"The PDF .*; export or download it again\."):
        read_pdf(data, "a.pdf")


def test_an_empty_file_is_called_empty() -> None:
    """Zero bytes are not damage but emptiness."""
    with pytest.raises(EmptyFileError):
        read_pdf(b"", "a.pdf")


def test_a_cut_off_end_is_repaired() -> None:
    """A PDF without its last bytes, as an interrupted download leaves it, is still read."""
    data = pdf(lines_at((60, 700, "Still here")))
    assert read_pdf(data[: data.rindex(b"xref\n0")], "a.pdf").text == "Still here"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_escapes_as_another_error(choice: st.DataObject) -> None:
    """Flipped bytes lead to a reading that accounts for its pages, or to a ReadError; to nothing else."""
    data = bytearray(pdf(lines_at((60, 700, "Some text")), lines_at((60, 700, "More text"))))
    for _ in range(choice.draw(st.integers(1, 20))):
        data[choice.draw(st.integers(0, len(data) - 1))] = choice.draw(st.integers(0, 255))
    try:
        reading = read_pdf(bytes(data), "a.pdf")
    except ReadError:
        return
    assert [page.number for page in reading.pages] == list(range(1, len(reading.pages) + 1))
    assert all(page.stop <= len(reading.text) for page in reading.pages)


GARBLED = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode << >> /Encoding << /Differences [32 {}] >> >>"


def test_garbled_text_is_marked_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters that no reader can make sense of are not passed off as text; sound lines of the page are kept."""
    monkeypatch.setattr("kb.ingest.images.ocr.ocr_installed", lambda: False)
    font = GARBLED.format(" ".join(f"/uniE{n:03X}" for n in range(90)))
    page = (
        "BT /F2 11 Tf 1 0 0 1 60 600 Tm (" + "GARBLED LETTERS " * 6 + ") Tj ET\n" + lines_at((60, 700, "A sound line"))
    )
    plain = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    reading = read_pdf(pdf(page, F1=plain, F2=font), "a.pdf")
    assert reading.text == "A sound line"
    assert reading.pages[0].how == "garbled"
    assert "kb-rag[ocr]" in reading.pages[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        PROSE,
        "反应堆压力超过四巴时停堆。",
        "α = 2π·r², ±5 °C → ok",
        "Привет, мир! Это текст.",
        "日本語とEnglishの混在",
    ],
)
def test_sound_text_is_not_garbled(text: str) -> None:
    """Text of any one language, formulas included, counts as sound."""
    assert garbled_share(text * 5) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "(cid:12)(cid:7)(cid:9) ",
        "\ufffd\ufffd\ufffd ",
        "\ue001\ue002\ue003 ",
        "Тhе соnтrоl pаnеl wаs lосkеd bесаusе Реtеr fоrgоt ",
    ],
)
def test_senseless_text_is_garbled(text: str) -> None:
    """Placeholders, private characters and words of mixed scripts count as senseless."""
    assert garbled_share(text * 10) > 0.9


def test_letters_that_only_fonts_know_become_plain() -> None:
    """Ligatures and CJK radicals become the letters that people type, so that they are found."""
    assert clean("e\ufb03cient\u00a0\u2f00\u2f08 so\u00adft") == "efficient 一人 soft"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("Договор вступает в силу со дня подписания", "cp1251"),
        ("Срок поставки составляет десять дней", "cp1251"),
        ("Η σύμβαση ισχύει από την υπογραφή", "cp1253"),
    ],
)
def test_letters_of_another_code_page_make_no_sense(text: str, page: str) -> None:
    """A font without a map to Unicode gives the bytes of windows-1251 as Latin-1: letters, but no words."""
    assert garbled_share(text.encode(page).decode("latin-1")) == 1.0
    assert garbled_share(text) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "Été où l'âne a été hâlé à côté, là où ça gêne",
        "ÄÖÜ und ÖÄÜ sind Umlaute; das Ärgernis der Übung im Öl",
        "Já não há pão; é lá que está o irmão são",
        "Það er á Íslandi; þú átt að æfa þig í því",
    ],
)
def test_accents_are_no_garble(text: str) -> None:
    """Words of many accents stand among others."""
    assert garbled_share(text) == 0.0


def as_image(data: bytes) -> bytes:
    """Return a PDF that shows the first page of another as a picture."""
    document = FPDF()
    document.add_page()
    document.image(io.BytesIO(render_page(data, 1, 2.0)), x=0, y=0, w=210)
    return bytes(document.output())


def test_an_image_without_ocr_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanned page is not called read when OCR is missing: the ledger says how to get it read."""
    monkeypatch.setattr("kb.ingest.images.ocr.ocr_installed", lambda: False)
    reading = read_pdf(as_image(pdf(lines_at((60, 700, "Scanned")))), "a.pdf")
    assert reading.text == ""
    assert reading.pages[0].how == "failed"
    assert "pip install 'kb-rag[ocr]'" in reading.pages[0].reason


@pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")
def test_a_scanned_page_is_recognised() -> None:
    """A page that is a picture of text is read by OCR and marked so."""
    reading = read_pdf(as_image(pdf(lines_at((60, 700, "Pressure valve inspection report"), size=20))), "a.pdf")
    assert "pressure valve inspection" in reading.text.lower()
    assert reading.pages[0].how == "ocr"


def test_a_quote_is_found_on_its_page() -> None:
    """The boxes of a quote cover the lines it stands on, whatever its line breaks and hyphens were."""
    page = lines_at((60, 700, "Nobody enters the hall before the temper-"), (60, 686, "ature has fallen."))
    boxes = quote_boxes(pdf(page), 1, "before the temperature has")
    assert len(boxes) == 2
    (left, top, right, bottom), second = boxes
    assert 60 < left < right < 595
    assert 842 - 715 < top < bottom < 842 - 690
    assert second[1] > top
    assert quote_boxes(pdf(page), 1, "not on this page") == ()


def test_a_page_is_rendered_as_png() -> None:
    """The image of a page is a PNG of the asked size that shows ink where there is text."""
    image = render_page(pdf(lines_at((60, 700, "Ink"), size=40)), 1, 1.0)
    assert image.startswith(b"\x89PNG")
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (595, 842)
    blank = render_page(pdf(""), 1, 1.0)
    assert len(image) > len(blank)
    with pytest.raises(InputError, match="no page 2"):
        render_page(pdf(""), 2, 1.0)


FIXTURES = ("files/docling/tests/data/pdf/sources/2305.03393v1-pg9.pdf", "folders/mini/embedded-images-tables.pdf")


@pytest.mark.parametrize("name", FIXTURES)
def test_real_files_read_as_recorded(name: str) -> None:
    """Real PDFs read as the golden record says; KB_REGENERATE=1 writes it again."""
    source = SHARED / "data" / name
    if not source.exists():
        pytest.skip(f"{source} is not there")
    reading = read_pdf(source.read_bytes(), source.name)
    n_letters = len(re.findall(r"\w", reading.text))
    found = {"start": reading.text[:200], "n_letters": n_letters, "pages": [page.how for page in reading.pages]}
    golden = GOLDEN / f"{source.name}.json"
    if os.environ.get("KB_REGENERATE") == "1":
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(golden.read_text(encoding="utf-8"))


def letter_by_letter(places: dict[str, list[tuple[float, float]]]) -> tuple[list[str], list[list[str]]]:
    """Return the lines and rows of a page that PDFium gives letter by letter; letters of ten points at (left, bottom)."""
    text = "\r\n".join(character for word in places for character in word)
    boxes = [box for word in places.values() for box in word]
    lines, rows = TextLayer(
        text,
        lambda index: (
            boxes[index // 3][0],
            boxes[index // 3][1] + 10,
            boxes[index // 3][0] + 10,
            boxes[index // 3][1],
        ),
    ).lines_and_rows()
    return [line.text for line in lines], [[piece.text for piece in row] for row in rows]


def test_a_page_taken_for_vertical_writing_is_put_together_again() -> None:
    """PDFium gives a table of contents letter by letter; letters of a line make words, a wide gap a row of two cells."""
    title, number = "4.6 Valves and pumps".replace(" ", ""), "19"
    behind = [(60.0 + 10 * n + 2 * (n > 2) + 2 * (n > 8) + 2 * (n > 11), 700.0) for n in range(len(title))]
    below = [(60.0 + 10 * n, 680.0) for n in range(6)]
    lines, rows = letter_by_letter({title: behind, number: [(400.0, 700.0), (410.0, 700.0)], "Motors": below})
    assert lines == ["4.6 Valves and pumps 19", "Motors"]
    assert rows == [["4.6 Valves and pumps", "19"], ["Motors"]]


def test_vertical_writing_flows_down_its_columns() -> None:
    """Japanese and Chinese set from top to bottom: a column is a line, the next one stands to its left."""
    first, second = "道路を横断している歩行者は速やかに", "横断を終わること"
    columns = {
        first: [(500.0, 700.0 - 11 * n) for n in range(len(first))],
        second: [(480.0, 700.0 - 11 * n) for n in range(len(second))],
    }
    assert letter_by_letter(columns) == ([first, second], [])


def test_a_heading_of_two_lines_is_one() -> None:
    """A title that was broken is whole again; large words elsewhere on the page are headings of their own."""
    text = "Running text that fills the whole width of the page and ends."
    body = [Line.at(text, 60, 500 - 14 * n, 400, 510 - 14 * n) for n in range(9)]
    title = [Line.at("Individual Privacy: a", 60, 700, 300, 720), Line.at("Formulation", 90, 670, 270, 690)]
    other = [Line.at("Orders", 320, 640, 390, 660), Line.at("2 Scope", 320, 610, 390, 630)]
    found = blocks([*title, *other, *body], lambda line: int(line.height > 15), lambda *_: True)
    assert [block.text for block in found if block.level] == ["Individual Privacy: a Formulation", "Orders", "2 Scope"]
