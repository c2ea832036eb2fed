"""Which embedder a knowledge base is built with, and which one reads its questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from ...ingest.errors import EmbedderError, MissingExtraError, UnknownModelError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ...retrieval.models.embedder import Embedder
from ...retrieval.models.registry import open_embedder

_GIVEN = "given:"
"""Before the name of an embedder that a program passed in: only a program can pass it again."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What reads the questions, and what it does without."""

    embedder: Embedder | None
    note: str = ""


def spec_of(embedder: Embedder | None) -> str:
    """Return what a base remembers of what it was built with."""
    if embedder is None:
        return "tfidf"
    return getattr(embedder, "spec", f"{_GIVEN}{embedder.name}")


class Embedders:
    """Opens embedders for one base: what was asked for, else what the base was built with, else the best at hand."""

    def __init__(self, catalog: Catalog, wanted: str | Embedder, models: Path) -> None:
        """Take the base's catalog, a spec or an embedder, and the folder where models are kept."""
        self._catalog = catalog
        self._wanted = wanted
        self._models = models
        self._serving: tuple[str, Serving] | None = None
        self._lock = Lock()

    def building(self, say: Callable[[str], None] | None = None) -> Embedder | None:
        """Return what embeds documents, the one that reads questions if it is open; ``None`` when the base is to do without.

        Raises:
            UnknownModelError: it is not on this machine; a base is never moved to another embedder unless asked to.
            EmbedderError: it cannot be loaded.
            MissingExtraError: the libraries that run it are not installed.
        """
        with self._lock:
            spec, serving = self._spec(), self._serving
        if serving and serving[0] == spec and serving[1].embedder:
            return serving[1].embedder
        embedder = self._given() or self._open(spec, say)  # without the lock: a search need not wait for a model
        with self._lock:
            self._serving = (spec, Serving(embedder))
        return embedder

    def built(self, embedder: Embedder | None) -> None:
        """Remember in the base what it was built with; without an embedder only if that was asked for."""
        chosen = embedder is not None or self._spec() == "tfidf"
        spec = spec_of(embedder) if chosen else ""
        if self._catalog.get("embedder") != spec:
            self._catalog.put("embedder", spec)
            with self._lock:
                if self._serving and self._serving[1].embedder is embedder:
                    self._serving = (self._spec(), self._serving[1])

    def serving(self) -> Serving:
        """Return what embeds questions; with a note instead of an error when the base's own is not on this machine.

        A base that another process moves to another embedder is followed.

        Raises:
            UnknownModelError, EmbedderError: an embedder was asked for by name, and is not on this machine or cannot be loaded.
            MissingExtraError: likewise, and its libraries are not installed.
        """
        with self._lock:
            spec = self._spec()
            if self._serving is None or self._serving[0] != spec:
                self._serving = (spec, self._find_serving())
            return self._serving[1]

    def _find_serving(self) -> Serving:
        if given := self._given():
            return Serving(given)
        spec = self._spec()
        if spec == "auto":
            return Serving(None)  # nothing was embedded yet
        if self._wanted != "auto":
            return Serving(self._open(spec, None))  # what was asked for by name fails by name
        try:
            return Serving(self._open(spec, None))
        except (UnknownModelError, EmbedderError, MissingExtraError) as error:
            return Serving(None, Notice("Searched by keywords and TF-IDF only. {why}", why=error))

    def _given(self) -> Embedder | None:
        return None if isinstance(self._wanted, str) else self._wanted

    def _spec(self) -> str:
        own = self._catalog.get("embedder")
        return own if self._wanted == "auto" and own else str(self._wanted)

    def _open(self, spec: str, say: Callable[[str], None] | None) -> Embedder | None:
        if spec.startswith(_GIVEN):
            name = spec.removeprefix(_GIVEN)
            raise EmbedderError(
                "This base was built with {name}, which a program passed in; pass it to KnowledgeBase.open", name=name
            )
        return open_embedder(spec, cache=self._models, progress=say)
