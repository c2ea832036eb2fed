"""Cells show what Excel shows: number formats whole, and dates of both epochs."""

# ruff: noqa: E501  the XML of a small file is easier to check when an element stays on a line

from __future__ import annotations

import io
import zipfile

import pytest
from kb.ingest.office.number_format import shown_number, shown_text
from kb.ingest.run.read import read_bytes

MATRIX = r"""
General|3|3
General|0.30000000000000004|0.3
General|1234567890123|1234567890123
|7|7
0.0%|0.0125|1.3%
0%|0.5|50%
0.00%|0.12345|12.35%
"$"#,##0.00|1234500.5|$1,234,500.50
#,##0;[Red](#,##0);"-"|-2300|(2,300)
#,##0;[Red](#,##0);"-"|0|-
#,##0;[Red](#,##0);"-"|450|450
[h]:mm|1.5|36:00
[h]:mm|0.25|6:00
[mm]:ss|0.0625|90:00
[h]:mm:ss|2.000011574|48:00:01
[s]|0.01|864
mm:ss|0.003472222|05:00
mm:ss.0|0.000006|00:00.5
0.0,"k"|45200|45.2k
0.0,,"M"|1234567|1.2M
#,##0.0,|1234567|1,234.6
0"台"|3|3台
00000|42|00042
000-00-0000|123456789|123-45-6789
(###) ###-####|5551234567|(555) 123-4567
0000-00|202601|2026-01
0.00E+00|12345|1.23E+04
0.00E+00|0.00012345|1.23E-04
0.00E+00|9.999|1.00E+01
0E-0|1200|1E3
##0.0E+0|12345|12.3E+3
# ?/?|2.5|2 1/2
# ??/??|0.3125|5/16
# ?/8|1.25|1 2/8
?/?|1.5|3/2
# ?/?|3|3
[$€-407] #,##0.00|12.5|€ 12.50
#,##0.00 [$€-407]|1234.5|1,234.50 €
[$USD] 0|5|USD 5
_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)|-5|$(5.00)
_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)|0|$-
_-* #,##0.00 _€_-|12|12.00
[>=1000]0.0,"k";0|1500|1.5k
[>=1000]0.0,"k";0|15|15
[<1]0.00;[>=100]0;0.0|0.5|0.50
[<1]0.00;[>=100]0;0.0|12.34|12.3
0.00|-1.005|-1.01
0|2.5|3
0|-2.5|-3
0|0.5|1
0.00|1.115|1.12
#,##0.00|1234.5|1,234.50
#,##0|0|0
#,###|0|
#.##|0.5|.5
0.##|2.5|2.5
0.##|2|2
0.0#|2|2.0
0.00;-0.00|-1.5|-1.50
0.00;[Red]0.00|-1.5|1.50
0;0;|0|
;;;|5|
0 "days"|12|12 days
"No. "0|7|No. 7
\#0|7|#7
0\x|3|3x
@|12|12
General"台"|12|12台
[DBNum1][$-804]General|126000|一十二万六千
[DBNum2][$-804]General|126000|壹拾贰万陆仟
[DBNum1]0|21|二十一
¥#,##0|5000|¥5,000
#,##0 "m²"|80|80 m²
+0.0;-0.0;0.0|1.25|+1.3
0.000|1234567.8912|1234567.891
m/d/yyyy h:mm|45292.75|2024-01-01 18:00
dd/mm/yyyy hh:mm:ss|45292.123456|2024-01-01 02:57:47
h:mm|0.25|06:00
h:mm AM/PM|0.75|18:00
"Year" yyyy|45292|Year 2024
hh:mm "Uhr"|0.75|18:00 Uhr
"截至"yyyy\-mm\-dd|45292|截至2024-01-01
[$-411]ggge"年"m"月"d"日"|45292|2024年1月1日
[$-411]ggge.m.d|45292|2024-01-01
General|0.00001|0.00001
General|-0.0000012|-0.0000012
General|0.0000123456789|1.23456789E-05
General|1e20|1E+20
0;@|-5|-5
"@"0|5|@5
yyyy"年"m"月"d"日"|45826|2025年6月18日
h"时"mm"分"|0.4|9时36分
yyyy\-mm\-dd|46096|2026-03-15
mmm-yy|45292|2024-01
[$-F800]dddd, mmmm dd, yyyy|45292|2024-01-01
d mmmm yyyy|1|1900-01-01
d mmmm yyyy|59|1900-02-28
d mmmm yyyy|60|1900-02-29
d mmmm yyyy|61|1900-03-01
yyyy-mm-dd|-1|-1
"""
ROWS = [line.split("|") for line in MATRIX.strip("\n").split("\n")]


@pytest.mark.parametrize(("code", "value", "shown"), ROWS)
def test_a_number_shows_as_its_format_says(code: str, value: str, shown: str) -> None:
    """Currencies, signs, sections, scaling, fractions, exponents, durations, Chinese numerals; dates read as ISO 8601."""
    assert shown_number(float(value), code) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ('"Mr. "@', "Mr. a  b"), (";;;", ""), ("0;0", "a  b"), ('0;0;0;"to "@"!"', "to a  b!"), ("_(@_)", "a  b"),
        ("@", "a  b"), ("General", "a  b"), ("yyyy", "a  b"), ('0;0;0;"none"', "none"), ('0;[Red]"no "@', "no a  b"), ("0;0;0;[Red]", "a  b"),
    ],
)  # fmt: skip
def test_a_text_shows_as_its_format_says(code: str, shown: str) -> None:
    """By the fourth section, or the last that has a place for it; as it is under any other format."""
    assert shown_text("a  b", code) == shown


def test_the_matrix_is_large() -> None:
    """At least sixty formats are compared."""
    assert len(ROWS) >= 60


def test_dates_of_both_epochs() -> None:
    """Old Macs count from 1904."""
    assert shown_number(0, "yyyy-mm-dd", since_1904=True) == "1904-01-01"
    assert shown_number(44634, "yyyy-mm-dd", since_1904=True) == "2026-03-15"
    assert shown_number(46096, "yyyy-mm-dd") == "2026-03-15"


@pytest.mark.parametrize("code", r'0;;0;0;0 [ " \ [h E+ / #/ 0.0.0 ,,, [>x]0 %% _ * [DBNum1]0.0'.split())  # noqa: SIM905
def test_no_format_is_an_error(code: str) -> None:
    """Whatever stands in a damaged file, a number is a number."""
    assert isinstance(shown_number(12.5, code), str)
    assert isinstance(shown_number(-0.0, code), str)


def test_a_workbook_shows_its_texts_under_their_formats() -> None:
    """Texts in the cell, shared, and made by a formula."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = "<c t='inlineStr' s='0'><is><t>Smith</t></is></c><c t='s' s='0'><v>0</v></c><c t='str' s='0'><v>Lee</v></c><c s='0'><v>5</v></c>"
    kinds = "".join(
        f"<Relationship Id='{kind}' Type='x/{kind}' Target='{kind}.xml'/>"
        for kind in ("worksheet", "styles", "sharedStrings")
    )
    parts = {
        "xl/workbook.xml": f"<workbook {main} xmlns:r='r'><sheets><sheet name='Sheet1' r:id='worksheet'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{kinds}</Relationships>",
        "xl/worksheet.xml": f"<worksheet {main}><sheetData><row>{cells}</row></sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst {main}><si><t>Wang</t></si></sst>",
        "xl/styles.xml": f"<styleSheet {main}><numFmts><numFmt numFmtId='164' formatCode='0;&quot;Mr. &quot;@'/></numFmts>"
        "<cellXfs><xf numFmtId='164'/></cellXfs></styleSheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert read_bytes(out.getvalue(), "a.xlsx").text.splitlines()[0] == "| Mr. Smith | Mr. Wang | Mr. Lee | 5 |"
