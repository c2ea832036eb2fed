"""The knowledge bases under one home, each opened once and shared by all requests.

Comes in: a name. Goes out: an open ``KnowledgeBase``. Never: a path outside the home.
"""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...ingest.errors import InputError, UnknownNameError
from ...ingest.store.database import FILE
from ...llm.generator import Generator
from ...llm.open import open_generator
from ..api import KnowledgeBase
from ..base.config import Config, load_config
from ..base.elsewhere import forget_elsewhere
from ..base.rename import UPLOADS, rename
from .process import giving_way
from .uploads import sweep_bases

_GRAVE = ".deleted-"
"""Begins the name of the folder of a base that is being deleted."""


class Bases:
    """Opens knowledge bases on first use. Thread-safe."""

    def __init__(self, config: Config, llm: Generator | None = None) -> None:
        """Serve the bases of ``config.home``; all share one language model.

        Raises:
            InputError: ``config.llm`` names no language model.
            GeneratorError: it cannot be loaded.
        """
        self.config = config
        self.generator = llm or giving_way(partial(open_generator, config.llm, models=config.models))
        self._open: dict[str, KnowledgeBase] = {}
        self.when_gone: list[Callable[[str], None]] = []
        """Called with the old name of each base that was renamed or deleted."""
        self._lock = threading.RLock()
        sweep_bases(config.home)
        for grave in config.home.glob(f"{_GRAVE}*"):  # of a deletion that was interrupted
            shutil.rmtree(grave, ignore_errors=True)

    def names(self) -> tuple[str, ...]:
        """Return the bases that exist, sorted; the configured one is always among them."""
        found = {file.parent.name for file in self.config.home.glob(f"*/{FILE}")}
        return tuple(sorted({name for name in found if not name.startswith(_GRAVE)} | {self.config.name}))

    def get(self, name: str | None = None) -> KnowledgeBase:
        """Return a base by name, or the configured one.

        Raises:
            InputError: there is no base of this name.
        """
        name = name or self.config.name
        with self._lock:
            if name not in self._open:
                if name not in self.names():
                    raise UnknownNameError(
                        "there is no knowledge base {name!r}; the knowledge bases are {names}",
                        name=name,
                        names=self._known(),
                    )
                self._open[name] = KnowledgeBase(self._config(name), llm=self.generator)
            return self._open[name]

    def opened(self) -> tuple[KnowledgeBase, ...]:
        """Return the open bases."""
        with self._lock:
            return tuple(self._open.values())

    def opener(self, shown: str) -> Callable[[str], KnowledgeBase]:
        """Return a function that opens the base of a citation or hit; without a name, the base shown."""
        return lambda name: self.get(name or shown)

    def create(self, name: str) -> KnowledgeBase:
        """Create an empty base.

        Raises:
            InputError: the name is invalid, or taken.
        """
        config = self._config(name)
        with self._lock:
            if config.name in self.names():
                raise InputError("there is a knowledge base {name!r} already; choose another name", name=name)
            self._open[name] = KnowledgeBase(config, llm=self.generator)
            return self._open[name]

    def rename(self, name: str, new: str) -> None:
        """Rename a base, with its uploads.

        Raises:
            InputError: there is no base of this name, or the new name is invalid or taken.
            StorageError: another process is writing to it.
        """
        config = self._config(new)
        with self._lock:
            kb = self.get(name)
            rename(kb.catalog, kb.config, config)
            del self._open[name]
            kb.close()
            if name == self.config.name:
                self.config = config
        self._tell_gone(name)

    def use_model(self, spec: str) -> None:
        """Let another language model write the answers of all bases.

        Raises:
            InputError: ``spec`` names no language model.
            GeneratorError: it cannot be loaded; the current one stays.
        """
        generator = giving_way(partial(open_generator, spec, models=self.config.models))
        with self._lock:
            before, self.generator = self.generator, generator
            self.config = replace(self.config, llm=spec)
            for kb in self._open.values():
                kb.use_model(spec, generator)
        before.close()

    def delete(self, name: str) -> None:
        """Remove a base, its uploads, and the answers drawn from it; files ingested from elsewhere stay.

        Raises:
            InputError: there is no base of this name.
        """
        with self._lock:
            kb = self.get(name)
            forget_elsewhere(kb.catalog, everything=True)
            grave = kb.config.home / f"{_GRAVE}{uuid.uuid4().hex}"
            del self._open[name]
            kb.close()
            kb.config.folder.rename(grave)  # atomic: others find the base whole or not at all
        self._tell_gone(name)
        shutil.rmtree(grave)

    def close(self) -> None:
        """Close all bases and free the model."""
        with self._lock:
            for kb in self._open.values():
                kb.close()
            self._open.clear()
            self.generator.close()

    def _tell_gone(self, name: str) -> None:
        for tell in self.when_gone:
            tell(name)

    def _config(self, name: str) -> Config:
        checked = load_config(home=self.config.home, name=name)
        return replace(self.config, name=checked.name)

    def _known(self) -> str:
        return ", ".join(self.names())


def forget(kb: KnowledgeBase, source: str, say: Callable[[str], None] | None = None) -> tuple[str, ...]:
    """Remove a source from the base, and its file if it was uploaded.

    Raises:
        InputError: it is not in the base.
    """
    gone = kb.remove([source])
    uploads = (kb.config.folder / UPLOADS).resolve()
    for removed in gone:
        path = Path(removed).resolve()
        if path.is_relative_to(uploads):
            path.unlink(missing_ok=True)
            if say:
                say(f"deleted {path}")
    return gone
