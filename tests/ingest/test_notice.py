"""What kb says is a template with fields, and English as a string."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

from kb.ingest.errors import DamagedError, InputError, MissingExtraError
from kb.ingest.notice import Notice, some


def test_a_notice_is_its_english() -> None:
    """It compares, hashes, and goes into JSON as any other string."""
    notice = Notice("{n:,} files of {name!r}: {kinds:list}", n=1200, name="a", kinds=["x", "y"])
    assert notice == "1,200 files of 'a': x, y"
    assert hash(notice) == hash("1,200 files of 'a': x, y")
    assert json.dumps([notice]) == "[\"1,200 files of 'a': x, y\"]"


def test_a_notice_keeps_what_it_is_made_of() -> None:
    """Through ``str``, a copy, and the pipe of a worker."""
    notice = Notice("{path} holds {why}", path=Path("/a"), why=DamagedError("no {x}"))
    for same in (str(notice), copy.deepcopy(notice), pickle.loads(pickle.dumps(notice))):  # noqa: S301 - our own bytes
        assert isinstance(same, Notice)
        assert same == "/a holds no {x}"
        assert (same.template, same.fields) == ("{path} holds {why}", {"path": "/a", "why": "no {x}"})


def test_an_error_says_a_notice() -> None:
    """``str(error)`` has the template; text without fields is taken as it is; an error survives a pickle."""
    error = InputError("k is {k}; ask for at least 1 passage", k=0)
    assert str(error) == "k is 0; ask for at least 1 passage"
    said = str(pickle.loads(pickle.dumps(error)))  # noqa: S301 - our own bytes
    assert isinstance(said, Notice)
    assert said.fields == {"k": 0}
    assert str(InputError("{a} stays")) == "{a} stays"
    assert isinstance(MissingExtraError("x", "y").args[0], Notice)


def test_of_many_names_some_are_told() -> None:
    """The others are counted."""
    assert Notice("{names:list}", names=some(["a", "b"], 2)) == "a, b"
    assert Notice("{names:list}", names=some(["a", "b", "c"], 2)) == "a, b and 1 more"
