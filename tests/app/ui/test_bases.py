"""The handlers for the bases and the model, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from kb.app.base.config import load_config
from kb.app.hosting.bases import Bases
from kb.app.hosting.gate import Gate
from kb.app.i18n.texts import EN, ZH
from kb.app.measure.suggest import best, estimated_speed, suggestions

pytest.importorskip("gradio", reason="the ui extra is not installed")

import gradio as gr
from kb.app.ui import bases as ui_bases
from kb.app.ui.runs import Runs
from kb.app.ui.sessions import Sessions
from kb.app.ui.state import Talk, Turn


def test_a_model_is_not_changed_under_an_answer_begun_during_its_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download takes minutes, in which others ask: whoever changes the model is told to wait."""
    bases, gate = Bases(load_config(home=tmp_path, embedder="tfidf", llm="extractive")), Gate()
    monkeypatch.setattr(ui_bases, "pulled", lambda *_: None)
    monkeypatch.setattr(ui_bases, "pull_known", lambda *_: gate.ticket().wait(0))
    choosing = ui_bases.Choosing(bases, gate, Sessions(bases, Runs()))
    *_, last = choosing.use_model("smollm2", "default", gr.Request(headers={"accept-language": "en"}))
    bases.close()
    assert EN["model_busy"] in last["model_said"]
    assert bases.config.llm == "extractive"


@pytest.mark.parametrize(("texts", "language"), [(EN, "en"), (ZH, "zh")])
def test_the_model_that_suits_this_machine_is_first_in_the_list(
    tmp_path: Path, texts: dict[str, str], language: str
) -> None:
    """The same that kb models suggest names for the language of the page; listed once, and said to be it."""
    bases = Bases(load_config(home=tmp_path, embedder="tfidf", llm="extractive"))
    choosing = ui_bases.Choosing(bases, Gate(), Sessions(bases, Runs()))
    listed = choosing.models(texts)
    found = best(suggestions(bases.config.models, estimated_speed()), language)
    bases.close()
    if not found:
        pytest.skip("no known model fits the memory that is free here")
    label, spec = listed[0]
    assert spec == found.name
    assert label.startswith(texts["model_suggested"].partition("{")[0])
    assert len({spec for _, spec in listed}) == len(listed)


def test_a_dropdown_that_is_only_left_goes_on_with_the_conversation(tmp_path: Path) -> None:
    """It fires when it loses focus, and that cancels what the page follows: an answer being written is followed again."""
    bases = Bases(load_config(home=tmp_path, embedder="tfidf", llm="extractive"))
    choosing = ui_bases.Choosing(bases, Gate(), Sessions(bases, Runs()))
    shown = choosing.switch("default", Talk("s1", (Turn("What?"),), base="default"), gr.Request(headers={}))
    bases.close()
    assert list(shown) == ["opened"]
