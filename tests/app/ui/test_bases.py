"""The handlers for the bases, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from kb.app.base.config import load_config
from kb.app.hosting.bases import Bases
from kb.app.hosting.gate import Gate

pytest.importorskip("gradio", reason="the ui extra is not installed")

import gradio as gr
from kb.app.ui.bases import Choosing
from kb.app.ui.models import Models
from kb.app.ui.runs import Runs
from kb.app.ui.sessions import Sessions
from kb.app.ui.state import Talk, Turn


def test_a_dropdown_that_is_only_left_goes_on_with_the_conversation(tmp_path: Path) -> None:
    """It fires when it loses focus, and that cancels what the page follows: an answer being written is followed again."""
    bases = Bases(load_config(home=tmp_path, embedder="tfidf", llm="extractive"))
    choosing = Choosing(bases, Models(bases, Gate()), Sessions(bases, Runs()))
    shown = choosing.switch("default", Talk("s1", (Turn("What?"),), base="default"), gr.Request(headers={}))
    bases.close()
    assert list(shown) == ["opened"]
