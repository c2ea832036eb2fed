"""The command as a user runs it who may not do everything: root is held to the permissions of files as everybody is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import forked

_HELD = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    if os.name != "nt" and os.geteuid() == 0 and shutil.which("setpriv")
    else ()
)


def kb(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command, without an embedder unless told otherwise."""
    done = forked.kb(*arguments, prefix=_HELD, cwd=cwd, env={"KB_EMBEDDER": "tfidf"} | os.environ)
    assert "Traceback" not in done.stderr, done.stderr
    return done
