"""The parts of the page by name, and handlers that say only what changes: nothing else on the page is touched.

Comes in: handlers that return ``{name: value}`` or yield it. Goes out: what Gradio calls. Never: a part that goes blank because
a handler had nothing to say.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TypeAlias

import gradio as gr
from gradio.blocks import Block

from . import html as ui_html
from .state import Talk, Texts

Shown: TypeAlias = dict[str, object]
"""What a handler changes, by the name of the part."""


def joined(handler: Callable[..., object], parts: Mapping[str, Block]) -> Callable[..., object]:
    """Return a handler as Gradio calls it: names become components, and saying nothing leaves every one as it is."""
    first = next(iter(parts.values()))

    def placed(shown: object) -> dict[Block, object]:
        if not isinstance(shown, dict):
            raise TypeError(f"{handler.__qualname__} returned {type(shown).__name__}; a handler names what it changes")
        return {parts[name]: value for name, value in shown.items()} or {first: gr.skip()}

    if not inspect.isgeneratorfunction(handler):
        return wraps(handler)(lambda *given: placed(handler(*given)))

    @wraps(handler)
    def growing(*given: object) -> Iterator[dict[Block, object]]:
        silent = True
        for shown in handler(*given):
            silent = False
            yield placed(shown)
        if silent:  # Gradio blanks every output of a generator that yields nothing
            yield placed({})

    return growing


def under_way(talk: Talk, texts: Texts) -> Shown:
    """Return a conversation whose last answer can be stopped."""
    shown = ui_html.conversation(talk, texts)
    return {"talk": talk, "chat": shown, "send": gr.update(visible=False), "stop": gr.update(visible=True)}


def settled(talk: Talk, texts: Texts) -> Shown:
    """Return a conversation that can be gone on with."""
    shown = ui_html.conversation(talk, texts)
    return {"talk": talk, "chat": shown, "send": gr.update(visible=True), "stop": gr.update(visible=False)}
