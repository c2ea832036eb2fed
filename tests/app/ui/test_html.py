"""A conversation as HTML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bases import HOTEL, TRAVEL, make
from kb.app.i18n.texts import EN, ZH
from kb.ingest.notice import Notice

pytest.importorskip("gradio", reason="the ui extra is not installed")

from kb.app.ui.html import conversation
from kb.app.ui.state import Talk, Turn


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
