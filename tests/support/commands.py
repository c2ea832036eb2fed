"""The command line, in a process of its own as a user runs it, or in this one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import forked
from kb.app.cli.main import app
from typer.testing import CliRunner, Result


def kb(*arguments: object, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, without an embedder unless told otherwise."""
    environment = {"KB_EMBEDDER": "tfidf"} | os.environ
    done = forked.kb(*map(str, arguments), stdin=stdin, cwd=cwd or "/", env=environment)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def run(*arguments: object) -> Result:
    """Run a command in this process, which is quicker; what the outermost handler would show is its ``exception``."""
    return CliRunner().invoke(app, list(map(str, arguments)))
