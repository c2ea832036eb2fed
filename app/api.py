"""``KnowledgeBase``: the Python API, and the only place that joins the stages. Every face stands on it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from ..ingest.catalog import Catalog, SourceRow, Tokenizer
from ..ingest.document import IngestReport
from ..ingest.errors import EmbedderError, InputError, MissingExtraError, StorageError
from ..ingest.split import Splitting, count_words
from ..ingest.sync import Progress, Selection, Synced, sync
from ..llm.generator import Generator, Sampling
from ..llm.open import open_generator
from ..prompts.fill import fill, language_of, nothing_found
from ..prompts.prompt import Prompt
from ..prompts.read import read
from ..retrieval.embedder import Embedder
from ..retrieval.evidence import weigh
from ..retrieval.hit import Hit
from ..retrieval.index import VectorIndex
from ..retrieval.models import open_embedder
from ..retrieval.search import Found, Searcher
from ..retrieval.tokens import TOKENS_VERSION, tokens
from ..retrieval.vectors import Embedded, embed_pending, fill_index
from .answer import Answer, Searched
from .config import Config, load_config
from .status import FileLedger, Status, ledger_of, page_notes, status_of

MAX_QUESTION = 8_000
"""Characters. More than that is a document, not a question."""
PASSAGES = 8
"""How many passages an answer is drawn from, unless asked otherwise."""

_LOCK_TIMEOUT_S = 5.0


class KnowledgeBase:
    """A folder of files that answers questions. Open it with ``KnowledgeBase.open``; several threads may use it at once."""

    def __init__(self, config: Config, embedder: Embedder | None = None, llm: Generator | None = None) -> None:
        """Open the base that ``config`` names; an embedder or generator given here is used instead of the configured one."""
        self.config = config
        self._catalog = Catalog(config.folder, Tokenizer(tokens, TOKENS_VERSION))
        self._given_embedder = embedder
        self._embedder: Embedder | None = embedder
        self._embedder_opened = embedder is not None
        self._embedder_note = ""
        self._llm = llm
        self._searcher = Searcher(self._catalog, config.folder, self._serving_embedder, self._index)

    @classmethod
    def open(
        cls,
        name: str | None = None,
        *,
        home: str | os.PathLike[str] | None = None,
        embedder: str | Embedder | None = None,
        llm: str | Generator | None = None,
        store: str | None = None,
        must_exist: bool = False,
    ) -> Self:
        """Open a knowledge base, making an empty one if there is none of this name.

        Args:
            name: which one; ``default`` unless configured otherwise.
            home: the folder of all knowledge bases; ``$KB_HOME``, else the platform's folder for user data.
            embedder: ``auto``, ``minilm``, ``tfidf``, a folder, a Hugging Face name, or an ``Embedder``.
            llm: ``auto``, ``extractive``, ``gguf:PATH``, ``openai:URL#MODEL``, ..., or a ``Generator``.
            store: ``http://host:port`` of a Chroma server; Chroma in this process unless given.
            must_exist: do not make one.
        Raises:
            InputError: the name or the configuration cannot be used, or there is no such base and there must be.
            StorageError: the base on disk is damaged or was written by a newer kb.
        """
        config = load_config(
            home=home,
            name=name,
            embedder=embedder if isinstance(embedder, str) else None,
            llm=llm if isinstance(llm, str) else None,
            store=store,
        )
        if must_exist and not config.folder.is_dir():
            raise InputError(
                f"there is no knowledge base {config.name!r} in {config.home}; make it with: kb ingest PATH"
            )
        return cls(
            config,
            None if isinstance(embedder, str) else embedder,
            None if isinstance(llm, str) else llm,
        )

    def ingest(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        selection: Selection | None = None,
        progress: Progress | None = None,
    ) -> IngestReport:
        """Bring the base up to what is on disk under ``paths``: files, folders and globs.

        Raises:
            InputError: a path does not exist; nothing was done.
            StorageError: another process is writing to this base.
            EmbedderError: the embedder that the base was built with is not on this machine.
        """
        began = time.perf_counter()
        with self._writing():
            embedder = self._building_embedder()
            synced = sync(
                self._catalog,
                [paths] if isinstance(paths, (str, os.PathLike)) else paths,
                splitting=_splitting(embedder),
                count_tokens=embedder.count_tokens if embedder else count_words,
                selection=selection,
                progress=progress,
            )
            embedded = self._bring_up(synced, embedder, progress)
        return self._report(synced, embedded, time.perf_counter() - began)

    def remove(self, sources: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
        """Forget sources, or all sources under a folder; return what was forgotten. The files themselves stay.

        Raises:
            InputError: one of them is not in the base; nothing was done.
        """
        with self._writing():
            gone = [found for source in sources for found in self._matching(source)]
            for source in gone:
                self._catalog.remove(source)
            self._bring_up(Synced(n_resplit=1), self._serving_embedder(), None)
        return tuple(sorted(set(gone)))

    def search(self, question: str, k: int = 10, lanes: Sequence[str] | None = None) -> tuple[Hit, ...]:
        """Return the ``k`` best passages, best first.

        Args:
            question: at most ``MAX_QUESTION`` characters.
            k: at least 1.
            lanes: ask only these of ``bm25``, ``dense``, ``tfidf``.
        Raises:
            InputError: the question is empty or too long, or ``k`` or a lane is wrong.
        """
        return self.find(question, k, lanes).hits

    def find(self, question: str, k: int = 10, lanes: Sequence[str] | None = None) -> Found:
        """Return what ``search`` returns, with word of which lanes took part and what was done without."""
        question = _checked(question)
        if k < 1:
            raise InputError(f"k is {k}; ask for at least 1 passage")
        found = self._searcher.search(question, k, lanes)
        return replace(found, notes=(self._embedder_note, *found.notes)) if self._embedder_note else found

    def ask(self, question: str, k: int = PASSAGES, sampling: Sampling | None = None) -> Answer:
        """Return the answer to a question; see ``stream``."""
        *_, answer = self.stream(question, k, sampling)
        return answer

    def stream(self, question: str, k: int = PASSAGES, sampling: Sampling | None = None) -> Iterator[Answer]:
        """Yield the answer as it grows; the last one is finished.

        Args:
            question: at most ``MAX_QUESTION`` characters.
            k: from how many passages it is drawn.
            sampling: how the model writes.
        Raises:
            InputError: the question is empty or too long.
            GeneratorError: the model failed, or cannot do what ``sampling`` asks.
        """
        began = time.perf_counter()
        found = self.find(question, k)
        searched = Searched(self._catalog.count("documents"), self._catalog.count("chunks"), found.lanes)
        timings = [("search", time.perf_counter() - began)]
        notes = (*found.notes, *page_notes(self._catalog, found.hits))
        evidence = weigh(question, found.hits, self._searcher.frequencies, searched.chunks)
        answer = Answer(question.strip(), "", (), found.hits, abstained=True, searched=searched, model="", notes=notes)
        if not evidence.sufficient:
            text = nothing_found(language_of(question))
            yield replace(answer, text=text, timings=tuple(timings))
            return
        generator = self._generator()
        began = time.perf_counter()
        sampling = sampling or Sampling()
        room = generator.context_tokens - sampling.max_tokens
        prompt = fill(question, found.hits, count_tokens=generator.count_tokens, room_tokens=room)
        timings.append(("prompt", time.perf_counter() - began))
        answer = replace(answer, model=generator.name, notes=(*notes, *_dropped(prompt), *_model_note(generator)))
        yield from self._write(answer, prompt, generator, sampling, timings)

    def document_text(self, source: str | os.PathLike[str]) -> str:
        """Return the text that the offsets of chunks and citations count in.

        Raises:
            InputError: the source is not in the base, or could not be read.
        """
        document = self._catalog.document(os.fspath(source)) or self._catalog.document(str(Path(source).absolute()))
        if document is None:
            raise InputError(f"{os.fspath(source)!r} is not in the knowledge base; kb list shows what is")
        return document.text

    def sources(self) -> tuple[SourceRow, ...]:
        """Return every place that was looked at, read or failed, sorted."""
        return tuple(self._catalog.sources().values())

    def status(self) -> Status:
        """Return what the base holds and what serves it."""
        return status_of(self._catalog, self.config, self._serving_embedder(), self._embedder_note)

    def ledger(self) -> tuple[FileLedger, ...]:
        """Return what became of every file and of each of its pages."""
        return ledger_of(self._catalog)

    def close(self) -> None:
        """Free the model and close the files."""
        if self._llm is not None:
            self._llm.close()
        self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # How it is done

    def _writing(self) -> FileLock:
        lock = FileLock(self.config.folder / "lock", timeout=_LOCK_TIMEOUT_S)
        try:
            lock.acquire()
        except Timeout as error:
            raise StorageError(
                f"another kb process is writing to {self.config.folder}; wait for it to finish, then run this again"
            ) from error
        return lock

    def _open_embedder(self, spec: str) -> Embedder | None:
        return open_embedder(spec, cache=self.config.models)

    def _building_embedder(self) -> Embedder | None:
        """Return what embeds what is ingested: the one asked for, else the base's own, else the best on this machine."""
        own = self._catalog.get("embedder_spec")
        if self._given_embedder is None and self.config.embedder == "auto" and own:
            self._embedder = self._open_embedder(own)
        elif self._given_embedder is None:
            self._embedder = self._open_embedder(self.config.embedder)
        self._embedder_opened, self._embedder_note = True, ""
        return self._embedder

    def _serving_embedder(self) -> Embedder | None:
        """Return what embeds questions: the embedder of the base, or ``None`` with a note when it is not on this machine."""
        if not self._embedder_opened:
            own = self._catalog.get("embedder_spec")
            try:
                self._embedder = self._open_embedder(own) if own else None
            except (EmbedderError, MissingExtraError) as error:
                self._embedder_note = f"Searched by keywords and TF-IDF only: {error}"
            self._embedder_opened = True
        return self._embedder

    def _index(self, embedder: Embedder) -> VectorIndex:
        from ..retrieval.chroma import open_chroma

        return open_chroma(self.config.store or self.config.folder / "chroma", embedder.fingerprint)

    def _bring_up(self, synced: Synced, embedder: Embedder | None, progress: Progress | None) -> Embedded:
        """Make what is derived follow the catalog: vectors, then the vector index."""
        if synced.changed:
            self._catalog.put("content", str(self._catalog.generation))
            self._catalog.purge()
        if embedder is None:
            self._catalog.put("embedder_spec", "tfidf")
            return Embedded(0, 0, 0)
        embedded = embed_pending(self._catalog, embedder, progress)
        self._catalog.put("embedder_spec", self._spec_of(embedder))
        self._catalog.put("embedder", embedder.fingerprint)
        state = f"{self._catalog.generation} {embedder.fingerprint} {self.config.store}"
        there = bool(self.config.store) or (self.config.folder / "chroma").is_dir()
        if self._catalog.get("indexed") != state or not there:
            fill_index(self._index(embedder), self._catalog, embedder, progress)
            self._catalog.put("indexed", state)
        return embedded

    def _spec_of(self, embedder: Embedder) -> str:
        if self._given_embedder is not None or self.config.embedder == "auto":
            return self._catalog.get("embedder_spec") or embedder.spec
        return self.config.embedder

    def _report(self, synced: Synced, embedded: Embedded, seconds: float) -> IngestReport:
        kinds = {kind: tuple(sorted(sources)) for kind, sources in synced.outcomes.items()}
        return IngestReport(
            added=kinds["added"],
            updated=kinds["updated"],
            unchanged=kinds["unchanged"],
            removed=kinds["removed"],
            failed=tuple(sorted(synced.failures, key=lambda failure: failure.source)),
            n_chunks=self._catalog.count("chunks"),
            n_embedded=embedded.n_embedded,
            n_unreadable_by_embedder=embedded.n_unreadable,
            n_truncated_tokens=embedded.n_truncated_tokens,
            seconds=seconds,
        )

    def _matching(self, source: str | os.PathLike[str]) -> list[str]:
        path = Path(os.path.normpath(Path(source).expanduser().absolute()))
        found = [
            known for known in self._catalog.sources() if known == os.fspath(source) or Path(known).is_relative_to(path)
        ]
        if not found:
            raise InputError(f"{os.fspath(source)!r} is not in the knowledge base; kb list shows what is")
        return found

    def _generator(self) -> Generator:
        if self._llm is None:
            self._llm = open_generator(self.config.llm)
        return self._llm

    def _write(
        self, answer: Answer, prompt: Prompt, generator: Generator, sampling: Sampling, timings: list[tuple[str, float]]
    ) -> Iterator[Answer]:
        raw = ""
        began = time.perf_counter()
        for piece in generator.generate(prompt, sampling):
            if not raw:
                timings.append(("first token", time.perf_counter() - began))
            raw += piece
            reading = read(raw, prompt, self._catalog.page_of, finished=False)
            yield replace(
                answer, text=reading.text, sentences=reading.sentences, abstained=reading.abstained, finished=False
            )
        timings.append(("generate", time.perf_counter() - began))
        reading = read(raw, prompt, self._catalog.page_of)
        yield replace(
            answer, text=reading.text, sentences=reading.sentences, abstained=reading.abstained, timings=tuple(timings)
        )


def _splitting(embedder: Embedder | None) -> Splitting:
    if embedder is None:
        return Splitting()
    most = min(embedder.max_tokens, Splitting().max_tokens)
    return Splitting(target_tokens=most * 4 // 5, max_tokens=most, min_tokens=most // 6, counter=embedder.fingerprint)


def _checked(question: str) -> str:
    question = question.strip()
    if not question:
        raise InputError("the question is empty; ask something")
    if len(question) > MAX_QUESTION:
        raise InputError(f"the question has {len(question):,} characters; ask in at most {MAX_QUESTION:,}")
    return question


def _dropped(prompt: Prompt) -> tuple[str, ...]:
    if not prompt.dropped:
        return ()
    names = ", ".join(dict.fromkeys(Path(hit.chunk.source).name for hit in prompt.dropped))
    return (f"{len(prompt.dropped)} passages did not fit the model's context and were left out: {names}.",)


def _model_note(generator: Generator) -> tuple[str, ...]:
    if generator.name != "extractive":
        return ()
    return ("No language model is configured: these are quoted sentences. For a written answer: --llm gguf:PATH",)
