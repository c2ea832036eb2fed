"""``kb export`` and ``kb import``: a base as one file, answers as training data, and the bases of other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ...ingest.errors import InputError
from ..answers.training import DATASET_INFO, Format, rows
from ..as_data import as_data
from ..base.config import load_config
from . import show
from .commands import SOME_FILES_FAILED, command, commands
from .options import AsJson, Home, Place

CHATCHAT = "chatchat"

moving = commands()

Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


@command(moving)
def export(
    file: Annotated[
        Path | None, typer.Argument(help="Pack the base into this file, NAME.kbz.", show_default=False)
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--for-training",
            help="Print the answers that were called good or corrected, in a format that LLaMA-Factory reads.",
            show_default=False,
        ),
    ] = None,
    answers: Annotated[bool, typer.Option("--with-answers", help="Pack the recorded answers too.")] = False,
    force: Force = False,
    *,
    base: Place,
    as_json: AsJson = False,
) -> None:
    """Pack the knowledge base into one file that kb import opens elsewhere, or print answers to train a model on."""
    from ..kbz import pack

    if (file is None) == (form is None):
        raise InputError("say what to export: kb export FILE.kbz, or kb export --for-training FORMAT")
    with base.open() as kb:
        if form:
            found = rows(kb.log.records(limit=-1), form)
            show.dump(found)
            entry = json.dumps({"kb": {"file_name": "FILE.json"} | dict(DATASET_INFO[form])})
            show.message(f"{len(found)} answers; for dataset_info.json: {entry}")
        if file:
            packed = pack(kb, file, answers=answers, force=force)
            if as_json:
                show.dump(packed)
                return
            typer.echo(
                f"{file}: {packed.n_documents} documents, {packed.n_chunks} passages, {packed.n_vectors} vectors, "
                f"{file.stat().st_size / 1e6:.1f} MB; fingerprint {packed.fingerprint[:12]}"
            )


@command(moving, "import")
def import_(
    what: Annotated[str, typer.Argument(metavar="FILE", help="A NAME.kbz; or the word chatchat, and PATH.")],
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]",
            help="Of Langchain-Chatchat's data/knowledge_base; its files stay there.",
            show_default=False,
        ),
    ] = None,
    new_name: Annotated[
        str | None,
        typer.Option("--name", help="What to call the base. [default: as it was called]", show_default=False),
    ] = None,
    force: Force = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a knowledge base of a file of kb export, or of what Langchain-Chatchat holds; nothing is embedded again."""
    if what == CHATCHAT:
        _chatchat(path, home, new_name, force=force, as_json=as_json)
        return
    from ..kbz import unpack

    if path is not None:
        raise InputError(
            "{what!r} is not a program whose bases can be read; write: kb import {chatchat} PATH",
            what=what,
            chatchat=CHATCHAT,
        )
    made = unpack(Path(what), home=load_config(home=home).home, name=new_name, force=force)
    if as_json:
        show.dump(made)
        return
    typer.echo(
        f"knowledge base {made.name!r}: {made.n_documents} documents, {made.n_chunks} passages, {made.n_vectors} vectors; "
        f"fingerprint {made.fingerprint[:12]}"
    )


def _chatchat(path: Path | None, home: Path | None, name: str | None, *, force: bool, as_json: bool) -> None:
    from ..chatchat import conversations, open_chatchat, take_over

    if path is None or name is not None:
        raise InputError("write: kb import {chatchat} PATH; each base keeps its name", chatchat=CHATCHAT)
    chatchat = open_chatchat(path)
    with show.progress() as progress:
        done = take_over(chatchat, home=home, force=force, progress=progress, say=show.message)
    rest = conversations(chatchat)
    if as_json:
        show.dump({"bases": as_data(done), "left": list(rest)})
    else:
        for one in done:
            if one.report:
                typer.echo(f"knowledge base {one.name!r}:")
                show.report(one.report, as_json=False)
            for sentence in one.left:
                show.message(f"left: {sentence}")
        for sentence in rest:
            show.message(f"left: {sentence}")
    if any(one.report is None or one.report.failed for one in done):
        raise typer.Exit(SOME_FILES_FAILED)
