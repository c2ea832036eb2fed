"""The documentation is executed: what it shows works, and what it names exists."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import kb
import pytest
from kb.app.base.config import load_config
from kb.app.cli import commands as cli_commands
from kb.app.cli import main as cli
from kb.ingest.errors import InputError
from kb.ingest.media import SUFFIXES
from kb.ingest.readers import table
from places import ROOT
from typer.main import get_command

PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("knowledge_base/**/*.md")]
    if path.name != "commands.md"
)
README = (ROOT / "README.md").read_text("utf-8")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def code_blocks(text: str, language: str = "") -> list[str]:
    """Return the fenced blocks of a page, all or those in one language."""
    return [code for tag, code in _BLOCK.findall(text) if not language or tag == language]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Path:
    """A folder with the handbook in it and a home beside it, as a user has them once the model is compiled."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "home").mkdir()
    (folder / "home" / "models").symlink_to(compiled)
    shutil.copytree(ROOT / "knowledge_base", folder / "knowledge_base")
    return folder


def run(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, with a home of its own and no network."""
    environment = os.environ | {
        "KB_HOME": str(place / "home"),
        "HF_HUB_OFFLINE": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, encoding="utf-8", check=False, timeout=240
    )


def kb_lines(text: str) -> list[str]:
    """Return the ``kb ...`` lines of a page's shell blocks."""
    lines = (line for block in code_blocks(text, "sh") for line in block.splitlines())
    return [line for line in lines if line.startswith("kb ")]


@pytest.mark.slow
@pytest.mark.parametrize("block", code_blocks(README, "python"))
def test_python_of_the_readme_runs(block: str, place: Path) -> None:
    """A reader can paste the snippet."""
    done = run([sys.executable, "-c", block], place)
    assert done.returncode == 0, done.stderr
    assert "PDF" in done.stdout


@pytest.mark.slow
def test_shell_lines_of_the_readme_run(place: Path) -> None:
    """A reader can type the quick start, line by line; nothing fails and no traceback is shown."""
    lines = kb_lines(README)
    assert len(lines) >= 5
    for line in lines:
        done = run(shlex.split(line), place)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr


def test_both_readmes_show_the_same_code() -> None:
    """The Chinese README is not behind the English one in anything that can be run."""
    assert code_blocks((ROOT / "README.zh.md").read_text("utf-8")) == code_blocks(README)


def test_make_targets_in_the_docs_exist() -> None:
    """Every ``make X`` that is named is a target."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = {
        target for page in PAGES for target in re.findall(r"\bmake ([a-z]+)\b(?=[`\s]*#|`|$)", page.read_text("utf-8"))
    }
    assert {"demo", "test"} <= named
    assert not [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)]


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file in the repo, and its anchor a heading there."""
    prose = _BLOCK.sub("", page.read_text("utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), link
        assert not anchor or anchor in _anchors(goal), link


def _documented(pattern: str) -> set[str]:
    sources = [*PAGES, *ROOT.glob("docs/handbook/*/*.md")]
    return {name for page in sources for name in re.findall(pattern, page.read_text("utf-8"))}


def _configures(variable: str) -> bool:
    try:
        return load_config(environment={variable: "other"}) != load_config(environment={})
    except InputError:
        return True  # it is read, and takes only certain words


def test_documented_environment_variables_are_read() -> None:
    """Setting a documented variable changes the configuration, or the code names it."""
    named = _documented(r"\bKB_[A-Z_]+\b")
    assert {"KB_HOME", "KB_NAME", "KB_EMBEDDER", "KB_LLM"} <= named
    stages = [Path(kb.__file__).with_name(stage) for stage in ("app", "ingest", "llm", "retrieval")]
    code = "".join(path.read_text("utf-8") for stage in stages for path in stage.rglob("*.py"))
    unknown = [name for name in named if not _configures(name) and f'"{name}"' not in code]
    assert not unknown


def test_environment_variables_that_are_read_are_documented() -> None:
    """A setting cannot be added without a word in the README."""
    settings = {f"KB_{field.upper()}" for field in load_config(environment={}).__slots__}
    assert settings <= set(re.findall(r"\bKB_[A-Z_]+\b", README))


@pytest.fixture(scope="module")
def commands() -> dict[str, object]:
    """Every command of the command line by its full name, groups too."""

    def walk(command, name):
        yield name, command
        for sub, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{name} {sub}")

    return dict(walk(get_command(cli.app), "kb"))


def test_commands_and_options_in_the_docs_exist(commands) -> None:
    """No page names a command or an option of kb that is not there."""
    params = [param for command in commands.values() for param in command.params]
    options = {word for param in params for word in (*param.opts, *param.secondary_opts)}
    named = _documented(r"`(kb [^`\n]*)`") | {line for page in PAGES for line in kb_lines(page.read_text("utf-8"))}
    assert len(named) > 20
    for line in sorted(named):
        words = line.split()
        if re.fullmatch(r"[a-z][a-z-]*", words[1]):
            assert f"kb {words[1]}" in commands, line
        for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", line):
            assert option in options | {"--help"}, line
    for option in _documented(r"(?<![\w-])--[a-z][a-z-]+") - {"--check"}:
        assert option in options | {"--help"}, option


@pytest.mark.parametrize("page", ["en/command-reference.pdf.md", "zh/命令手册.pdf.md"])
def test_every_command_and_option_is_in_the_handbook(commands, page: str) -> None:
    """Nothing can be added to the command line without a line in the command reference, in both languages."""
    text = (ROOT / "docs" / "handbook" / page).read_text("utf-8")
    leaves = {name: command for name, command in commands.items() if not hasattr(command, "commands")}
    assert not [name for name in leaves if not re.search(rf"`{name}[ `]", text)]
    options = {option for command in leaves.values() for param in command.params for option in param.opts}
    options = {option for option in options if option.startswith("-")} - {"-h", "--help"}
    assert not [option for option in sorted(options) if not re.search(rf"`[^`]*{option}[ `]", text)]


def test_the_page_of_commands_is_what_help_prints() -> None:
    """The committed help is the help of this version."""
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "build_commands.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", ["en/ingesting.md", "zh/导入文件.md"])
def test_documented_formats_have_readers(page: str) -> None:
    """Every suffix that the handbook says kb reads has a reader that can be imported; ``.doc`` is not said to."""
    text = (ROOT / "knowledge_base" / page).read_text("utf-8")
    lines = [line for line in text.splitlines() if "`.docx`" in line or "`.odt`" in line]
    suffixes = set(re.findall(r"`(\.[a-z]+)`", "\n".join(lines[:2])))
    assert len(suffixes) > 20
    for suffix in suffixes:
        module, function = table._FUNCTIONS[SUFFIXES[suffix]]
        assert callable(getattr(import_module(f"kb.ingest.{module}"), function))


def test_documented_exit_codes_are_those_of_the_command_line() -> None:
    """README and handbook list each exit code that the command line can end with, and no other."""
    codes = {
        0,
        cli_commands.FAILED,
        cli_commands.USAGE,
        cli_commands.NOTHING_FOUND,
        cli_commands.SOME_FILES_FAILED,
        cli_commands.INTERRUPTED,
    }
    handbook = ROOT / "docs" / "handbook"
    english = (handbook / "en" / "command-reference.pdf.md").read_text("utf-8")
    chinese = (handbook / "zh" / "命令手册.pdf.md").read_text("utf-8")
    assert set(map(int, re.findall(r"^- Exit code (\d+) ", english, re.MULTILINE))) == codes
    assert set(map(int, re.findall(r"^- 退出码 (\d+) ", chinese, re.MULTILINE))) == codes
    for page in ("README.md", "README.zh.md"):
        assert set(map(int, re.findall(r"^\| (\d+) \|", (ROOT / page).read_text("utf-8"), re.MULTILINE))) == codes
