"""A conversation as HTML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bases import HOTEL, TRAVEL, make
from kb.app.answers.answer import Answer
from kb.app.i18n.texts import EN, ZH
from kb.ingest.notice import Notice

pytest.importorskip("gradio", reason="the ui extra is not installed")

from kb.app.ui.html import conversation, copied
from kb.app.ui.state import Talk, Turn
from kb.app.ui.view.excerpts import heads_of


def test_why_a_sentence_is_flagged_is_told_in_the_language_of_the_page(tmp_path: Path) -> None:
    """The tooltip of a sentence and of its flag, also where the reason comes back from the log as a string."""
    with make(tmp_path, "travel", {"travel.md": TRAVEL}) as kb:
        answer = kb.ask(HOTEL)
    reason = Notice("{name} does not find this in the passage.", name="A judge")
    flagged = replace(answer.sentences[0], support="partly", reason=str.__str__(reason))
    answer = replace(answer, sentences=(flagged, *answer.sentences[1:]))
    talk = Talk(turns=(Turn(HOTEL, answer),))
    assert conversation(talk, EN).count('title="A judge does not find this in the passage."') == 2
    assert 'title="A judge' in conversation(talk, ZH)
    assert "does not find this" not in conversation(talk, ZH)


@pytest.mark.parametrize(("files", "label"), [({"travel.md": TRAVEL}, "show_documents"), ({}, "add")])
def test_a_refusal_without_any_hit_leads_to_the_documents(tmp_path: Path, files: dict[str, str], label: str) -> None:
    """Where nothing comes close there are no cards to open: one sentence and one button lead to what there is."""
    with make(tmp_path, "travel", files) as kb:
        answer = replace(kb.ask("Zyxwvut?"), hits=())
    assert answer.abstained
    for texts in (EN, ZH):
        html = conversation(Talk(turns=(Turn(answer.question, answer),)), texts)
        assert f'data-goes="kb-files">{texts[label]}</button>' in html
        assert "kb-nearest" not in html


PRICES = "# Copies\n\nThe prices of copies are:\n\n| Size | EUR |\n| --- | --- |\n| A4 | 0.05 |\n| A3 | 0.10 |\n"
HEADS = {f"| {row} |": "| Size | EUR |\n| --- | --- |" for row in ("A4 | 0.05", "A3 | 0.10")}
BACKUP = "# Backup\n\nThe backup is run like this:\n\n```sh\nmount /vault\ncp -r /home /vault\n```\n\nIt takes long.\n"


def written(answer: Answer, text: str) -> Answer:
    """Return an answer with this text, each line a sentence with a mark behind it."""
    sentences = tuple(replace(answer.sentences[-1], text=line) for line in text.splitlines() if line)
    marked = "\n".join(f"{line} [1]" if line else "" for line in text.splitlines())
    return replace(answer, text=marked, sentences=sentences, sure=True, abstained=False)


def test_a_quoted_head_is_the_head_of_its_rows(tmp_path: Path) -> None:
    """One table with the real head, on the page and in what is copied, where no mark breaks it."""
    with make(tmp_path, "prices", {"prices.md": PRICES}) as kb:
        answer = written(
            kb.ask("What are the prices of copies?"), "Prices:\n| Size | EUR |\n| A4 | 0.05 |\n| A3 | 0.10 |"
        )
    html = conversation(Talk(turns=(Turn(answer.question, answer, heads=HEADS),)), EN)
    assert html.count("<table>") == html.count("<thead>") == 1
    assert html.count(">Size</span>") == 1
    assert "<th></th>" not in html
    assert "| Size | EUR |\n| --- | --- |\n| A4 | 0.05 [1] |\n| A3 | 0.10 [1] |" in copied(answer, HEADS)


def test_quoted_code_is_code(tmp_path: Path) -> None:
    """A command is shown and copied in a block of its own, its mark below."""
    with make(tmp_path, "backup", {"backup.md": BACKUP}) as kb:
        answer = kb.ask("How is the backup run?")
        heads = heads_of(lambda _: kb, answer)
    html = conversation(Talk(turns=(Turn(answer.question, answer, heads=heads),)), EN)
    assert '<pre><code class="language-sh"><span' in html
    assert "```sh\nmount /vault\ncp -r /home /vault\n```\n\n[1]" in copied(answer, heads)


@pytest.mark.parametrize(
    ("said", "html", "markdown"),
    [
        (
            "| Size | EUR |\n| --- | --- |\n| A4 | 0.05 |\n\nThat is all.",
            "<th>",
            "| A4 | 0.05 [1] |\n\nThat is all. [1]",
        ),
        ("Run:\n\n```sh\nls -l\n```\n\nThen wait.", "<pre>", "```sh\nls -l\n```\n\n[1]\n\nThen wait. [1]"),
        ("## Prices\n\nA4 is cheap.", '<p class="kb-heading', "## Prices\n\nA4 is cheap. [1]"),
    ],
)
def test_what_a_model_writes_stays_what_it_is(tmp_path: Path, said: str, html: str, markdown: str) -> None:
    """With a mark behind each line, as the answer has them: tables, code and headings are shown and copied whole."""
    with make(tmp_path, "prices", {"prices.md": PRICES}) as kb:
        answer = kb.ask("What are the prices of copies?")
    answer = written(answer, said)
    shown = conversation(Talk(turns=(Turn(answer.question, answer, heads=HEADS),)), EN)
    assert shown.count(html) == (2 if html == "<th>" else 1)
    assert markdown in copied(answer, HEADS)


@pytest.mark.parametrize(
    ("text", "said", "html", "markdown"),
    [
        (
            "Prices:\n\n| Size | EUR |\n| --- | --- |\n| A4 | 0.05 | [1]\n| A3 | 0.10 | [1]\n\nThat is all. [1]",
            ("| A4 | 0.05 |", "| A3 | 0.10 |", "That is all."),
            "<table>",
            "Prices:\n\n| Size | EUR |\n| --- | --- |\n| A4 | 0.05 [1] |\n| A3 | 0.10 [1] |\n\nThat is all. [1]",
        ),
        (
            "Run:\n\n```sh\nls -l\n```\n[1]\n\nThen wait. [1]",
            ("ls -l", "Then wait."),
            "<pre>",
            "Run:\n\n```sh\nls -l\n```\n\n[1]\n\nThen wait. [1]",
        ),
    ],
)
def test_what_frames_an_answer_is_shown_once(
    tmp_path: Path, text: str, said: tuple[str, ...], html: str, markdown: str
) -> None:
    """Fences and heads of tables are no sentences: they are shown as they were written, and no mark is left as text."""
    with make(tmp_path, "prices", {"prices.md": PRICES}) as kb:
        answer = kb.ask("What are the prices of copies?")
    sentences = tuple(replace(answer.sentences[-1], text=one) for one in said)
    answer = replace(answer, text=text, sentences=sentences, sure=True, abstained=False)
    shown = conversation(Talk(turns=(Turn(answer.question, answer, heads=HEADS),)), EN)
    body = shown.partition('<article class="kb-answer"')[2].partition("<footer>")[0]
    assert body.count(html) == 1
    assert "[1]" not in body
    assert "|" not in body
    assert body.count('class="kb-mark"') == len(said)
    assert copied(answer, HEADS) == markdown
