"""Read an embedding model's folder: its identity and the prompts put before queries and documents.

Comes in: a folder in the layout of sentence-transformers. Goes out: a ``Recipe``. Never: torch, the network, a change.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...ingest.errors import UnknownModelError
from .packed.file import is_packed

FORMAT = 1
"""Part of every fingerprint; incremented when the same weights and prompts would give other vectors."""

_INSTRUCTION = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"

_KNOWN_PROMPTS: tuple[tuple[str, str, str], ...] = (
    # name pattern, query prompt, document prompt: for models whose folders lack the prompts of their model card
    (r"e5-.*instruct|e5-mistral|gte-qwen", _INSTRUCTION + " ", ""),
    (r"(^|[-/_])e5-(small|base|large)", "query: ", "passage: "),
    (r"bge-(small|base|large)-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    (r"bge-(small|base|large)-en", "Represent this sentence for searching relevant passages: ", ""),
    (r"mxbai-embed-(large|xsmall)", "Represent this sentence for searching relevant passages: ", ""),
    (r"nomic-embed-text", "search_query: ", "search_document: "),
    (r"qwen3-embedding", _INSTRUCTION, ""),
)
_PACKED_PROMPTS = ("query: ", "passage: ")
_DOCUMENT_PROMPTS = ("document", "passage", "corpus")

_TOKENIZER_FILES = (
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is named, identified and prompted."""

    name: str
    folder: Path
    fingerprint: str
    """Over weights, configuration, tokenizer and prompts: the same for the same model elsewhere on disk."""
    query_prompt: str
    document_prompt: str


def is_embedding_model(folder: Path) -> bool:
    """Return whether it is a sentence-transformers model, a bare encoder usable as one, or a packed file."""
    if folder.is_file():
        return is_packed(folder)
    if is_cross_encoder(folder):
        return False
    if not any(_weights(folder)) and not any(_weights(path) for path in _module_folders(folder)):
        return False
    if (folder / "modules.json").is_file():
        return True
    architectures = _read(folder / "config.json").get("architectures")
    return isinstance(architectures, list) and not any("ForCausalLM" in str(name) for name in architectures)


def is_cross_encoder(folder: Path) -> bool:
    """Return whether the folder has a model trained to judge pairs of texts."""
    named = _read(folder / "config.json").get("architectures")
    judges = isinstance(named, list) and any("ForSequenceClassification" in str(name) for name in named)
    return judges or _read(folder / "config_sentence_transformers.json").get("model_type") == "CrossEncoder"


def read_recipe(name: str, folder: Path, hashes: Path) -> Recipe:
    """Read a model's folder, or a packed file.

    Args:
        name: what people call the model; identifies known families if the folder has no prompts.
        folder: of the model, or its file.
        hashes: a folder where weight hashes are cached by path, size and modification time.

    Raises:
        UnknownModelError: the folder is not an embedding model.
    """
    if not is_embedding_model(folder):
        raise UnknownModelError(
            "{folder} is not an embedding model: expected modules.json or an encoder's config.json, with "
            "weights; give a sentence-transformers folder, or run: kb models list",
            folder=folder,
        )
    if folder.is_file():
        digest = hashlib.sha256("\0".join((str(FORMAT), *_PACKED_PROMPTS, _file_hash(folder, hashes))).encode())
        return Recipe(name, folder, f"e5-{digest.hexdigest()[:24]}", *_PACKED_PROMPTS)
    query, document = _prompts(name, folder)
    digest = hashlib.sha256(f"{FORMAT}\0{query}\0{document}\0{_lower_cases(folder)}".encode())
    for path in _content(folder):
        digest.update(f"\0{path.relative_to(folder).as_posix()}\0{_file_hash(path, hashes)}".encode())
    kind = re.sub(r"[^a-z0-9]+", "-", str(_read(folder / "config.json").get("model_type") or "model").lower())
    return Recipe(name, folder, f"{kind.strip('-')[:15]}-{digest.hexdigest()[:24]}", query, document)


def _prompts(name: str, folder: Path) -> tuple[str, str]:
    config = _read(folder / "config_sentence_transformers.json")
    saved = config.get("prompts")
    prompts = {str(key): str(value) for key, value in saved.items() if value} if isinstance(saved, dict) else {}
    if prompts:
        default = prompts.get(str(config.get("default_prompt_name")), "")
        document = next((prompts[key] for key in _DOCUMENT_PROMPTS if key in prompts), default)
        return prompts.get("query", default), document
    lowered = name.lower()
    for pattern, query, document in _KNOWN_PROMPTS:
        if re.search(pattern, lowered):
            return query, document
    return "", ""


def _content(folder: Path) -> list[Path]:
    """Return the files that determine the vectors, in a stable order."""
    files = [folder / "modules.json", folder / "config.json"]
    tokenizer = folder / "tokenizer.json"
    files += [tokenizer] if tokenizer.is_file() else [folder / name for name in _TOKENIZER_FILES]
    files += _weights(folder)
    for path in _module_folders(folder):
        files += [path / "config.json", path / "tokenizer.json", *_weights(path)]
    return sorted({path for path in files if path.is_file()})


def _weights(folder: Path) -> list[Path]:
    """Return the weight files of one folder; pickled ones only if there are no safetensors, as transformers does."""
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def _module_folders(folder: Path) -> list[Path]:
    try:
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
        paths = [str(module["path"]) for module in modules]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    return [folder / path for path in paths if path and (folder / path).is_dir()]


def _lower_cases(folder: Path) -> bool:
    return bool(_read(folder / "sentence_bert_config.json").get("do_lower_case"))


def _read(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _file_hash(path: Path, hashes: Path) -> str:
    """Return a file's sha256; cached for large files, since a cold start cannot read gigabytes."""
    stat = path.stat()
    if stat.st_size < 1 << 22:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    known_as = hashlib.sha256(f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}".encode()).hexdigest()
    remembered = hashes / known_as[:32]
    try:
        value = remembered.read_text("ascii")
    except OSError:
        value = ""
    if re.fullmatch("[0-9a-f]{64}", value):
        return value
    with path.open("rb") as file:
        value = hashlib.file_digest(file, "sha256").hexdigest()
    with suppress(OSError):  # if nothing can be written, it is read again next time
        hashes.mkdir(parents=True, exist_ok=True)
        partial = remembered.with_name(f"{remembered.name}.{os.getpid()}")
        partial.write_text(value, "ascii")
        partial.replace(remembered)
    return value
