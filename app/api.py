"""``KnowledgeBase``: the Python API, and the only place that joins the stages. Every interface is built on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from ..ingest.errors import InputError
from ..ingest.store.catalog import Catalog
from ..ingest.store.database import no_base
from ..ingest.store.keywords import Tokenizer
from ..ingest.store.sources import SourceRow
from ..llm.generator import Generator
from ..prompts.templates import Templates
from ..retrieval.lanes.drafts import Drafts
from ..retrieval.lanes.view import FOLDER
from ..retrieval.models.embedder import Embedder
from ..retrieval.models.judge import Judge, Judges
from ..retrieval.models.reranker import Reranker, Rerankers
from ..retrieval.search.search import Searcher
from ..retrieval.stores.specs import checked
from ..retrieval.words.tokens import TOKENS_VERSION, tokens
from .answers.log import Log
from .asking import Asks
from .base.config import Config, load_config
from .base.embedders import Embedders, Serving, spec_of
from .base.library import Library, Part
from .base.rename import follow
from .base.stores import check_store, exact_up_to, open_index

if TYPE_CHECKING:
    from ..ingest.document import IngestReport, Progress
    from ..ingest.run.sync import Selection
    from .answers.answering import Answering
    from .answers.replay import Replay
    from .base.reindex import Freed, Reindexed
    from .base.status import FileLedger, Status
    from .base.stores import Restored


class KnowledgeBase(Asks):
    """A folder of files that answers questions. Open it with ``KnowledgeBase.open``; thread-safe."""

    def __init__(
        self,
        config: Config,
        embedder: Embedder | None = None,
        llm: Generator | None = None,
        reranker: Reranker | None = None,
        judge: Judge | None = None,
        *,
        make: bool = True,
    ) -> None:
        """Open the base that ``config`` names; a model passed here replaces the configured one.

        Unless ``make``, one that does not exist is made by its first ``ingest``.
        """
        self.config = config
        tokenizer = Tokenizer(tokens, TOKENS_VERSION, Drafts(config.folder / FOLDER).note)
        self._catalog = Catalog(config.folder, tokenizer, make=make)
        if self._catalog.is_made and not self._catalog.is_read_only:
            follow(self._catalog, config.folder)
        self._embedder = embedder
        self._embedders = Embedders(self._catalog, embedder or config.embedder, config.models)
        self._llm = llm
        self._llm_is_ours = llm is None
        self._opening = Lock()
        self.prompts = Templates(config.prompts)
        self._searcher = Searcher(
            self._catalog,
            config.folder,
            lambda: self._serving().embedder,
            lambda embedder: open_index(self._catalog, self.config, embedder),
            exact_up_to=lambda: exact_up_to(self._catalog, self.config),
            rerankers=(
                Rerankers(lambda _: reranker, reranker.name)
                if reranker
                else Rerankers(partial(_open_cross_encoder, config), config.rerank)
            ),
        )
        self.library = Library({"": Part(self._catalog, self._searcher, self._serving)})
        self._log = Log(self.library, config.llm, on=config.log == "on")
        self._judges = _judges(judge, config)

    @classmethod
    def open(
        cls,
        name: str | None = None,
        *,
        home: str | os.PathLike[str] | None = None,
        embedder: str | Embedder | None = None,
        llm: str | Generator | None = None,
        store: str | None = None,
        rerank: str | Reranker | None = None,
        judge: str | Judge | None = None,
        must_exist: bool = False,
    ) -> Self:
        """Open a knowledge base. One that does not exist is made by its first ``ingest``; until then it cannot be read.

        Args:
            name: its name; ``default`` unless configured otherwise.
            home: the folder that holds all knowledge bases; ``$KB_HOME``, else the platform's folder for user data.
            embedder: ``auto``, ``multilingual``, ``minilm``, ``tfidf``, a folder, a Hugging Face name, or an ``Embedder``.
            llm: ``auto``, ``extractive``, ``gguf:PATH``, ``openai:URL#MODEL``, ..., or a ``Generator``.
            store: ``chroma``, ``http://host:port`` of a Chroma server, ``qdrant://...``, ``qdrant:FOLDER``, ``milvus://...``,
                ``milvus:FILE.db``, ``postgres://...``, ``lance:FOLDER``, ``langchain:module.Class``; by default where the base
                    keeps its
                vectors, in-process Chroma for a new one.
            rerank: a cross-encoder that reorders results: a folder, a name, or a ``Reranker``; none by default.
            judge: an NLI cross-encoder that checks whether passages support answers: a folder, a name, or a ``Judge``.
            must_exist: refuse at once one that does not exist.
        Raises:
            InputError: the name or the configuration cannot be used.
            UnknownNameError: the base does not exist, and ``must_exist`` is set.
            StorageError: the base on disk is damaged or was written by a newer kb.
        """
        config = load_config(
            home=home,
            name=name,
            embedder=embedder if isinstance(embedder, str) else None,
            llm=llm if isinstance(llm, str) else None,
            store=store,
            rerank=rerank if isinstance(rerank, str) else None,
            judge=judge if isinstance(judge, str) else None,
        )
        if must_exist and not config.is_there:
            raise no_base(config.folder)
        return cls(
            config,
            None if isinstance(embedder, str) else embedder,
            None if isinstance(llm, str) else llm,
            None if isinstance(rerank, str) else rerank,
            None if isinstance(judge, str) else judge,
            make=False,
        )

    def ingest(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        selection: Selection | None = None,
        progress: Progress | None = None,
        say: Callable[[str], None] | None = None,
        later: bool = False,
    ) -> IngestReport:
        """Bring the base up to date with the files under ``paths``: files, folders and globs; make it if it does not exist.

        Files can be found by keywords as soon as they are read, and by meaning once embedded, which takes longer.

        Args:
            paths: what to read; folders are walked recursively.
            selection: which files to read, how to treat them, and what to do with those that vanished.
            progress: called with every step.
            say: called with a message when something slow that is not a step begins.
            later: return before embedding if that would take more than a few seconds; ``finish`` then embeds ``n_pending``.
        Raises:
            InputError: a path does not exist; nothing was done.
            StorageError: another process is writing to this base.
            UnknownModelError: the embedder that the base was built with is not on this machine.
        """
        from ..ingest.run.sync import Selection
        from .base.upkeep import ready_to_begin, take_in

        paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        if not (self._catalog.is_made or self.config.is_there):
            if selection and selection.dry_run:
                return self._tried(paths, selection, progress)
            embedder = ready_to_begin(self.config, paths, selection or Selection(), say, self._embedder)
            self._catalog.make()
            self._embedders = Embedders(self._catalog, embedder or self.config.embedder, self.config.models)
        return take_in(self._catalog, self.config, self._embedders, paths, selection, progress, say, later=later)

    def _tried(
        self, paths: Iterable[str | os.PathLike[str]], selection: Selection, progress: Progress | None
    ) -> IngestReport:
        """Return what the first ingest would do."""
        from tempfile import TemporaryDirectory

        with (
            TemporaryDirectory() as nowhere,
            KnowledgeBase(replace(self.config, home=Path(nowhere)), self._embedder) as base,
        ):
            return base.ingest(paths, selection=selection, progress=progress)

    def finish(
        self, report: IngestReport | None = None, *, progress: Progress | None = None, wait: bool = True
    ) -> IngestReport:
        """Embed what an ingest postponed or was interrupted at; the base can be queried and written to meanwhile.

        Args:
            report: the report of that ingest, which is returned complete.
            progress: called with every step; an exception from it stops the run, and what was done is kept.
            wait: wait for another process that is doing the same.
        Raises:
            LockedError: another process is doing the same, and ``wait`` is false.
            UnknownModelError: the embedder that the base was built with is not on this machine.
        """
        from .base.upkeep import finish

        return finish(self._catalog, self.config, self._embedders, report, progress, wait=wait)

    def remove(self, sources: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
        """Forget sources, or all sources under a folder; return what was forgotten. The files themselves stay.

        Raises:
            InputError: one of them is not in the base; nothing was done.
        """
        from .base.upkeep import forget

        self._catalog.demand()
        return forget(self._catalog, self.config, self._embedders, sources)

    def reindex(
        self,
        embedder: str | Embedder | None = None,
        *,
        chunk_tokens: int | None = None,
        progress: Progress | None = None,
        say: Callable[[str], None] | None = None,
    ) -> Reindexed:
        """Move the base to another embedder or passage size, from stored text; the old index serves until it is done.

        If interrupted, the next call resumes it. ``rollback`` can undo it until ``gc``.

        Args:
            embedder: as for ``open``; ``None``: the one this base was opened with.
            chunk_tokens: approximate passage size in the embedder's tokens; 0: what suits the embedder; ``None``: unchanged.
            progress: called with every step.
            say: called with a message when something slow that is not a step begins.
        Raises:
            InputError: nothing would change, or the embedder cannot take passages of that size.
            StorageError: another process is writing to this base.
            UnknownModelError: the embedder is not on this machine.
            MissingExtraError: the libraries that run it are not installed.
        """
        from .base.chunk_sizes import chunk_tokens_of
        from .base.reindex import move
        from .base.upkeep import writing

        self._catalog.demand()
        with writing(self.config.folder):
            embedders = Embedders(self._catalog, embedder, self.config.models) if embedder else self._embedders
            check_store(self._catalog, self.config)
            target = embedders.building(say)
            tokens = chunk_tokens_of(self._catalog) if chunk_tokens is None else chunk_tokens
            moved = move(self._catalog, target, tokens, partial(open_index, self._catalog, self.config), progress)
            self._embedders = embedders
        return moved

    def rollback(self, *, progress: Progress | None = None, say: Callable[[str], None] | None = None) -> Reindexed:
        """Go back to the embedder and passage size before the last ``reindex``, also embedding what was ingested since.

        Raises:
            InputError: there is nothing to go back to, or ``gc`` freed it.
            UnknownModelError: the embedder is no longer on this machine.
            EmbedderError: the embedder was passed in by a program; pass it to ``reindex`` instead.
        """
        from .base.reindex import PREVIOUS, PREVIOUS_TOKENS

        previous = self._catalog.get(PREVIOUS)
        if not previous:
            raise InputError(
                "there is nothing to go back to: this base was not moved to another embedder, or gc was run"
            )
        embedder = None if previous == self._catalog.get("embedder") else previous
        tokens = int(self._catalog.get(PREVIOUS_TOKENS) or 0)
        return self.reindex(embedder, chunk_tokens=tokens, progress=progress, say=say)

    def move_store(self, store: str, *, progress: Progress | None = None) -> Restored:
        """Move the vectors to another store without embedding again; the old store serves until it is done.

        If interrupted, the next call resumes it.

        Args:
            store: as for ``open``.
            progress: called with every step.
        Raises:
            InputError: the base uses that store already or has no vectors, or the store is not a valid one.
            StorageError: the store does not answer, or another process is writing to this base.
            MissingExtraError: the store's client is not installed.
        """
        from .base.stores import move_store
        from .base.upkeep import writing

        self._catalog.demand()
        config = replace(self.config, store=checked(store))
        with writing(config.folder):
            moved = move_store(self._catalog, config, self._embedders.building(), progress)
        self.config = config
        return moved

    def gc(self) -> Freed:
        """Drop the vectors, chunks and vector indexes of embedders not in use; ``rollback`` is no longer possible.

        Raises:
            InputError: this base was opened with an embedder other than the one it is built with.
            StorageError: another process is writing to this base, or the store does not answer.
            UnknownModelError: the base's embedder is not on this machine, so what belongs to it is unknown.
        """
        from .base.reindex import free
        from .base.upkeep import writing

        self._catalog.demand()
        with writing(self.config.folder):
            embedder = self._embedders.building()
            own = self._catalog.get("embedder")
            if own and own != spec_of(embedder):
                raise InputError(
                    "this base is built with {own}, not {other}; leave the embedder out",
                    own=own,
                    other=spec_of(embedder),
                )
            check_store(self._catalog, self.config)
            return free(self._catalog, self.config, embedder)

    def replay(self, number: int) -> Replay:
        """See ``Asks``; other bases that the question was asked of are opened by name."""
        from .answers.replay import replayed

        with self.others() as part:
            return replayed(self.log, self.answering, self.config.name, number, part)

    @contextmanager
    def others(self) -> Iterator[Callable[[str], Part | None]]:
        """Open other bases of this home by name, until the context ends; ``None`` for one that does not exist."""
        with ExitStack() as opened:

            def part(name: str) -> Part | None:
                config = replace(self.config, name=name)
                return opened.enter_context(KnowledgeBase(config)).library.first if config.is_there else None

            yield part

    @property
    def log(self) -> Log:
        """See ``Asks``."""
        return self._log

    @property
    def embedder(self) -> Embedder | None:
        """What embeds questions; ``None`` where search is by keywords and TF-IDF only."""
        return self._serving().embedder

    def generator(self) -> Generator:
        """Return the model that writes answers, opening it on first use.

        Raises:
            GeneratorError: it cannot be opened.
        """
        with self._opening:
            if self._llm is None:
                from ..llm.open import open_generator

                self._llm = open_generator(self.config.llm, models=self.config.models)
            return self._llm

    def use_model(self, spec: str, generator: Generator) -> None:
        """Let another model write the answers from now on; the caller closes both it and the previous one."""
        self.config = replace(self.config, llm=spec)
        self._llm, self._llm_is_ours = generator, False
        self._log = Log(self.library, spec, on=self._log.on)

    def document_text(self, source: str | os.PathLike[str]) -> str:
        """Return the text that the offsets of chunks and citations count in.

        Raises:
            InputError: the source is not in the base, or could not be read.
        """
        document = self._catalog.document(os.fspath(source)) or self._catalog.document(str(Path(source).absolute()))
        if document is None:
            raise InputError("{source!r} is not in the knowledge base; kb list shows what is", source=os.fspath(source))
        return document.text

    def sources(self) -> tuple[SourceRow, ...]:
        """Return every source that was read or failed, sorted."""
        return tuple(self._catalog.sources().values())

    def status(self) -> Status:
        """Return what the base holds and which models serve it."""
        from .base.status import status_of

        serving = self._serving()
        return status_of(self._catalog, self.config, serving.embedder, serving.note)

    def ledger(self) -> tuple[FileLedger, ...]:
        """Return what became of every file and each of its pages."""
        from .base.status import ledger_of

        return ledger_of(self._catalog)

    @property
    def catalog(self) -> Catalog:
        """The stored data, for explaining, evaluating and moving the base."""
        return self._catalog

    @property
    def searcher(self) -> Searcher:
        """The search engine, for the same uses."""
        return self._searcher

    @cached_property
    def answering(self) -> Answering:
        """See ``Asks``."""
        from .answers.answering import Answering

        return Answering(self.library, self.generator, self.prompts, self._judges, self.config.more_evidence)

    def close(self) -> None:
        """Close the files, and free the model unless the caller passed it in."""
        if self._llm is not None and self._llm_is_ours:
            self._llm.close()
        self._catalog.close()

    # Internals

    def _serving(self) -> Serving:
        return self._embedders.serving()


def _open_cross_encoder(config: Config, spec: str) -> Reranker:
    from ..retrieval.models.cross_encoder import open_cross_encoder

    return open_cross_encoder(spec, cache=config.models)


def _judges(judge: Judge | None, config: Config) -> Judges:
    if judge:
        return Judges(lambda: judge)
    spec = "" if config.judge == "off" else config.judge
    return Judges(partial(_open_judge, config, spec) if spec else None)


def _open_judge(config: Config, spec: str) -> Judge:
    from ..retrieval.models.judge import open_judge

    return open_judge(spec, config.models)
