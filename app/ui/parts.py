"""Page parts by name, and handlers that return only what changes: the rest of the page is left alone."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TypeAlias

import gradio as gr
from gradio.blocks import Block

from ..api import KnowledgeBase
from ..i18n.texts import Texts
from . import html as ui_html
from .state import Talk

Shown: TypeAlias = dict[str, object]
"""The changes of a handler, by part name."""


def joined(handler: Callable[..., object], parts: Mapping[str, Block]) -> Callable[..., object]:
    """Wrap a handler for Gradio: names become components, and an empty result changes nothing."""
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


def stamp() -> int:
    """Return a new value for a state whose change is an event."""
    return time.monotonic_ns()


def held(kb: KnowledgeBase) -> str:
    """Return a value for a state that changes with what a base holds, or with the base: suggestions follow it."""
    return f"{kb.config.name} {kb.catalog.generation}"


def under_way(talk: Talk, texts: Texts) -> Shown:
    """Return a conversation whose last answer can be stopped."""
    shown = ui_html.conversation(talk, texts)
    return {"talk": talk, "chat": shown, "send": gr.update(visible=False), "stop": gr.update(visible=True)}


def settled(talk: Talk, texts: Texts) -> Shown:
    """Return a conversation that can be continued."""
    shown = ui_html.conversation(talk, texts)
    return {"talk": talk, "chat": shown, "send": gr.update(visible=True), "stop": gr.update(visible=False)}
