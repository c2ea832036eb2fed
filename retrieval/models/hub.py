"""Access the Hugging Face hub: its cache on this machine, and the only place where a model is downloaded.

Comes in: a model's name. Goes out: folders. Never: a download that was not asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...ingest.errors import EmbedderError, InputError, MissingExtraError
from ...ingest.notice import Notice

_WANTED = ("*.json", "*.txt", "*.model", "*.safetensors", "*.md", "LICENSE*")
_UNWANTED = ("onnx/*", "openvino/*", "*/onnx/*", "*.onnx", "data_config.json")


def hub_cache() -> Path:
    """Return the folder of the hub's cache, as huggingface_hub chooses it, without importing it."""
    if folder := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(folder).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(home).expanduser() / "hub"


def cached_snapshots() -> dict[str, Path]:
    """Return the models in the hub's cache by name; among several revisions, the one ``main`` points to, else the newest."""
    found = {}
    for folder in sorted(hub_cache().glob("models--*")):
        if snapshot := _snapshot(folder):
            found[folder.name.removeprefix("models--").replace("--", "/")] = snapshot
    return found


def download(name: str, folder: Path) -> None:
    """Fetch a model from the hub into ``folder``; existing files are not fetched again.

    Args:
        name: ``OWNER/MODEL``; with a third part, ``OWNER/MODEL/FILE``, that file only.
        folder: where the files go.

    Raises:
        InputError: the name does not have this form.
        EmbedderError: the hub cannot be reached, or has no such model.
        MissingExtraError: huggingface_hub is not installed.
    """
    owner, _, rest = name.partition("/")
    model, _, file = rest.partition("/")
    if not owner or not model:
        raise InputError(
            "{name!r} is not a model of the Hugging Face hub; give OWNER/MODEL, e.g. BAAI/bge-m3", name=name
        )
    try:
        import huggingface_hub
    except ImportError as exc:
        raise MissingExtraError(Notice("downloading a model"), "dense") from exc
    try:
        # Unlike the library's other calls, this one does not retry five times, with messages, if there is no network.
        files = huggingface_hub.HfApi().model_info(f"{owner}/{model}").siblings or ()
        pickled = () if any(file.rfilename.endswith(".safetensors") for file in files) else ("pytorch_model*.bin",)
        huggingface_hub.snapshot_download(
            f"{owner}/{model}",
            local_dir=folder,
            allow_patterns=[file] if file else [*_WANTED, *pickled],
            ignore_patterns=None if file else list(_UNWANTED),
        )
    except Exception as exc:  # the library's own errors, httpx's, requests' and OSError
        reason = (str(exc).strip() or type(exc).__name__).splitlines()[0]
        raise EmbedderError(
            "{name} could not be downloaded ({reason}); check the name at https://huggingface.co and the "
            "network, or copy the model's folder here and give its path",
            name=name,
            reason=reason,
        ) from exc


def recorded_sha256(name: str) -> str:
    """Return the checksum that the hub has for ``OWNER/MODEL/FILE``.

    Raises:
        EmbedderError: it has none, or cannot be reached.
    """
    import huggingface_hub

    owner, model, file = name.split("/", 2)
    try:
        files = huggingface_hub.HfApi().model_info(f"{owner}/{model}", files_metadata=True).siblings or ()
    except Exception as exc:  # as in ``download``
        raise EmbedderError("{name} cannot be checked ({why}); try again", name=name, why=exc) from exc
    if found := next((one.lfs.sha256 for one in files if one.rfilename == file and one.lfs), ""):
        return found
    raise EmbedderError(
        "{name} is not on the hub, or has no checksum there; copy the file here and give its path", name=name
    )


@contextmanager
def offline() -> Iterator[None]:
    """Keep the hub's library off the network, whatever other libraries ask of it."""
    try:
        from huggingface_hub import constants
    except ImportError:
        yield
        return
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _snapshot(folder: Path) -> Path | None:
    try:
        main = folder / "snapshots" / (folder / "refs" / "main").read_text("ascii").strip()
    except (OSError, ValueError):
        main = folder / "snapshots" / "-"
    if main.is_dir():
        return main
    snapshots = [path for path in folder.glob("snapshots/*") if path.is_dir()]
    return max(snapshots, key=lambda path: path.stat().st_mtime, default=None)
