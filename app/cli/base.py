"""``kb status``, ``kb list``, ``kb rm`` and ``kb doctor``: what a base holds, and what this machine has installed."""

from __future__ import annotations

from typing import Annotated

import typer

from ..base.notes import owed_notes
from . import show
from .commands import FAILED, command, commands
from .options import AsJson, Place

keeping = commands()


@command(keeping)
def status(
    files: Annotated[bool, typer.Option("--files", help="Every file, and how its pages were read.")] = False,
    *,
    base: Place,
    as_json: AsJson = False,
) -> None:
    """Show what the knowledge base holds and what serves it."""
    with base.open() as kb:
        show.status(kb.status(), kb.ledger() if files else (), as_json=as_json)


@command(keeping, "list")
def list_(*, base: Place, as_json: AsJson = False) -> None:
    """List the files of the knowledge base."""
    with base.open() as kb:
        show.sources(kb.sources(), as_json=as_json)


@command(keeping)
def rm(
    sources: Annotated[list[str], typer.Argument(help="Files, or folders with all their files.")],
    *,
    base: Place,
) -> None:
    """Forget files; the files themselves stay where they are."""
    with base.open() as kb:
        for source in kb.remove(sources):
            show.message(f"removed {source}")
        for note in owed_notes(kb.catalog):
            show.message(f"note: {note}")


@command(keeping)
def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild a damaged base from what is sound in it and from the files.")
    ] = False,
    *,
    base: Place,
    as_json: AsJson = False,
) -> None:
    """Show what is installed, which models are at hand, and what is missing."""
    from .. import doctor

    done = doctor.repair(home=base.home, name=base.name, say=show.message) if repair else ()
    found = (*done, *doctor.examine(home=base.home, name=base.name))
    show.findings(found, as_json=as_json)
    if any(one.is_damage for one in found):
        raise typer.Exit(FAILED)
