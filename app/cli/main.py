"""The command line: each command parses its arguments, calls one method of ``KnowledgeBase``, and prints.

Data goes to stdout, progress and messages to stderr. Exit codes: 0 done, 1 failed, 2 usage (an argument or setting is
invalid, and nothing was done), 4 nothing found, 5 done but some files failed, 130 interrupted.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sqlite3
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ... import __version__
from ...ingest.errors import InputError, KBError
from ...ingest.store.database import damage
from .commands import FAILED, INTERRUPTED, USAGE, LazyGroup
from .terminal import plain

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)
_INTERRUPTED = "interrupted; what was finished is kept, run the same command to go on"
_SQLITE_DISK = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR")

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
    """Run the command line; the outermost handler: an error is shown as an error, never as an answer."""
    _take_ascii_for_utf8()
    sys.stdin = sys.stdin or Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  whoever started us closed it
    try:
        app(standalone_mode=True)
    except KBError as error:
        _leave(str(error), USAGE if isinstance(error, InputError) else FAILED)
    except KeyboardInterrupt:
        _leave(_INTERRUPTED, INTERRUPTED)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # what Typer makes of Ctrl-C
            _leave(_INTERRUPTED, INTERRUPTED)
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever was reading our output has stopped
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001
        if os.environ.get("KB_DEBUG"):
            traceback.print_exc()
        if said := damage(error):
            _leave(said, FAILED)
        if fault := _fault_of_the_machine(error):
            _leave(f"{fault}; what was finished is kept: mend that, then run the same command to go on", FAILED)
        said = f"this should not have happened: {type(error).__name__}: {error}"
        _leave(f"{said}; kb doctor looks for damage to the base, KB_DEBUG=1 gives details", FAILED)
    sys.exit(0)


def _take_ascii_for_utf8() -> None:
    """Restart in Python's UTF-8 mode if the locale is ASCII only: questions and file names could not be decoded."""
    if _is_ascii(sys.getfilesystemencoding()) and sys.executable and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"  # also for the processes that read files
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very command
    if isinstance(sys.stdin, io.TextIOWrapper) and _is_ascii(sys.stdin.encoding):
        sys.stdin.reconfigure(encoding="utf-8")


def _is_ascii(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "ascii"


def _fault_of_the_machine(error: Exception) -> str:
    """Return what is wrong with the disk, if that caused the error; else empty."""
    if isinstance(error, OSError) and error.errno in _DISK:
        return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
    if isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorname", "").startswith(_SQLITE_DISK):
        return f"the knowledge base cannot be written ({error})"
    return ""


def _leave(message: str, code: int) -> NoReturn:
    typer.echo(plain(f"kb: {message}"), err=True)
    sys.exit(code)
