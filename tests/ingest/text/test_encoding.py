"""Encodings: the right text from bytes that do not say what they are."""

from __future__ import annotations

import csv
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.errors import DamagedError, EmptyFileError, ReadError
from kb.ingest.text.encoding import SAMPLE_BYTES, decode, repair

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = {
    "hans": "本公司成立于1998年，总部位于深圳，主要从事软件开发与技术服务。员工每年享有十天带薪年假。",
    "hant": "本公司成立於1998年，總部位於臺北，主要從事軟體開發與技術服務。員工每年享有十天特別休假。",
    "ja": "当社は1998年に設立され、本社は東京にあります。社員には年に十日の有給休暇があります。",
    "ko": "우리 회사는 1998년에 설립되었으며 본사는 서울에 있습니다. 직원은 매년 열흘의 휴가를 받습니다.",
    "ru": "Компания основана в 1998 году, главный офис находится в Москве. Сотрудники получают отпуск.",
    "uk": "Компанія заснована в 1998 році, її головний офіс знаходиться у Києві. Працівники мають відпустку.",
    "fr": "La société a été fondée en 1998 ; le siège est à Paris. Les salariés ont droit à des congés payés.",
    "de": "Die Gesellschaft wurde 1998 gegründet und hat ihren Sitz in München. Alle Beschäftigten erhalten Urlaub.",
    "pl": "Spółka została założona w 1998 roku. Pracownicy mają prawo do dziesięciu dni płatnego urlopu. Gęślą jaźń.",
    "cs": "Společnost byla založena v roce 1998 a sídlí v Praze. Zaměstnanci mají nárok na dovolenou.",
    "el": "Η εταιρεία ιδρύθηκε το 1998 και η έδρα της βρίσκεται στην Αθήνα. Οι εργαζόμενοι έχουν άδεια.",
    "he": "החברה נוסדה בשנת 1998 ומשרדה הראשי נמצא בתל אביב. העובדים זכאים לחופשה בתשלום.",
    "ar": "تأسست الشركة عام 1998 ويقع مقرها الرئيسي في القاهرة. يحق للموظفين إجازة مدفوعة الأجر.",
    "th": "บริษัทก่อตั้งเมื่อปี 1998 สำนักงานใหญ่อยู่ที่กรุงเทพ พนักงานมีสิทธิลาพักร้อน",
    "tr": "Şirket 1998 yılında kuruldu ve merkezi İstanbul'dadır. Çalışanların ücretli izin hakkı vardır.",
}
ENCODINGS = [
    *[("hans", name) for name in ("gbk", "gb18030", "hz", "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-16")],
    *[("hant", name) for name in ("big5", "gb18030", "utf-16-le", "utf-8-sig")],
    *[("ja", name) for name in ("shift_jis", "euc-jp", "iso-2022-jp", "utf-16-be")],
    *[("ko", name) for name in ("euc-kr", "johab", "iso-2022-kr", "utf-16-le")],
    *[("ru", name) for name in ("windows-1251", "koi8-r", "cp866", "iso-8859-5", "mac-cyrillic", "cp855")],
    *[("uk", name) for name in ("windows-1251", "koi8-u")],
    *[("fr", name) for name in ("windows-1252", "mac-roman", "cp850")],
    *[("de", name) for name in ("windows-1252", "cp850", "utf-16-le")],
    *[("pl", name) for name in ("windows-1250", "iso-8859-2", "cp852")],
    *[("cs", name) for name in ("windows-1250", "iso-8859-2")],
    *[("el", name) for name in ("windows-1253", "iso-8859-7")],
    ("he", "windows-1255"),
    ("ar", "windows-1256"),
    ("th", "tis-620"),
    ("tr", "windows-1254"),
]


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_a_sentence_is_decoded_right(language: str, encoding: str) -> None:
    """Two sentences are enough to tell every encoding that kb knows."""
    text = SAMPLES[language]
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("联通", "gbk"),
        ("联系电话", "gbk"),
        ("合同编号：2023-0417", "gbk"),
        ("測試文件", "big5"),
        ("会議室予約", "shift_jis"),
        ("東京都", "euc-jp"),
        ("안녕하세요", "euc-kr"),
        ("Привет мир", "koi8-r"),
        ("Müller", "windows-1252"),
        ("café", "utf-8"),
        ('"éé"', "utf-8"),
        ("ʤʭʘ", "utf-8"),
        ("“Hello”", "windows-1252"),
        ("hello", "utf-16-le"),
    ],
)
def test_a_few_words_are_decoded_right(text: str, encoding: str) -> None:
    """File names, labels and one-line notes are decoded too, "联通" among them, which Notepad is famous for failing on."""
    assert decode(text.encode(encoding)).text == text


def test_a_declaration_decides_what_the_text_leaves_open() -> None:
    """The declared encoding wins between readings that are about as likely."""
    data = "résumé".encode("mac-roman")
    assert decode(data, "macintosh").text == "résumé"


def test_a_false_declaration_is_not_believed() -> None:
    """GBK that says it is UTF-8, and UTF-8 that says it is Latin-1, are read as what they are."""
    text = SAMPLES["hans"]
    assert decode(text.encode("gbk"), "utf-8").text == text
    assert decode(text.encode("gbk"), "iso-8859-1").text == text
    assert decode(text.encode(), "iso-8859-1").text == text
    assert decode(text.encode(), "no-such-encoding").text == text
    assert decode(text.encode("gbk"), "unknown-8bit").text == text


def test_a_few_broken_bytes_are_replaced_with_a_note() -> None:
    """Damage in the middle and at the end costs the damaged characters only, and is said."""
    data = SAMPLES["hans"].encode()
    decoded = decode(data[:30] + b"\xff\xfe" + data[30:-1])
    assert decoded.encoding == "utf-8"
    assert decoded.confidence < 0.7
    assert "replaced" in decoded.notes[0]
    assert decoded.text.startswith("本公司成立于")
    assert "带薪年假" in decoded.text


def test_lines_in_two_encodings_are_both_read() -> None:
    """A log that a UTF-8 and a GBK program wrote to is read line by line, with a note."""
    decoded = decode("第一行是 UTF-8。\n".encode() + "第二行是 GBK。\n".encode("gbk"))
    assert decoded.text == "第一行是 UTF-8。\n第二行是 GBK。\n"
    assert "mixes" in decoded.notes[0]


def test_a_declared_encoding_under_another_name_may_be_mixed_too() -> None:
    """``euc_jp`` is Python's name for it: lines of it among lines of UTF-8 are read."""
    line = f"{SAMPLES['ja']}\n"
    decoded = decode((line.encode("euc-jp") * 8) + line.encode(), "euc_jp")
    assert decoded.text == line * 9
    assert "mixes" in decoded.notes[0]


def test_certain_readings_carry_no_note() -> None:
    """Notes are for what a user should look at."""
    assert decode(SAMPLES["hans"].encode("gbk")).notes == ()
    assert decode(b"plain ASCII").confidence == 1.0


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 40,
        b"\x00\x01\x02\x03" * 500,
        b"\x01\x02\x03\x1a" * 500,
        b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 9,
    ],
)
def test_binary_data_are_refused(data: bytes) -> None:
    """Bytes that are no text do not become text."""
    with pytest.raises(DamagedError):
        decode(data)


def test_the_files_of_a_database_are_no_text(tmp_path: Path) -> None:
    """A write-ahead log of SQLite is mostly zeros, which UTF-32 takes for letters: it was read as text of broken characters."""
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES ('pears')")
    for file in ("a.sqlite-wal", "a.sqlite-shm"):
        with pytest.raises(DamagedError):
            decode((tmp_path / file).read_bytes())
    connection.close()


def test_a_lone_byte_order_mark_is_an_empty_file() -> None:
    """A byte order mark is no text."""
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b""):
        with pytest.raises(EmptyFileError):
            decode(mark)


def test_a_long_ascii_head_does_not_hide_the_encoding() -> None:
    """The sample is taken where the bytes beyond ASCII are, however late they come."""
    text = "Run setup.exe and follow the steps.\n" * 5000 + SAMPLES["hans"] + "\n"
    assert decode(text.encode("gbk")).text == text
    assert len(text) > 4 * SAMPLE_BYTES


def test_large_files_are_decoded_quickly() -> None:
    """Only a sample is judged: 20 MB of GBK take seconds, of UTF-8 a fraction of one."""
    text = (SAMPLES["hans"] + "\n") * 100_000
    started = time.process_time()
    assert decode(text.encode("gbk")).encoding == "gb18030"
    assert decode(text.encode()).encoding == "utf-8"
    assert time.process_time() - started < 10


@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_give_text_or_a_read_error(data: bytes) -> None:
    """No input makes the decoder raise anything else, and its text can be stored."""
    try:
        decoded = decode(data)
    except ReadError:
        return
    assert 0 <= decoded.confidence <= 1
    repair(decoded.text).encode("utf-8")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=200))
def test_utf8_of_three_bytes_or_more_is_always_utf8(text: str) -> None:
    """Valid UTF-8 with a character beyond two bytes is never taken for anything else."""
    text = f"中{text}"
    assert decode(text.encode()).text == text


@given(st.text(alphabet="a\r\n\0\ud800é中", max_size=50))
def test_repaired_text_is_clean_and_stays_so(text: str) -> None:
    """Repair leaves no carriage returns, NULs or surrogates, and does nothing the second time."""
    repaired = repair(text)
    assert not set(repaired) & {"\r", "\0", "\ud800"}
    assert repair(repaired) is repaired


def test_real_files_in_many_encodings(shared: Path) -> None:
    """Every labelled file of the evaluation data is decoded as its label says."""
    files = shared / "files"
    wrong = []
    with (files / "manifest.tsv").open(encoding="utf-8", newline="") as stream:
        entries = [
            entry for entry in csv.DictReader(stream, delimiter="\t") if entry["source"] in {"chardet", "encoded-zh"}
        ]
    for entry in entries:
        path = files / entry["source"] / entry["path"]
        expected = path.with_name(path.name + ".expected-utf8.txt")
        data = path.read_bytes()
        if entry["expected"].startswith("encoding="):
            codec = _codec(entry["expected"].removeprefix("encoding="))
            wanted = data.decode(codec, "replace").removeprefix("\ufeff")
        elif expected.is_file():
            wanted = expected.read_bytes().decode()
        else:
            continue
        text = decode(data).text
        same = sum(one == other for one, other in zip(repair(text), repair(wanted), strict=False))
        if same < 0.995 * len(repair(wanted)):
            wrong.append(entry["path"])
    assert len(entries) > 50
    assert wrong == []


def _codec(label: str) -> str:
    for suffix in ("-hungarian", "-hebrew", "-bulgarian", "-russian", "-slovak", "-greek"):
        label = label.removesuffix(suffix)
    vendor = {
        "GB2312": "gb18030",
        "MacCyrillic": "mac_cyrillic",
        "Big5": "big5hkscs",
        "SHIFT_JIS": "cp932",
        "EUC-KR": "cp949",
    }
    return vendor.get(label, "cp874" if label == "TIS-620" else label)


@pytest.mark.parametrize(
    "text",
    [
        "Price £5",
        "€ 500",
        "¥,£,€\n1,2,3\n",
        "20 °C",
        "± 3 %",
        "§ 5 applies",
        "Cost (£m)\n5\n",
        "Fee: £5.00 – “now”",
        "5 µm",
        "80 m²",
        "½ cup",
    ],
)
def test_a_few_signs_of_the_west_are_no_letters(text: str) -> None:
    """Short texts of currencies, degrees and sections are windows-1252, and no binary."""
    decoded = decode(text.encode("cp1252"))
    assert (decoded.text, decoded.encoding, decoded.notes) == (text, "windows-1252", ())


@pytest.mark.parametrize(
    ("text", "encoding"), [("Łuk i Łuk", "cp1250"), ("są tu", "iso-8859-2"), ("это был дом", "cp1251")]
)
def test_letters_speak_against_signs(text: str, encoding: str) -> None:
    """A sign that letters touch is one of them."""
    assert decode(text.encode(encoding)).text == text
