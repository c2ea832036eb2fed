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
"""Prefix for the name of an embedder that a program passed in: only a program can pass it again."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What embeds questions, with a note on what is missing."""

    embedder: Embedder | None
    note: str = ""


def spec_of(embedder: Embedder | None) -> str:
    """Return the spec that a base stores for its embedder."""
    if embedder is None:
        return "tfidf"
    return getattr(embedder, "spec", f"{_GIVEN}{embedder.name}")


class Embedders:
    """Opens embedders for one base: the requested one, else the one the base was built with, else the best available."""

    def __init__(self, catalog: Catalog, wanted: str | Embedder, models: Path) -> None:
        """Take the base's catalog, a spec or an embedder, and the models folder."""
        self._catalog = catalog
        self._wanted = wanted
        self._models = models
        self._serving: tuple[str, Serving] | None = None
        self._lock = Lock()

    def building(self, say: Callable[[str], None] | None = None) -> Embedder | None:
        """Return the embedder for documents, reusing the one for questions if it is open; ``None`` if the base uses none.

        Raises:
            UnknownModelError: it is not on this machine; a base never changes embedder unless told to.
            EmbedderError: it cannot be loaded.
            MissingExtraError: the libraries that run it are not installed.
        """
        with self._lock:
            spec, serving = self._spec(), self._serving
        if serving and serving[0] == spec and serving[1].embedder:
            return serving[1].embedder
        embedder = self._given() or self._open(spec, say)  # outside the lock: a search must not wait for a model
        with self._lock:
            self._serving = (spec, Serving(embedder))
        return embedder

    def built(self, embedder: Embedder | None) -> None:
        """Store in the base what it was built with; without an embedder, only if that was requested."""
        chosen = embedder is not None or self._spec() == "tfidf"
        spec = spec_of(embedder) if chosen else ""
        if self._catalog.get("embedder") != spec:
            self._catalog.put("embedder", spec)
            with self._lock:
                if self._serving and self._serving[1].embedder is embedder:
                    self._serving = (self._spec(), self._serving[1])

    def serving(self) -> Serving:
        """Return the embedder for questions; a note replaces the error if the base's own is not on this machine.

        If another process moves the base to another embedder, this follows.

        Raises:
            UnknownModelError, EmbedderError: an embedder was requested by name, and is not on this machine or cannot be loaded.
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
            return Serving(None)  # nothing is embedded yet
        if self._wanted != "auto":
            return Serving(self._open(spec, None))  # a model requested by name fails by name
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
