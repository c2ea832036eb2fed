"""The text in the pictures of mail and saved pages is read where the body shows them, once; all files are made here."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.ingest.images.ocr import OCR_HINT, ocr_installed
from kb.ingest.readers.mail import read_eml, read_mbox, read_mhtml
from kb.ingest.readers.msg import read_msg
from kb.ingest.run.read import read_bytes

pytest.importorskip("PIL.Image", reason="pillow, of the ocr extra, draws the pictures")
from compound_file import compound
from drawing import picture

needs_ocr = pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")


PUMP, VALVE = picture("The pump stands in hall two"), picture("The valve is red")
SHOWN = '<p>Look: <img src="cid:pump@kb"></p><p>Regards</p>'
RECOGNISED = "The text in {} picture(s) was recognised."


def mail(body: str = SHOWN) -> EmailMessage:
    """Return a message whose body shows a picture that travels with it, and has another attached."""
    message = EmailMessage()
    message["Subject"] = "Plant"
    message.set_content("Look at it in another program.")
    message.add_alternative(body, subtype="html")
    html = message.get_payload()[1]
    html.add_related(PUMP, "image", "png", cid="<pump@kb>", filename="image001.png")
    message.add_attachment(VALVE, maintype="image", subtype="png", filename="valve.png")
    return message


def saved_page(where: str, shown: str) -> bytes:
    """Return an MHTML file: a page and a picture with its address."""
    return (
        f"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=X\r\n\r\n--X\r\nContent-Type: text/html\r\n"
        f"Content-Location: file:///C:/plant/page.htm\r\n\r\n<p>Look: <img src='{shown}'></p><p>Regards</p>\r\n--X\r\n"
        f"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n{where}\r\n\r\n"
        f"{base64.encodebytes(PUMP).decode()}\r\n--X--\r\n"
    ).encode()


def outlook() -> bytes:
    """Return an Outlook message like ``mail``."""

    def wide(text: str) -> bytes:
        return text.encode("utf-16-le")

    return compound({
        "__properties_version1.0": b"",
        "__substg1.0_0037001F": wide("Plant"),
        "__substg1.0_1013001F": wide(SHOWN),
        "__attach_version1.0_#00000000": {
            "__substg1.0_3712001F": wide("pump@kb"),
            "__substg1.0_3707001F": wide("image001.png"),
            "__substg1.0_37010102": PUMP,
        },
        "__attach_version1.0_#00000001": {
            "__substg1.0_3707001F": wide("valve.png"),
            "__substg1.0_37010102": VALVE,
        },
    })  # fmt: skip


@needs_ocr
def test_a_picture_that_a_mail_shows_is_read_there_and_not_again_as_an_attachment() -> None:
    """One that is attached keeps its name as a heading."""
    text = read_eml(mail().as_bytes(), "a.eml").text
    assert text == (
        "# Plant\n\nSubject: Plant\n\nLook:\n\nThe pump stands in hall two\n\nRegards\n\n## valve.png\n\nThe valve is red"
    )


@needs_ocr
def test_outlook_messages_are_read_alike() -> None:
    """Their attachments say under which address the body shows them."""
    reading = read_msg(outlook(), "a.msg")
    assert reading.text.endswith("Look:\n\nThe pump stands in hall two\n\nRegards\n\n## valve.png\n\nThe valve is red")
    assert reading.notes == (RECOGNISED.format(1),)


def test_a_picture_that_no_body_shows_stays_an_attachment(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is named when it cannot be read yet."""
    monkeypatch.setenv("KB_OCR", "off")
    assert read_eml(mail("<p>See below.</p>").as_bytes(), "a.eml").notes == (
        f"attachments left out (image001.png, valve.png): {OCR_HINT}",
    )
    assert read_eml(mail().as_bytes(), "a.eml").notes == (
        f"attachments left out (valve.png): {OCR_HINT}",
        f"1 picture(s) were not read. {OCR_HINT}",
    )


@needs_ocr
def test_the_logo_under_every_message_of_a_mailbox_is_read_once() -> None:
    """It is the same in each."""
    one = mail()
    one.get_payload().pop()
    reading = read_mbox(
        b"".join(b"From a@b Mon Jan  1 00:00:00 2024\n" + one.as_bytes() + b"\n" for _ in range(3)), "a"
    )
    assert (reading.text.count("Regards"), reading.text.count("hall two")) == (3, 1)
    assert reading.notes == (RECOGNISED.format(1),)


@needs_ocr
@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("Content-ID: <p1>", "cid:p1"),
        ("Content-Location: file:///C:/plant/page-files/p.png", "page-files/p.png"),
        ("Content-Location: https://example.org/p.png", "https://example.org/p.png"),
    ],
)
def test_a_saved_page_shows_the_pictures_saved_with_it(where: str, shown: str) -> None:
    """As browsers and Word name them: by an id, beside the page, or where they were on the web."""
    reading = read_mhtml(saved_page(where, shown), "a.mht")
    assert reading.text == "Look:\n\nThe pump stands in hall two\n\nRegards"
    assert reading.notes == (RECOGNISED.format(1),)


def test_a_saved_page_says_how_many_frames_are_left_out() -> None:
    """Its first part is the page; what it shows in frames is mostly advertisements."""
    page = saved_page("Content-ID: <p1>", "b.png").decode()
    frame = "--X\r\nContent-Type: text/html\r\n\r\n<p>Buy!</p>\r\n"
    reading = read_mhtml(page.replace("--X--", f"{frame}--X--").encode(), "a.mht")
    assert (reading.text, reading.notes) == ("Look:\n\nRegards", ("1 frame(s) of the page were left out",))


@needs_ocr
def test_mail_is_read_again_once_recognition_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a picture that is only attached; Outlook's file is known by what it holds."""
    (tmp_path / "a.eml").write_bytes(mail("<p>See below.</p>").as_bytes())
    assert read_bytes(outlook(), "a").media_type == "application/vnd.ms-outlook"
    with KnowledgeBase.open(embedder="tfidf", llm="extractive") as kb:
        monkeypatch.setenv("KB_OCR", "off")
        kb.ingest([tmp_path / "a.eml"])
        monkeypatch.delenv("KB_OCR")
        assert kb.ingest([tmp_path / "a.eml"]).updated
        assert "The valve is red" in kb.search("valve red")[0].chunk.text
