"""The command line in processes of their own, forked from one that has kb imported: starting it anew costs a second each.

Comes in: arguments, as a user types them. Goes out: what ``subprocess.run`` returns. Never: for tests of what starting costs.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

NURSERY = """
import gc, io, json, os, pkgutil, signal, sys
from importlib import import_module
STAGES = ("app.answers", "app.base", "app.cli", "app.exact", "app.i18n", "app.measure", "ingest", "llm", "prompts", "retrieval")
for stage in STAGES:
    package = import_module(f"kb.{stage}")
    for module in pkgutil.walk_packages(package.__path__, f"kb.{stage}."):
        import_module(module.name)
from kb.app.cli.main import main
gc.freeze()
asked, told = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")

def born(argv, cwd, env, files):
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_RDWR), number)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(number, mode), encoding="utf-8", line_buffering=number == 2)
        for number, mode in ((0, "rb"), (1, "wb"), (2, "wb"))
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    sys.argv = ["kb", *argv]
    main()

for line in asked:
    child = os.fork()
    if not child:
        born(**json.loads(line))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), file=told, flush=True)
"""


@cache
def nursery(*prefix: str) -> subprocess.Popen[str]:
    """Return the process that forks the others; ``prefix`` is a command to start it with."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
    )
    atexit.register(process.kill)
    return process


def kb(
    *arguments: str, prefix: Sequence[str] = (), stdin: str = "", cwd: Path | str = "/", env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the command; its streams are files, and no terminal."""
    if not hasattr(os, "fork"):
        command = [*prefix, sys.executable, "-m", "kb", *arguments]
        return subprocess.run(command, capture_output=True, text=True, input=stdin, cwd=cwd, env=env, check=False)
    process = nursery(*prefix)
    assert process.stdin is not None
    assert process.stdout is not None
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / name for name in ("in", "out", "err")]
        for file, text in zip(files, (stdin, "", ""), strict=True):
            file.write_text(text, "utf-8")
        job = {"argv": arguments, "cwd": str(cwd), "env": env, "files": list(map(str, files))}
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            code = process.stdout.readline()
        except BaseException:  # a test that was timed out: nobody may read its answer for that of the next
            process.kill()
            nursery.cache_clear()
            raise
        out, err = (file.read_text("utf-8") for file in files[1:])
    return subprocess.CompletedProcess(arguments, int(code), out, err)
