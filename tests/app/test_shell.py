"""kb in a shell: what Tab completes, and pipes in both directions, through a real shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a base, and a ``kb`` that the shell finds."""
    tmp_path = tmp_path_factory.mktemp("shell")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "kb"
    command.write_text(f"#!{sys.executable}\nfrom kb.app.cli.main import main\n\nmain()\n")
    command.chmod(0o755)
    (tmp_path / "travel.md").write_text("# Travel\n\nHotel nights are refunded up to 120 dollars.\n")
    run("kb ingest travel.md", tmp_path)
    return tmp_path


def run(line: str, folder: Path, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "KB_HOME": str(folder / "home"),
        "KB_EMBEDDER": "tfidf",
        **more,
    }
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder, env=environment, input=stdin, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_pipes_in_and_out(shell: Path) -> None:
    """A question comes from a pipe, an answer goes into one, with nothing but data on it."""
    asked = run("echo 'How much is refunded for a hotel night?' | kb ask - 2>messages | sed -n 1p", shell)
    assert asked.stdout == "Hotel nights are refunded up to 120 dollars. [1]\n"
    assert "No language model" in (shell / "messages").read_text()
    as_json = run("kb ask --json - < question 2>/dev/null", _question(shell))
    assert json.loads(as_json.stdout)["citations"][0]["quote"] == "Hotel nights are refunded up to 120 dollars."
    found = run(
        "echo hotel | kb search --json - | python3 -c 'import json,sys; print(len(json.load(sys.stdin)[\"hits\"]))'",
        shell,
    )
    assert found.stdout == "1\n"
    listed = run("kb list | xargs -d '\\n' wc -c", shell)
    assert listed.returncode == 0
    assert "travel.md" in listed.stdout


def _question(folder: Path) -> Path:
    (folder / "question").write_text("How much is refunded for a hotel night?\n")
    return folder


def test_exit_codes_reach_the_shell(shell: Path) -> None:
    """Nothing found is 4 and no empty question is asked, so that scripts can tell."""
    assert run("echo 'Who won the 1954 chess olympiad?' | kb ask -", shell).returncode == 4
    empty = run("kb ask - < /dev/null", shell)
    assert (empty.returncode, "the question is empty" in empty.stderr) == (2, True)
    assert run("kb ask 'How much is refunded for a hotel night?' >/dev/null && echo found", shell).stdout == "found\n"


def test_a_reader_that_leaves_is_no_error_of_ours(shell: Path) -> None:
    """``| head`` closes the pipe early: kb ends without a traceback."""
    (shell / "notes").mkdir()
    for number in range(100):
        (shell / "notes" / f"{number}.md").write_text(f"Note {number}.")
    home = str(shell / "other")
    assert run("kb ingest notes", shell, KB_HOME=home).returncode == 0
    done = run("kb list | head -n 1; kb search note -k 100 --json | head -c 10", shell, KB_HOME=home)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("kb in", "ingest"),
        ("kb token ", "revoke"),
        ("kb serve --ma", "--max-upload-mb"),
        ("kb export --for", "--for-training"),
        ("kb feedback 1 ", "down"),
    ],
)
def test_tab_completes(shell: Path, words: str, wanted: str) -> None:
    """The completion that ``kb --install-completion`` puts into bash knows commands, options and values."""
    count = len(words.split()) + words.endswith(" ") - 1
    said = run("kb", shell, _KB_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(count))
    assert wanted in said.stdout.split()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_is_installed_for_each_shell(shell: Path, name: str) -> None:
    """``kb --show-completion`` prints a script that the shell itself accepts, where that shell is at hand."""
    script = run("kb", shell, _KB_COMPLETE=f"source_{name}").stdout
    assert "_KB_COMPLETE=complete_" in script
    if path := shutil.which(name):
        checked = subprocess.run([path, "-n"], input=script, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
