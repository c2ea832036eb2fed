"""The command line: data on stdout, messages on stderr, the right exit code, and never a traceback."""

from __future__ import annotations

import errno
import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from commands import kb
from kb.app.cli import main as cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name has spaces, Chinese and an emoji."""
    folder = tmp_path / "我的 文档 😀"
    folder.mkdir()
    (folder / "travel.md").write_text("# Travel\n\nHotel nights are refunded up to 120 dollars.\n")
    (folder / "差旅.md").write_text("# 差旅\n\n出差住宿费每晚最多报销四百五十元。\n", encoding="utf-8")
    return folder


def sqlite_error(name: str) -> sqlite3.OperationalError:
    """Return an error as SQLite raises it."""
    error = sqlite3.OperationalError(name)
    error.sqlite_errorname = name
    return error


def test_ingest_ask_search_list_status_and_rm(folder: Path) -> None:
    """The whole life of a base, with the exit codes that scripts rely on."""
    done = kb("ingest", folder)
    assert (done.returncode, done.stdout[:7]) == (0, "2 added")
    asked = kb("ask", "How much is refunded for a hotel night?")
    assert asked.returncode == 0
    assert asked.stdout.startswith("Hotel nights are refunded up to 120 dollars. [1]")
    assert "travel.md" in asked.stdout
    assert "No language model is configured" in asked.stderr
    found = kb("search", "住宿费", "--json")
    assert json.loads(found.stdout)["hits"][0]["chunk"]["source"] == str(folder / "差旅.md")
    assert kb("list").stdout.splitlines() == sorted([str(folder / "travel.md"), str(folder / "差旅.md")])
    assert "2 documents" in kb("status").stdout
    assert kb("rm", folder / "travel.md").returncode == 0
    assert kb("ask", "How much is refunded for a hotel night?").returncode == 4
    assert kb("search", "refunded").returncode == 4


def test_no_document_or_name_commands_the_terminal(tmp_path: Path) -> None:
    """Escape sequences are shown, not obeyed; a line feed in a name makes no line; JSON has all as it is."""
    folder = tmp_path / "docs"
    folder.mkdir()
    path = folder / "owl\x1b[31m\nof the \u202ehouse.txt"
    path.write_text("The owl of the house is called \x1b]0;root\x07Fritz.\n")
    kb("ingest", folder)
    asked = kb("ask", "What is the owl of the house called?", cwd=folder)
    assert asked.stdout.splitlines() == [
        r"The owl of the house is called \x1b]0;root\x07Fritz. [1]",
        "",
        r"[1] owl\x1b[31m\nof the \u202ehouse.txt (0-46)",
        r"    The owl of the house is called \x1b]0;root\x07Fritz.",
    ]
    shown = "".join(kb(*command).stdout for command in (["list"], ["status", "--files"], ["search", "owl"], ["log"]))
    assert not set("\x1b\x07\u202e") & set(shown)
    assert json.loads(kb("list", "--json").stdout)[0]["source"] == str(path)


def test_a_folder_that_moved_is_no_screen_full_of_names(tmp_path: Path) -> None:
    """Twenty of the files that are gone are named, the others counted; JSON has all."""
    (tmp_path / "a").mkdir()
    for n in range(30):
        (tmp_path / "a" / f"{n}.txt").write_text(f"Locker {n} is blue.")
    kb("ingest", tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    lines = kb("ingest", tmp_path).stderr.splitlines()
    assert len([line for line in lines if line.startswith("removed /")]) == 20
    assert "removed 10 more; --json names them" in lines


def test_an_option_before_the_command_is_told_where_it_belongs() -> None:
    """Every option of kb stands behind the command."""
    done = kb("--name", "reports", "list")
    assert done.returncode == 2
    assert "No such option before the command: --name. Write it behind: kb COMMAND ... --name" in " ".join(
        done.stderr.split()
    )


def test_json_of_an_answer_is_the_answer(folder: Path) -> None:
    """Machines get the same words as the Python API, with every citation."""
    kb("ingest", folder)
    answer = json.loads(kb("ask", "住宿费每晚最多报销多少？", "--json").stdout)
    assert not answer["abstained"]
    citation = answer["citations"][0]
    assert citation["quote"] == "出差住宿费每晚最多报销四百五十元。"
    text = (folder / "差旅.md").read_text(encoding="utf-8")
    assert text[citation["start"] : citation["stop"]] == citation["quote"]


def test_a_question_can_come_through_a_pipe(folder: Path) -> None:
    """``kb ask -`` reads stdin."""
    kb("ingest", folder)
    assert "120 dollars" in kb("ask", "-", stdin="How much is refunded for a hotel night?\n").stdout


def test_an_input_that_is_closed_is_an_empty_one(folder: Path) -> None:
    """A question is asked for, a conversation is over before it begins."""
    kb("ingest", folder)
    closed = [
        sys.executable,
        "-c",
        "import os, sys; os.close(0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])",
    ]
    said = subprocess.run([*closed, "-m", "kb", "ask", "-"], capture_output=True, text=True, cwd=folder, check=False)
    assert (said.returncode, said.stderr) == (2, "kb: the question is empty; ask something\n")
    said = subprocess.run([*closed, "-m", "kb", "chat"], capture_output=True, text=True, cwd=folder, check=False)
    assert (said.returncode, said.stderr) == (0, "")


def test_an_input_that_ends_where_it_is_waited_for_is_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-D says in one sentence what Ctrl-C says, with its exit code."""

    class Ended(io.StringIO):
        def read(self, _: int | None = -1) -> str:
            raise EOFError

    monkeypatch.setattr(sys, "stdin", Ended())
    monkeypatch.setattr(sys, "argv", ["kb", "ask", "-"])
    with pytest.raises(SystemExit, match="130"):
        cli.main()
    assert (
        capsys.readouterr().err.strip() == "kb: interrupted; what was finished is kept, run the same command to go on"
    )


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "ascii"},
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locale")
def test_a_locale_without_chinese_takes_chinese_all_the_same(folder: Path, locale: dict[str, str]) -> None:
    """As arguments, names of files, and through a pipe: bytes are UTF-8, and so is what is printed."""

    def run(*arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [os.fsencode(part) for part in (sys.executable, "-m", "kb", *arguments)],
            input=stdin.encode(), env=os.environ | {"KB_EMBEDDER": "tfidf"} | locale, capture_output=True, timeout=120,
            check=False, cwd="/",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    question = "住宿费每晚最多报销多少？"
    assert run("ingest", str(folder)).startswith("2 added")
    assert run("ask", question).startswith("出差住宿费每晚最多报销四百五十元。")
    assert run("ask", "-", stdin=question).startswith("出差住宿费每晚最多报销四百五十元。")
    assert json.loads(run("search", "住宿费", "--json"))["hits"][0]["chunk"]["source"].endswith("差旅.md")
    assert "差旅.md" in run("list")


def test_ingest_without_a_path_takes_the_folder_knowledge_base(folder: Path, tmp_path: Path) -> None:
    """./knowledge_base if it is there; otherwise a sentence that says what to do."""
    folder.rename(tmp_path / "knowledge_base")
    assert kb("ingest", cwd=tmp_path).returncode == 0
    nowhere = kb("ingest", cwd=tmp_path / "knowledge_base")
    assert nowhere.returncode == 2
    assert "kb ingest PATH" in nowhere.stderr


def test_files_that_fail_are_named_and_the_rest_is_done(folder: Path) -> None:
    """Exit code 5: done, but some files failed."""
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\ngarbage")
    (folder / "nothing.txt").write_bytes(b"")
    done = kb("ingest", folder)
    assert done.returncode == 5
    assert "2 added" in done.stdout
    assert "broken.pdf" in done.stderr
    assert "nothing.txt: the file is empty" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ingest", "/no/such/path"), 2, "no such file or folder"),
        (("ingest", "~nobody-of-this-name/path"), 2, "no such file or folder"),
        (("ingest", "x" * 300), 2, "no such file or folder"),
        (("ask", ""), 2, "question is empty"),
        (("ask", "x" * 100_000), 2, "characters"),
        (("search", "x", "-k", "0"), 2, "at least 1"),
        (("search", "x", "--lane", "smell"), 2, "not a lane"),
        (("ask", "refunded for a hotel night", "--llm", "telepathy"), 2, "telepathy"),
        (("ask", "refunded for a hotel night", "--llm", "gguf:/no/such.gguf"), 2, "/no/such.gguf"),
        (("search", "x", "--name", "../evil"), 2, "cannot name a knowledge base"),
        (("ask", "x", "--name", "nowhere"), 2, "no knowledge base 'nowhere'"),
        (("rm", "/not/there"), 2, "not in the knowledge base"),
        (("rm", "~nobody-of-this-name/path"), 2, "not in the knowledge base"),
        (("search", "x", "--home", "~nobody-of-this-name/kb"), 2, "no knowledge base 'default'"),
        (("frobnicate",), 2, "frobnicate"),
        (("search", "x", "--embedder", "/not/a/model"), 2, "/not/a/model"),
    ],
)
def test_bad_input_is_one_sentence_and_the_right_exit_code(
    folder: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """What failed, on what, what to do next; nothing on stdout."""
    kb("ingest", folder)
    done = kb(*arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert done.stdout == ""


def test_an_empty_folder_is_no_error(tmp_path: Path) -> None:
    """Nothing to do is done."""
    (tmp_path / "empty").mkdir()
    done = kb("ingest", tmp_path / "empty")
    assert (done.returncode, done.stdout[:7]) == (0, "0 added")
    assert "no file was found there" in done.stderr


def test_a_search_that_finds_nothing_says_so(folder: Path) -> None:
    """An exit code alone is no answer to a person."""
    kb("ingest", folder)
    done = kb("search", "xylophone")
    assert (done.returncode, done.stdout) == (4, "")
    assert "nothing was found" in done.stderr


def test_a_link_to_nothing_is_named_as_one(folder: Path) -> None:
    """Given itself it is a wrong path, met in a folder it is a file that failed; either way it says where it leads."""
    (folder / "gone.md").symlink_to("/nowhere")
    alone, among = kb("ingest", folder / "gone.md"), kb("ingest", folder)
    assert (alone.returncode, among.returncode) == (2, 5)
    assert all("link to '/nowhere', which is not there" in done.stderr for done in (alone, among))


def test_a_file_is_no_home(folder: Path) -> None:
    """It is said of the option, not of a configuration file that nobody wrote."""
    done = kb("status", "--home", folder / "travel.md")
    assert done.returncode == 2
    assert "travel.md is a file; --home" in done.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/x"),
            "No space left on device: /x; what was finished is kept",
        ),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system; what was finished is kept"),
        (sqlite_error("SQLITE_FULL"), "cannot be written (SQLITE_FULL); what was finished is kept"),
        (ValueError("odd"), "this should not have happened: ValueError: odd"),
    ],
)
def test_a_full_disk_is_told_from_a_fault_of_kb(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the machine lacks is named, and what to do; only the rest should not have happened."""

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    assert said in capsys.readouterr().err


def test_help_and_version_answer_at_once() -> None:
    """Every command explains itself."""
    for command in ((), ("ingest",), ("ask",), ("search",), ("status",), ("list",), ("rm",), ("doctor",), ("models",)):
        assert "Usage" in kb(*command, "--help").stdout
    assert kb("--version").stdout.startswith("kb ")


def test_the_doctor_examines_and_never_fails(folder: Path) -> None:
    """Before and after there is a base."""
    assert "no knowledge base" in kb("doctor").stdout
    kb("ingest", folder)
    assert "2 documents" in kb("doctor").stdout


def test_reading_no_further_is_no_error(folder: Path) -> None:
    """A reader like head may close the pipe; nobody wants a traceback for that."""
    kb("ingest", folder)
    command = f"{sys.executable} -m kb search refunded | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd="/", env=os.environ, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
