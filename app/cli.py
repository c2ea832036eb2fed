"""The command line: each command parses, calls one method of ``KnowledgeBase``, and prints.

Data goes to stdout, progress and messages to stderr. Exit codes: 0 done, 1 failed, 2 usage, 4 nothing found,
5 done but some files failed, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from .. import __version__
from ..ingest.errors import InputError, KBError
from . import show
from .answer import PASSAGES
from .cli_chat import prompts, talking
from .cli_eval import evaluation
from .cli_ingest import ingesting
from .cli_mcp import mcp
from .cli_models import models
from .cli_move import moving
from .cli_options import AnsweringBases, AsJson, Bases, Filters, Lanes, Place, Shown, Writing, with_options
from .cli_serve import serving, tokens

FAILED, USAGE, NOTHING_FOUND, INTERRUPTED = 1, 2, 4, 130

app = typer.Typer(
    name="kb",
    help="Ask your own files, on your own machine: every sentence of an answer points to where it came from.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(ingesting)
app.add_typer(talking)
app.add_typer(prompts, name="prompts")
app.add_typer(models, name="models")
app.add_typer(evaluation)
app.add_typer(moving)
app.add_typer(serving)
app.add_typer(mcp)
app.add_typer(tokens, name="token")


@app.command()
@with_options
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


@app.command()
@with_options
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
        raise typer.Exit(NOTHING_FOUND)


@app.command()
@with_options
def status(
    files: Annotated[bool, typer.Option("--files", help="Every file, and how its pages were read.")] = False,
    *,
    base: Place,
    as_json: AsJson = False,
) -> None:
    """Show what the knowledge base holds and what serves it."""
    with base.open() as kb:
        show.status(kb.status(), kb.ledger() if files else (), as_json=as_json)


@app.command("list")
@with_options
def list_(*, base: Place, as_json: AsJson = False) -> None:
    """List the files of the knowledge base."""
    with base.open() as kb:
        show.sources(kb.sources(), as_json=as_json)


@app.command()
@with_options
def rm(
    sources: Annotated[list[str], typer.Argument(help="Files, or folders with all their files.")],
    *,
    base: Place,
) -> None:
    """Forget files; the files themselves stay where they are."""
    with base.open() as kb:
        for source in kb.remove(sources):
            show.message(f"removed {source}")


@app.command()
@with_options
def doctor(*, base: Place, as_json: AsJson = False) -> None:
    """Show what is installed, which models are at hand, and what is missing."""
    from .doctor import examine

    show.findings(examine(home=base.home, name=base.name), as_json=as_json)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"kb {__version__}")
        raise typer.Exit


@app.callback()
def callback(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Ask your own files, on your own machine: every sentence of an answer points to where it came from."""


def main() -> NoReturn:
    """Run the command line; the outermost handler: an error is shown as an error, and never as an answer."""
    try:
        app(standalone_mode=True)
    except KBError as error:
        _leave(str(error), USAGE if isinstance(error, InputError) else FAILED)
    except KeyboardInterrupt:
        _leave("interrupted; what was finished is kept, run the same command to go on", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our output has had enough
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001
        if os.environ.get("KB_DEBUG"):
            traceback.print_exc()
        _leave(f"this should not have happened: {type(error).__name__}: {error}; set KB_DEBUG=1 for details", FAILED)
    sys.exit(0)


def _leave(message: str, code: int) -> NoReturn:
    show.message(f"kb: {message}")
    sys.exit(code)
