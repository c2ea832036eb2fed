"""Redaction: personal data are replaced before anything is stored, and numbers of other kinds are left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb import KnowledgeBase
from kb.ingest.document import Heading, Page
from kb.ingest.errors import InputError
from kb.ingest.reading import Reading
from kb.ingest.run.sync import Selection
from kb.ingest.text.redact import KINDS, redact, redacted

SECRETS = {
    "id-card": ("11010519491231002X", "440524188001010014"),
    "bank-card": ("4111 1111 1111 1111", "6222021234567890128", "5500-0000-0000-0004"),
    "email": ("li.wei+kb@mail.example.com.cn", "a@b.io"),
    "phone": (
        "13812345678", "138 1234 5678", "+86 138-1234-5678", "010-6552 9988", "(021) 5888 8888", "400-810-8888",
        "+1 (415) 555-2671", "+44 20 7946 0958", "415-555-2671", "+86 21 58888888",
    ),
}  # fmt: skip
OTHERS = (
    "11010519491231002A", "110105194912310021", "11010519491331002X",  # wrong character, wrong check, wrong month
    "4111 1111 1111 1112", "6222021234567890123", "0000000000000000",  # not by Luhn's algorithm; all the same
    "2026-11-22", "12:34:56", "192.168.100.200", "3.1415926535", "ISBN 978-7-111-40701-0", "GB/T 7714-2015",
    "user at example dot com", "@kb", "1,234,567.89", "20261122123456", "v1.22.333-4444",
)  # fmt: skip


@pytest.mark.parametrize(("kind", "secret"), [(kind, secret) for kind, all_ in SECRETS.items() for secret in all_])
def test_personal_data_are_replaced_by_what_they_are(kind: str, secret: str) -> None:
    """In Chinese and in English, with nothing left of them."""
    for text in ("联系：{}。", "Call or write {}, please.", "（{}）", "号码{}，谢谢"):
        assert redact(text.format(secret), KINDS) == text.format(f"[{kind}]")


@pytest.mark.parametrize("text", OTHERS)
def test_other_numbers_stay(text: str) -> None:
    """Dates, addresses, decimals, standards; card numbers whose checksum is wrong."""
    assert redact(f"See {text} there.", KINDS) == f"See {text} there."


@given(st.text(alphabet="0123456789", min_size=17, max_size=17), st.integers(0, 9))
def test_of_ten_last_digits_luhn_takes_one(digits: str, last: int) -> None:
    """ISO/IEC 7812: exactly one check digit fits; other forms are not asked for."""
    number = "4" + digits
    fitting = [check for check in range(10) if redact(f"{number}{check}", ["bank-card"]) == "[bank-card]"]
    assert len(fitting) == 1
    assert (last in fitting) == (redact(f"{number}{last}", ["bank-card"]) == "[bank-card]")


@given(st.integers(0, 999), st.sampled_from("0123456789X"))
def test_of_eleven_check_characters_one_fits(sequence: int, check: str) -> None:
    """ISO 7064 MOD 11-2, independently: the weighted sum, check included, leaves 1."""
    digits = f"11010519900307{sequence:03}"
    weights = [pow(2, 17 - at, 11) for at in range(18)]
    values = [*map(int, digits), 10 if check == "X" else int(check)]
    fits = sum(weight * value for weight, value in zip(weights, values, strict=True)) % 11 == 1
    assert (redact(digits + check, ["id-card"]) == "[id-card]") == fits


def test_only_the_kinds_that_were_asked_for_are_replaced() -> None:
    """The rest stays as it is."""
    assert redact("a@b.io 13812345678", ["phone"]) == "a@b.io [phone]"
    assert redact("a@b.io 13812345678", []) == "a@b.io 13812345678"


def test_pages_and_headings_move_along() -> None:
    """Offsets count in the redacted text."""
    text = "# a@b.io\n\nCall 13812345678\n\n# Two\n\nEnd"
    reading = Reading(
        text, "a@b.io", (Page(1, 0, 28), Page(2, 28, len(text))), (Heading(0, 1, "a@b.io"), Heading(28, 1, "Two"))
    )
    after = redacted(reading, KINDS)
    assert after.text == "# [email]\n\nCall [phone]\n\n# Two\n\nEnd"
    assert after.title == after.headings[0].title == "[email]"
    assert after.text[after.headings[1].start :].startswith("# Two")
    assert (after.pages[0].stop, after.pages[1].stop) == (after.headings[1].start, len(after.text))


def test_nothing_of_it_is_stored_and_the_base_remembers(tmp_path: Path) -> None:
    """Switched on later, files are read again; a later run without the option keeps it; no byte of it stays on disk."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.md").write_text(
        "---\nauthor: li@example.com\n---\n\n# Staff\n\nWrite to li@example.com or 13812345678.\n"
    )
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([folder])
        assert "li@example.com" in kb.document_text(folder / "a.md")
        report = kb.ingest([folder], selection=Selection(redact=("email", "phone")))
        assert report.updated == (str(folder / "a.md"),)
        assert "Write to [email] or [phone]." in kb.document_text(folder / "a.md")
        (folder / "b.txt").write_text("Or to wang@example.com.")
        assert kb.ingest([folder]).unchanged == (str(folder / "a.md"),)
        assert kb.document_text(folder / "b.txt") == "Or to [email]."
        assert kb.search("example com", k=5) == ()
        base = kb.config.folder
    with sqlite3.connect(base / "catalog.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = b"".join(path.read_bytes() for path in base.rglob("*") if path.is_file())
    assert b"Staff" in held
    assert b"li@example" not in held
    assert b"13812345678" not in held


def test_what_was_read_before_and_not_given_again_is_named(tmp_path: Path) -> None:
    """Switching redaction on for one folder does not pass over in silence what another holds."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(f"{name}: a@b.io")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "one", tmp_path / "two"])
        report = kb.ingest([tmp_path / "one"], selection=Selection(redact=("email",)))
        assert any("not redacted" in note and "two.txt" in note for note in report.notes)
        with pytest.raises(InputError, match="shoe-size"):
            kb.ingest([tmp_path / "one"], selection=Selection(redact=("shoe-size",)))
