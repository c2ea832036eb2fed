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
from .cli_commands import FAILED, INTERRUPTED, USAGE, LazyGroup

app = typer.Typer(
    name="kb",
    cls=LazyGroup,
    help="Ask your own files, on your own machine: every sentence of an answer points to where it came from.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    typer.echo(f"kb: {message}", err=True)
    sys.exit(code)
