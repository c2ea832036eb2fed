"""A first command that fails leaves nothing behind: no empty base that later answers "nothing was found"."""

from __future__ import annotations

from pathlib import Path

import pytest
from mortal import kb


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with one file, and one that nobody may list."""
    (tmp_path / "a.txt").write_text("The warranty is 24 months.\n")
    (tmp_path / "closed").mkdir(mode=0)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ingest", "nowhere"), 2, "no such file or folder"),
        (("ingest", "nowhere", "--watch"), 2, "no such file or folder"),
        (("ingest", "nowhere", "--dry-run"), 2, "no such file or folder"),
        (("ingest", "closed"), 2, "not readable"),
        (("ingest", "a.txt", "--embedder", "nope"), 2, "no embedding model 'nope'"),
        (("ingest", "a.txt", "--chunk-tokens", "3"), 2, "do not suit"),
        (("ingest", "a.txt", "--redact", "shoe-size"), 2, "cannot be redacted"),
        (("ingest", "a.txt", "--encoding", "klingon"), 2, "is not an encoding"),
        (("ingest", "a.txt", "--dry-run"), 0, "to read"),
        (("status",), 2, "there is no knowledge base"),
        (("import", "nowhere.kbz"), 2, "does not exist"),
        (("token", "revoke", "abc"), 2, "there is no token"),
        (("serve", "--host", "192.0.2.1"), 2, "cannot listen"),
    ],
)
def test_nothing_is_left_of_a_first_command_that_does_nothing(
    place: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """What is wrong is found before anything is made; a dry run makes nothing either."""
    done = kb(*arguments, cwd=place)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert not (place / "home").exists()


def test_a_folder_that_is_no_base_is_left_alone(place: Path) -> None:
    """A name that is that of another folder in the home names no base, and nothing is written there."""
    (place / "home" / "default").mkdir(parents=True)
    done = kb("search", "warranty", cwd=place)
    assert (done.returncode, "there is no knowledge base" in done.stderr) == (2, True), done.stderr
    assert list((place / "home" / "default").iterdir()) == []
