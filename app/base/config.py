"""Settings are read here, once, and passed on as plain arguments.

Precedence: the caller's arguments, the environment (``KB_HOME`` ...), ``<home>/config.toml``, the default. pydantic-settings
would do the same at a cost of 0.2 s per ``kb`` command; a few strings do not need it.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

from ...ingest.errors import InputError
from ...ingest.paths import expanded
from ...ingest.store.database import FILE
from ...retrieval.stores.specs import checked

if TYPE_CHECKING:
    from ...ingest.run.pool import Limits

_MEGABYTE = 1024**2
_NAME = re.compile(r"[^\W_](?:[\w -]{0,62}[\w-])?")
_TAKEN = ("models", "prompts")
_KEYS = (
    "name",
    "embedder",
    "llm",
    "lora",
    "store",
    "store_key",
    "log",
    "rerank",
    "judge",
    "strictness",
    "timeout",
    "memory",
)


@dataclass(frozen=True, slots=True)
class Config:
    """Where a knowledge base is, and which models serve it."""

    home: Path
    """The folder that holds all knowledge bases."""
    name: str = "default"
    embedder: str = "auto"
    """``auto``, ``multilingual``, ``minilm``, ``tfidf``, a folder or a Hugging Face name."""
    llm: str = "auto"
    """``auto``, ``extractive``, ``gguf:PATH``, ``openai:URL#MODEL`` ...; an adapter is appended: ``?lora=FILE``."""
    store: str = ""
    """The vector store: ``chroma``, ``qdrant://host:port`` ...; empty: the base's own, Chroma for a new one."""
    store_key: str = field(default="", repr=False)
    """The password or API key for that store's server."""
    log: str = "on"
    """``on``: answers are recorded in the base; ``off``: they are not."""
    rerank: str = ""
    """A cross-encoder that reorders results: a folder or a name; empty or ``off``: none."""
    judge: str = ""
    """An NLI cross-encoder that checks whether passages support answers: a folder or a name; empty or ``off``: none."""

    strictness: str = ""
    """How much more evidence than usual an answer needs, in log-odds; empty: 0. ``kb eval`` shows what it costs."""
    timeout: str = ""
    """Time limit for reading a file, in seconds, plus 10 for each megabyte; empty: 120."""
    memory: str = ""
    """Memory limit for a process that reads files, in megabytes; empty: 4096."""

    @property
    def more_evidence(self) -> float:
        """The strictness as a number.

        Raises:
            InputError: it is not a number.
        """
        return _finite("strictness", self.strictness) if self.strictness else 0.0

    @property
    def limits(self) -> Limits:
        """The limits for reading a file.

        Raises:
            InputError: one of the settings is not a number above 0.
        """
        from ...ingest.run.pool import Limits

        usual = Limits()
        timeout_s = _above_zero("timeout", self.timeout) if self.timeout else usual.timeout_s
        memory = int(_above_zero("memory", self.memory) * _MEGABYTE) if self.memory else usual.memory_bytes
        return replace(usual, timeout_s=timeout_s, memory_bytes=memory)

    @property
    def folder(self) -> Path:
        """The folder of this knowledge base."""
        return self.home / self.name

    @property
    def is_there(self) -> bool:
        """Whether that folder holds a knowledge base."""
        return (self.folder / FILE).is_file()

    @property
    def prompts(self) -> Path:
        """The folder of the user's own prompts."""
        return self.home / "prompts"

    @property
    def models(self) -> Path:
        """The folder for downloaded and compiled models."""
        return self.home / "models"


def load_config(
    *,
    home: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    **given: str | None,
) -> Config:
    """Return the settings in force; ``given`` and ``home`` override everything, ``None`` means not given.

    Raises:
        InputError: a name is not a valid folder name, a value is invalid, or the configuration file cannot be read.
    """
    place = expanded(home or environment.get("KB_HOME") or user_data_path("kb", appauthor=False)).absolute()
    values = _file(place / "config.toml")
    values |= {key: value for key in _KEYS if (value := environment.get(f"KB_{key.upper()}"))}
    values |= {key: value for key, value in given.items() if value is not None}
    lora = values.pop("lora", "")
    if lora and "lora=" not in (llm := values.get("llm", "auto")):
        values["llm"] = f"{llm}{'&' if '?' in llm else '?'}lora={expanded(lora).absolute()}"
    config = Config(place, **values)
    if not _NAME.fullmatch(config.name) or config.name in _TAKEN:
        raise InputError(
            "{name!r} cannot name a knowledge base; use letters, digits, spaces, - and _ (not {taken:or})",
            name=config.name,
            taken=_TAKEN,
        )
    if config.log not in ("on", "off"):
        raise InputError("log is {value!r}; it must be on or off (config.toml, KB_LOG)", value=config.log)
    if config.strictness:
        _finite("strictness", config.strictness)
    return replace(config, store=checked(config.store)) if config.store else config


def _finite(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            "{key} is {text!r}; it must be a number (KB_{variable}, config.toml)",
            key=key,
            text=text,
            variable=key.upper(),
        )
    return number


def _above_zero(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise InputError(
            "{key} is {text!r}; it must be a number above 0 (--{key}, KB_{variable}, config.toml)",
            key=key,
            text=text,
            variable=key.upper(),
        )
    return number


def _file(path: Path) -> dict[str, str]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise InputError("{parent} is a file; --home and KB_HOME name a folder", parent=path.parent) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError("{path}: cannot be read as TOML ({why}); fix or remove it", path=path, why=error) from error
    if wrong := sorted(key for key, value in values.items() if key not in _KEYS or not isinstance(value, str)):
        raise InputError(
            "{path}: {key!r} is not a setting; the settings are {keys:list}, each a string",
            path=path,
            key=wrong[0],
            keys=_KEYS,
        )
    return values
