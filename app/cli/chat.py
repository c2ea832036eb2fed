"""``kb chat``, the answer log (``kb log``, ``replay``, ``diff``, ``feedback``), and ``kb prompts``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Literal

import typer

from ...ingest.errors import InputError, KBError
from ...llm.generator import Sampling
from ...prompts.fill import fill, language_of
from ...prompts.templates import SLOTS, Templates
from ...prompts.templates import Language as PromptLanguage
from ..answers.answer import PASSAGES, Answer
from ..answers.chat import Chat, to_markdown
from ..base.config import load_config
from . import show, show_log
from .commands import FAILED, command, commands
from .options import AnsweringBase, AnsweringBases, AsJson, Filters, Home, Place, Shown, StyleName, Writing

talking = commands()
prompts = commands("What models are told.")

Number = Annotated[int, typer.Argument(metavar="ID", help="A recorded answer; kb log shows them.")]


@command(talking)
def chat(
    go_on: Annotated[bool, typer.Option("-c", "--continue", help="Go on with the last conversation.")] = False,
    session: Annotated[str | None, typer.Option(help="Go on with this conversation.", show_default=False)] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the conversations, and leave.")] = False,
    export: Annotated[
        str | None, typer.Option(metavar="ID", help="Print a conversation as Markdown, and leave.", show_default=False)
    ] = None,
    delete: Annotated[
        str | None, typer.Option(metavar="ID", help="Forget a conversation, and leave.", show_default=False)
    ] = None,
    k: Annotated[int, typer.Option("-k", help="From how many passages to answer.")] = PASSAGES,
    *,
    writing: Writing,
    filters: Filters,
    shown: Shown,
    base: AnsweringBases,
    as_json: AsJson = False,
) -> None:
    """Talk to the knowledge base: a question may lean on those before it. /quit or Ctrl-D leaves, Ctrl-C stops an answer."""
    with base.open() as kb:
        if list_:
            show_log.sessions(kb.log.sessions(), as_json=as_json)
        elif export:
            show_log.conversation(kb.log.session(export), to_markdown, as_json=as_json)
        elif delete:
            show.message(f"forgot {kb.log.delete_session(delete)} turns")
        else:
            talk = kb.chat(session or ("last" if go_on else None))
            for text in _typed(talk):
                answers = talk.stream(
                    text, k, writing.sampling, filters.where, style=writing.style, strict=writing.strict,
                    ordering=shown.ordering, task=writing.task,
                )  # fmt: skip
                with closing(answers):
                    _answer(_understood(answers, text), as_json=as_json)


def _typed(talk: Chat) -> Iterator[str]:
    """Yield non-empty typed lines until /quit, /exit or the end of input."""
    asks = sys.stdin.isatty()
    if asks:
        import readline  # noqa: F401  gives input() a history and editing

        show.message(f"conversation {talk.id}; /quit or Ctrl-D leaves, Ctrl-C stops an answer")
    while True:
        try:
            text = (input("\n> ") if asks else next(sys.stdin)).strip()
        except (EOFError, StopIteration):
            return
        except KeyboardInterrupt:
            show.message("\n/quit or Ctrl-D leaves")
            continue
        if text in ("/quit", "/exit"):
            return
        if text:
            yield text


def _answer(answers: Iterator[Answer], *, as_json: bool) -> None:
    """Show an answer; at a terminal, neither an error nor Ctrl-C ends the conversation."""
    try:
        show.stream(answers, as_json=as_json)
    except KeyboardInterrupt:
        show.message("\nstopped")
    except KBError as error:
        if not sys.stdin.isatty():
            raise
        show.message(f"kb: {error}")


def _understood(answers: Iterator[Answer], text: str) -> Iterator[Answer]:
    for at, answer in enumerate(answers):
        if not at and answer.question != text:
            chinese = language_of(text) == "zh"
            show.message(f"（理解为：{answer.question}）" if chinese else f"(understood as: {answer.question})")
        yield answer


@command(talking)
def log(
    number: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Show this answer whole.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(help="How many of the last ones to list.")] = 20,
    delete: Annotated[list[int] | None, typer.Option(metavar="ID", help="Forget this answer.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget all answers.")] = False,
    *,
    base: Place,
    as_json: AsJson = False,
) -> None:
    """Show the recorded answers: with what they were asked, searched, prompted and written."""
    with base.open() as kb:
        if clear or delete:
            show.message(f"forgot {kb.log.delete(None if clear else delete)} answers")
        elif number is None:
            show_log.records(kb.log.records(limit), as_json=as_json)
        else:
            show_log.record(kb.log.get(number), as_json=as_json)


@command(talking)
def replay(
    number: Number,
    *,
    base: AnsweringBase,
    as_json: AsJson = False,
) -> None:
    """Ask a recorded question again, as it was asked then; exit code 1 if the answer is not the same, byte for byte."""
    with base.open() as kb:
        spec = base.llm or kb.log.get(number).llm
    with base.open(llm=spec) as kb:
        again = kb.replay(number)
    show_log.replay(again, as_json=as_json)
    if not again.identical:
        raise typer.Exit(FAILED)


@command(talking)
def diff(
    before: Number,
    after: Annotated[int, typer.Argument(metavar="ID", help="Another one.")],
    *,
    base: Place,
) -> None:
    """Show what tells two recorded answers apart."""
    with base.open() as kb:
        show_log.difference(kb.log.get(before), kb.log.get(after))


@command(talking)
def feedback(
    number: Number,
    verdict: Annotated[Literal["up", "down"], typer.Argument(help="Whether the answer is good.")],
    correction: Annotated[
        str, typer.Option(help="What it should have been, with the prompt's marks.", show_default=False)
    ] = "",
    comment: Annotated[str, typer.Option(help="What else there is to say of it.", show_default=False)] = "",
    *,
    base: Place,
) -> None:
    """Say whether a recorded answer is good, and what it should have been."""
    with base.open() as kb:
        kb.log.rate(number, verdict, correction, comment)


@command(prompts, "show")
def show_(
    template: Annotated[
        str, typer.Argument(metavar="[NAME]", help=f"One of {', '.join(SLOTS)}; all unless given.")
    ] = "",
    language: Annotated[PromptLanguage | None, typer.Option(help="Only this language.", show_default=False)] = None,
    home: Home = None,
) -> None:
    """Print what models are told. A file NAME.LANGUAGE.txt in the folder 'prompts' of the home is used instead."""
    templates = Templates(load_config(home=home).prompts)
    if template and template not in SLOTS:
        raise InputError(
            "there is no prompt {template!r}; the prompts are {slots:list}", template=template, slots=SLOTS
        )
    languages: tuple[PromptLanguage, ...] = (language,) if language else ("en", "zh")
    for each in (template,) if template else SLOTS:
        for spoken in languages:
            typer.echo(f"--- {each}.{spoken} ({templates.own(each, spoken) or 'ships with kb'})")
            typer.echo(templates.text(each, spoken))


@command(prompts, "test")
def fill_(
    question: Annotated[str, typer.Argument(help="In Chinese or English.")],
    k: Annotated[int, typer.Option("-k", help="How many passages.")] = PASSAGES,
    *,
    style: StyleName = "plain",
    base: AnsweringBase,
    as_json: AsJson = False,
) -> None:
    """Print the prompt that a question makes, as the model would get it."""
    with base.open() as kb:
        generator = kb.generator()
        room = generator.context_tokens - Sampling().max_tokens
        hits = kb.search(question, k)
        prompt = fill(
            question, hits, count_tokens=generator.count_tokens, room_tokens=room, style=style, templates=kb.prompts
        )
    if as_json:
        show.dump(prompt.messages)
        return
    for message in prompt.messages:
        show.say(f"[{message.role}]\n{message.content}\n")
    if prompt.dropped:
        show.message(f"{len(prompt.dropped)} passages did not fit")
