"""The rule of the house: imports point left and down, no circles, no room that is a warehouse."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import kb
from places import ROOT

PACKAGE = Path(kb.__file__ or "").parent
MOST_MODULES = 20
LAYERS = """
app/cli
app/server
app/ui
app/ui/view
app/hosting
app/suggestions
app/chatchat app/doctor app/kbz app/several app/watch
app/api
app/asking
app/bridges app/as_data
app/measure
app/answers
app/exact
app/answers/answer
app/base
app/i18n
llm
llm/rails
llm/models
prompts
retrieval/search
retrieval/lanes
retrieval/stores
retrieval/models
retrieval/tables
retrieval/models/packed
retrieval/sentences
retrieval/words
retrieval/hit retrieval/metrics retrieval/where
ingest/run
ingest/readers
ingest/legacy
ingest/office ingest/pdf
ingest/images
ingest/layout
ingest/store ingest/text
ingest/reading
ingest/child ingest/document ingest/media ingest/package
ingest/errors ingest/merged ingest/names ingest/paths ingest/plain ingest/struck
ingest/notice
"""
"""From the top down: a file imports from its own room and from the lines below. A room is a folder, or a file beside some."""

RANKS = {room: rank for rank, line in enumerate(LAYERS.strip().splitlines()) for room in line.split()}
TABLE = "ingest/readers/table.py"
"""Loads a reader by its name, when it is first used."""


STAGES = ("app", "ingest", "llm", "prompts", "retrieval")


def modules() -> dict[str, Path]:
    """Return the modules of the five stages by their path in the package."""
    found = (path for stage in STAGES for path in (PACKAGE / stage).rglob("*.py"))
    return {path.relative_to(PACKAGE).as_posix(): path for path in sorted(found) if path.name != "__init__.py"}


def imports(name: str, path: Path, known: set[str]) -> Iterator[str]:
    """Yield the modules of ours that a module imports, lazily and for types too."""
    package = Path(name).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
        target = "/".join(filter(None, base))
        for alias in node.names:
            yield from ({f"{target}/{alias.name}.py", f"{target}.py"} & known)


@cache
def graph() -> dict[str, set[str]]:
    """Return the modules that each imports."""
    known = modules()
    return {name: set(imports(name, path, set(known))) for name, path in known.items()}


def room(name: str) -> str:
    """Return the line of ``LAYERS`` that a module belongs to."""
    path = name.removesuffix(".py")
    return next(each for each in (path, str(Path(path).parent), path.split("/", maxsplit=1)[0]) if each in RANKS)


def test_every_module_has_a_room_and_every_room_a_module() -> None:
    """The list above is the tree."""
    assert {room(name) for name in graph()} == set(RANKS)


def test_imports_point_down() -> None:
    """A module imports from its own room, or from a lower line."""
    upward = [
        f"{name} imports {other}"
        for name, others in graph().items()
        for other in sorted(others)
        if room(name) != room(other) and RANKS[room(name)] >= RANKS[room(other)]
    ]
    assert upward == []


def test_no_circle_of_files() -> None:
    """Each file can be read after those that it imports."""
    try:
        tuple(TopologicalSorter(graph()).static_order())
    except CycleError as error:
        raise AssertionError(" > ".join(error.args[1])) from None


def test_every_room_is_shipped() -> None:
    """A folder that pyproject.toml does not name would be missing from the wheel."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for stage in STAGES for path in (ROOT / stage).rglob("*.py")}
    folders |= {path.parent.relative_to(ROOT) for path in (ROOT / "knowledge_base").glob("*/*")}
    assert sorted(named) == sorted(["kb", *(".".join(("kb", *folder.parts)) for folder in folders)])


def test_no_room_is_a_warehouse() -> None:
    """A folder is looked over at a glance."""
    counts = Counter(str(Path(name).parent) for name in modules())
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}
