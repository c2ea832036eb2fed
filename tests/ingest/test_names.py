"""What a document says of itself: file name, folders, title, front matter, the header of a mail."""

from __future__ import annotations

import pytest
from kb.ingest.names import document_names, file_words
from kb.retrieval.words.tokens import tokens


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("receipt_2025-03", "receipt 2025 03 March 2025"),
        ("board-minutes-0417", "board minutes 0417 17 April"),
        ("发票 2026-0318", "发票 2026 0318 18 March 2026"),
        ("20250314 notes", "20250314 notes 14 March 2025"),
        ("Angebot 14.03.2025", "Angebot 14 03 2025 14 March 2025"),
        ("Q3Report2025final", "Q3 Report 2025 final"),
        ("INV-2026-003", "INV 2026 003"),
        ("MX-4120-C", "MX 4120 C"),
        ("采购说明_三月", "采购说明 三月"),
        ("serial 123456789", "serial 123456789"),
    ],
)
def test_a_file_name_is_taken_apart_and_its_dates_are_written_out(name: str, words: str) -> None:
    """Words are parted at signs, camel case and digits; a number that is no date is none."""
    assert file_words(name) == words


def test_names_are_of_the_file_its_folders_below_what_was_given_its_title_and_what_it_says() -> None:
    """Folders above the one that was given say nothing of the document; tags of the user do."""
    names = document_names(
        [("/home/a/docs/work/contract Northwind.docx", "/home/a/docs")],
        "Services agreement",
        [{"aliases": "Northwind deal", "layout": "post"}, {"tags": "legal"}],
    )
    assert names.split("\n") == [
        "contract Northwind.docx", "contract Northwind", "docs work", "Services agreement", "Northwind deal", "legal",
    ]  # fmt: skip


def test_a_mail_is_named_by_its_sender_and_date() -> None:
    """The subject is its title."""
    head = "# Site visit\n\nFrom: Ann Lee <ann@alder.example>\nTo: Bo\nDate: 3 May 2026\n\nFrom: quoted further down"
    assert "Ann Lee <ann@alder.example>\nBo\n3 May 2026" in document_names([("/m/1.eml", "/m")], "Site visit", (), head)


def test_a_member_of_an_archive_is_named_by_the_archive_too() -> None:
    """Also where the archive is the file that was given."""
    held = set(tokens(document_names([("/a/alder.zip!terms/rent.txt", "/a/alder.zip")], "rent")))
    assert {"alder", "term", "rent.txt"} <= held


@pytest.mark.parametrize(
    ("top", "dates"),
    [
        ("# Annual report\n\n**Fiscal year 2022**\n\nRevenue rose.", "2022"),
        ("HealthPro\nFY22 results\n\nIn 2019 we were small.", "FY22"),
        ("# 某某公司\n\n2023年第二季度 报告\n\n收入增长。", "2023年第二季度"),
        ("# Minutes\n\n4 March 2026, Room 2\n\nWe met.", "4 March 2026"),
        ("# Minutes\n\nWe met in 2026.", ""),
        ("| Date | Sum |\n| --- | --- |\n| 2026-01-04 | 3 |", ""),
        ("Room 20301\n2019 2020 2021 2022", ""),
    ],
)
def test_the_dates_above_the_text_are_the_documents(top: str, dates: str) -> None:
    """Those of headings and short lines that it begins with; not of prose, of tables or of a history."""
    names = document_names([("/a/report.md", "/a")], "Report", (), "", top).split("\n")
    assert names[3:] == ["Report", *([f"Report {dates}"] if dates else [])]


@pytest.mark.parametrize(
    ("top", "said"),
    [
        (
            "# Handbook\n\nRowe Ltd, Leeds. Edition of 1 March 2023. NO LONGER VALID since 2026.\n",
            ["1 March 2023", "(superseded)"],
        ),
        (
            "# Handbook\n\nRowe Ltd, Leeds. Edition of 1 January 2026; replaces the edition of 2023.\n",
            ["1 January 2026"],
        ),
        ("# 考勤制度\n\n本制度自2024年1月1日起施行，原2021年制度同时废止。\n", ["2024年1月1日"]),
        ("# 差旅办法\n\n本办法已废止，请看新办法。\n", ["(superseded)"]),
        ("# Withdrawn books\n\nThey are sold on Saturdays.\n", []),
        ("# Note\n\nA contract is void if it is not signed by 3 May.\n", []),
    ],
)
def test_the_first_lines_say_whether_a_document_holds(top: str, said: list[str]) -> None:
    """Its edition and that it was superseded are said of the whole document, not only of the passage that says so."""
    names = document_names([("/a/x.md", "/a")], "T", (), "", top).split("\n")
    assert names[names.index("T") + 1 :] == [f"T {each}" for each in said]
