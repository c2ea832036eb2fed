"""Mail: headers people read, one version of the body, attachments under headings of their own."""

from __future__ import annotations

import base64
import contextlib
import io
import struct
import zipfile
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.errors import DamagedError, ReadError
from kb.ingest.readers.msg import decompress_rtf
from kb.ingest.run.read import read_bytes

if TYPE_CHECKING:
    from pathlib import Path


def message(subject: str = "会议 notes", body: str = "你好 plain body\n") -> EmailMessage:
    """Return a message with headers beyond ASCII."""
    mail = EmailMessage()
    mail["From"] = "张三 <zhang@example.org>"
    mail["To"] = "b@example.org"
    mail["Subject"] = subject
    mail["X-Noise"] = "not for people"
    mail.set_content(body)
    return mail


def test_headers_and_body_are_read() -> None:
    """The subject is title and heading; encoded words are decoded; technical headers are left out."""
    document = read_bytes(message().as_bytes(), "a.eml")
    assert document.title == "会议 notes"
    assert (
        document.text
        == "# 会议 notes\n\nFrom: 张三 <zhang@example.org>\nTo: b@example.org\nSubject: 会议 notes\n\n你好 plain body"
    )
    assert document.headings[0].title == "会议 notes"


def test_one_version_of_the_body_is_enough() -> None:
    """Of plain text and HTML the HTML is read, for it has the structure; a plain body is never parsed as Markdown."""
    mail = message(body="plain version\n-----\n")
    assert [heading.level for heading in read_bytes(mail.as_bytes(), "a.eml").headings] == [1]
    mail.add_alternative("<h1>Rich</h1><p>html version</p>", subtype="html")
    document = read_bytes(mail.as_bytes(), "a.eml")
    assert "plain version" not in document.text
    assert [(heading.level, heading.title) for heading in document.headings] == [(1, "会议 notes"), (2, "Rich")]


def test_an_attached_message_packed_as_base64_is_read() -> None:
    """GroupWise sends them so; its letters are not text for anyone to find."""
    packed = base64.encodebytes(message("Inner subject", "The inner body.\n").as_bytes()).decode()
    data = (
        "Subject: Outer\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=X\n\n--X\nContent-Type: text/plain\n\nouter"
        f"\n--X\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{packed}\n--X--\n"
    )
    text = read_bytes(data.encode(), "a.eml").text
    assert "Inner subject" in text
    assert "The inner body." in text
    assert packed[:20] not in text


def test_attachments_are_read_and_those_left_out_are_named() -> None:
    """A Markdown file, a member of a zip and a forwarded message are read; a picture is noted."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.txt", "zipped text")
    mail = message()
    mail.add_attachment(b"# Plan\n\nattached text", maintype="text", subtype="markdown", filename="计划.md")
    mail.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="a.zip")
    mail.add_attachment(message("Inner", "inner body\n"))
    mail.add_attachment(b"OggS", maintype="audio", subtype="ogg", filename="a.ogg")
    document = read_bytes(mail.as_bytes(), "a.eml")
    outline = [(heading.level, heading.title) for heading in document.headings]
    assert outline == [(1, "会议 notes"), (2, "计划.md"), (3, "Plan"), (2, "a.zip!inner.txt"), (2, "Inner")]
    for text in ("attached text", "zipped text", "inner body"):
        assert text in document.text
    assert document.notes == ("attachments left out (a.ogg): it is a sound file; transcribe it first",)
    for heading in document.headings:
        assert document.text[heading.start :].startswith("#" * heading.level + " " + heading.title)


def test_messages_nested_without_end_are_cut() -> None:
    """Forwarded forwards stop at a depth, with a note."""
    mail = message("innermost", "bottom")
    for level in range(8):
        outer = message(f"level {level}", "forwarded")
        outer.add_attachment(mail)
        mail = outer
    document = read_bytes(mail.as_bytes(), "a.eml")
    assert "level 7" in document.text
    assert "bottom" not in document.text
    assert any("deeply" in note for note in document.notes)


def test_a_mailbox_gives_all_its_messages() -> None:
    """Each message of an mbox stands under its subject; quoted From lines are unquoted."""
    mbox = b"".join(
        b"From x@y Mon Jan  1 00:00:00 2024\n" + message(f"M{n}", ">From here\n").as_bytes() + b"\n" for n in range(3)
    )
    document = read_bytes(mbox, "a.mbox")
    assert [heading.title for heading in document.headings] == ["M0", "M1", "M2"]
    assert "\nFrom here" in document.text


def test_a_saved_page_is_read_as_a_page() -> None:
    """MHTML is a message whose first HTML part is the page."""
    mail = EmailMessage()
    mail["Subject"] = "saved"
    mail.set_content("<html><title>T</title><body><h1>页面</h1><p>text", subtype="html", charset="gb2312")
    mail.add_related(b"\x89PNG", "image", "png")
    document = read_bytes(mail.as_bytes(), "a.mht")
    assert document.text == "# 页面\n\ntext"


def test_malformed_mail_is_read_as_far_as_it_goes() -> None:
    """Unknown charsets, broken base64 and missing boundaries cost no crash."""
    data = (
        b"Subject: =?utf-8?B?!!!notbase64?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/plain; charset=no-such\r\nContent-Transfer-Encoding: base64\r\n\r\n5Lit5paH$$$\r\n"
    )
    document = read_bytes(data, "bad.eml")
    assert "中文" in document.text
    raw = "Subject: 原始主题\nFrom: a@b\n\nbody".encode("gbk")
    assert read_bytes(raw, "raw.eml").title == "原始主题"


@given(st.binary(max_size=300))
def test_any_bytes_are_mail_or_a_read_error(data: bytes) -> None:
    """The mail readers raise nothing but ReadError."""
    for name in ("a.eml", "a.mbox", "a.mht"):
        try:
            read_bytes(b"Subject: x\n" + data, name)
        except ReadError:
            continue


def test_packed_rtf_is_unpacked() -> None:
    """The example of [MS-OXRTFCP] section 4.1.1 unpacks to its text; so does one with a run that copies itself."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompress_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    overlapping = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompress_rtf(overlapping) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    with pytest.raises(DamagedError):
        decompress_rtf(struct.pack("<II4sI", 20, 1 << 31, b"LZFu", 0))


def test_real_outlook_messages(shared: Path) -> None:
    """Sender, recipients, date, body and attachments of real .msg files are read."""
    document = read_bytes((shared / "files/poi/test-data/hsmf/simple_test_msg.msg").read_bytes(), "a.msg")
    assert document.title == "test message"
    assert "This is a test message" in document.text
    assert "From: " in document.text
    assert "UTC" in document.text
    subjects = 0
    for path in sorted((shared / "files").rglob("*.msg")):
        with contextlib.suppress(ReadError):
            subjects += "Subject: " in read_bytes(path.read_bytes()[:400_000], path.name).text
    assert subjects > 10
