"""Answers go on without a page that looks at them, end when they are stopped, and leave no part of the page blank."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason="the ui extra is not installed")

import gradio as gr
from gradio.blocks import BlockFunction
from kb.app.answers.answer import Answer, Searched
from kb.app.ui.parts import joined
from kb.app.ui.runs import Run, Runs
from kb.app.ui.state import Talk, Turn

TALK = Talk("s1", (Turn("What?"),), base="b")


def answer(text: str, *, finished: bool, number: int | None = None) -> Answer:
    """Return an answer."""
    searched = Searched(1, 1, ("bm25",))
    return Answer("What?", text, (), (), abstained=False, searched=searched, model="m", finished=finished, id=number)


def test_a_run_is_followed_by_whoever_looks() -> None:
    """Two who look at different times see the same end."""
    more = threading.Event()

    def write(run: Run) -> None:
        run.put(replace(run.turns[-1], answer=answer("a", finished=False)))
        more.wait(10)
        run.put(replace(run.turns[-1], answer=answer("ab", finished=True)))
        run.end()

    runs = Runs()
    run = runs.start(TALK, write, lambda turn: turn)
    first = next(run.follow())
    more.set()
    assert first[-1].under_way
    for _ in range(2):
        assert [*runs.of("s1").follow()][-1][-1].answer.text == "ab"


def test_a_stopped_answer_stays_as_it_was() -> None:
    """What comes after the stop is not taken, and the conversation shows the stopped turn beside the recorded ones."""
    runs, gone = Runs(), threading.Event()

    def write(run: Run) -> None:
        run.put(replace(run.turns[-1], answer=answer("half", finished=False)))
        while not run.over:
            time.sleep(0.01)
        run.put(replace(run.turns[-1], answer=answer("whole", finished=True)))
        gone.set()

    logged = Turn("Before?", answer("old", finished=True, number=7))
    run = runs.start(replace(TALK, turns=(logged, Turn("What?"))), write, lambda turn: turn)
    next(run.follow())
    run.stop()
    assert gone.wait(10)
    shown = runs.merged("s1", "b", (replace(logged, feedback="up"),))
    assert [(turn.answer.text, turn.stopped, turn.feedback) for turn in shown] == [
        ("old", False, "up"),
        ("half", True, ""),
    ]
    assert runs.merged("s1", "other base", ()) == ()
    assert len(runs.merged("s1", "b", ())) == 1, "a recorded turn that was deleted is gone"
    assert runs.forget("s1")
    assert not runs.forget("s1")


def test_a_handler_that_says_nothing_blanks_nothing() -> None:
    """Gradio blanks every output of a generator that yields nothing: joined handlers always say that all stays as it is."""
    with gr.Blocks():
        parts = {"one": gr.HTML(), "two": gr.HTML()}

    def silent() -> Iterator[dict[str, object]]:
        yield from ()

    assert [*joined(silent, parts)()] == [{parts["one"]: gr.skip()}]
    assert joined(dict, parts)() == {parts["one"]: gr.skip()}
    assert joined(lambda: {"two": "x"}, parts)() == {parts["two"]: "x"}
    with pytest.raises(TypeError, match="names what it changes"):
        joined(lambda: "x", parts)()


@pytest.fixture
def events(tmp_path: Path) -> Iterator[list[BlockFunction]]:
    """The events of the page, in the order in which they were connected."""
    from kb.app.base.config import load_config
    from kb.app.hosting.bases import Bases
    from kb.app.hosting.gate import Gate
    from kb.app.ui.page import _Page

    bases = Bases(load_config(home=tmp_path / "home", embedder="tfidf"))
    yield list(_Page(bases, Gate(1, 1)).build().fns.values())
    bases.close()


def test_every_handler_of_the_page_goes_through_it(events: list[BlockFunction]) -> None:
    """No event of the page calls a function that could blank what it does not name."""
    ours = [one.fn for one in events if one.fn and (one.fn.__module__ or "").startswith("kb.app.ui")]
    loose = [fn.__qualname__ for fn in ours if not hasattr(fn, "__wrapped__") and "keep" not in fn.__qualname__]
    assert len(ours) > 25
    assert loose == []


def test_leaving_a_conversation_cancels_nothing_that_is_asked_after_it(events: list[BlockFunction]) -> None:
    """Gradio takes the steps of an event one after the other: a cancellation after a slow one would hit a new question."""
    steps: dict[tuple[int, str], list[bool]] = defaultdict(list)
    for one in events:
        for target in one.targets:
            if one.fn or one.cancels:
                steps[target].append(bool(one.cancels))
    cancelling = [found for found in steps.values() if any(found)]
    assert len(cancelling) == 3
    assert all(found[0] and not any(found[1:]) for found in cancelling)
