"""``kb ask`` and ``kb search``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..answers.answer import PASSAGES
from . import show
from .commands import NOTHING_FOUND, command, commands
from .options import AnsweringBases, AsJson, Bases, Filters, Lanes, Shown, Writing

asking = commands()


@command(asking)
def ask(
    question: Annotated[str, typer.Argument(help="In Chinese or English; - reads it from stdin.")],
    reasoning: Annotated[
        bool, typer.Option("--show-reasoning", help="With --style step-by-step: its steps too.")
    ] = False,
    k: Annotated[int, typer.Option("-k", help="From how many passages to answer.")] = PASSAGES,
    *,
    writing: Writing,
    filters: Filters,
    shown: Shown,
    base: AnsweringBases,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the knowledge base, with the place that each sentence came from."""
    text = sys.stdin.read() if question == "-" else question
    with base.open() as kb:
        answers = kb.stream(
            text, k, writing.sampling, filters.where,
            style=writing.style, strict=writing.strict, ordering=shown.ordering, task=writing.task,
        )  # fmt: skip
        answer = show.stream(answers, as_json=as_json)
    if reasoning and answer.reasoning and not as_json:
        show.message(f"reasoning: {answer.reasoning}")
    if answer.abstained:
        raise typer.Exit(NOTHING_FOUND)


@command(asking)
def search(
    question: Annotated[str, typer.Argument(help="In Chinese or English; - reads it from stdin.")],
    k: Annotated[int, typer.Option("-k", help="How many passages.")] = 10,
    lanes: Lanes = None,
    *,
    filters: Filters,
    shown: Shown,
    base: Bases,
    as_json: AsJson = False,
) -> None:
    """Show the passages that fit a question best, with scores."""
    text = sys.stdin.read() if question == "-" else question
    with base.open() as kb:
        found = kb.find(text, k, lanes or None, filters.where, shown.ordering)
    show.found(found, as_json=as_json)
    if not found.hits:
        show.message("nothing was found; kb list shows what is in the knowledge base")
        raise typer.Exit(NOTHING_FOUND)
