"""Read a question and sentences in context together, and give the log-odds that each sentence answers it.

Comes in: a question, and sentences with their titles and the text before them. Goes out: log-odds. Never: torch, or a model
other than the one that the weights were trained on.

A cross-encoder (Nogueira and Cho 2019, arXiv:1901.04085), trained by benchmarks/reader against the other sentences that kb
finds for a question, and against none of them.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import EmbedderError, MissingExtraError
from ..sentences.context import InPlace
from .compiled import CompiledModel, compile_model, precisions
from .embedder import Embedder
from .local_embedder import LocalEmbedder
from .packed import reader_weights as weights
from .packed.file import PackedFile, is_packed
from .packed.reader_graph import reader
from .vocabulary import Vocabulary

ROOM = (36, 18, 28, 64)
"""Tokens read from the question, the place, the text before the sentence (its end) and the sentence."""
_BEFORE = 2
_TOGETHER = 12
_NAME = "reader-"
_FIRST, _PAD, _LAST = 0, 1, 2
"""The ids of ``<s>``, ``<pad>`` and ``</s>``."""


class Reader:
    """The reader, compiled alongside the embedder it was trained from. Thread-safe."""

    def __init__(self, prepared: Path, packed: Path, vocabulary: Vocabulary) -> None:
        """Open the reader; on first use on a machine this compiles it, which takes seconds.

        Args:
            prepared: where the embedder was prepared for this machine.
            packed: the embedder's file.
            vocabulary: the embedder's: loading it takes longer than everything else.

        Raises:
            EmbedderError: it cannot be compiled or loaded.
            MissingExtraError: OpenVINO is not installed.
            OSError: its weights are missing, or its folder cannot be written.
        """
        folder = prepared / f"{_NAME}{_digest()}"  # is removed with the embedder's folder when that is rebuilt
        precision = precisions()[-1]
        if not folder.is_dir():
            _make(folder, packed, precision)
        self._vocabulary = vocabulary
        try:
            self._model = _compiled(folder, prepared, precision)
        except EmbedderError:  # damaged on disk: made once more
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, packed, precision)
            self._model = _compiled(folder, prepared, precision)

    def log_odds(self, question: str, sentences: Sequence[InPlace]) -> NDArray[np.float32]:
        """Return (n,) float32: the log-odds that each sentence answers.

        Args:
            question: as the user wrote it.
            sentences: each in context.

        Raises:
            EmbedderError: the model fails.
        """
        texts = [question, *(text for one in sentences for text in (one.place, one.before, one.text))]
        ids = [row[1:-1] for row in self._vocabulary.ids(texts)]
        rows = [row_of((ids[0], *ids[1 + 3 * at : 4 + 3 * at])) for at in range(len(sentences))]
        order = sorted(range(len(rows)), key=lambda at: len(rows[at][0]))
        found = np.empty(len(rows), np.float32)
        for start in range(0, len(order), _TOGETHER):
            batch = order[start : start + _TOGETHER]
            found[batch] = self._model.infer([rows[at][0] for at in batch], [rows[at][1] for at in batch])[:, 0]
        return found


def row_of(texts: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Return the tokens of a row, and each token's part."""
    ids, parts = [_FIRST], [0]
    for part, (room, own) in enumerate(zip(ROOM, texts, strict=True)):
        kept = own[-room:] if part == _BEFORE else own[:room]
        ids += [*kept, _LAST]
        parts += [part] * (len(kept) + 1)
    return ids, parts


def _digest() -> str:
    return hashlib.sha256(weights.FILE.read_bytes()).hexdigest()[:8]


def _compiled(folder: Path, prepared: Path, precision: str) -> CompiledModel:
    return CompiledModel(folder, _PAD, sum(ROOM) + len(ROOM) + 1, precision, words=prepared)


def _make(folder: Path, packed: Path, precision: str) -> None:
    """Compile the reader into ``folder``, whole or not at all; one process does it, others wait."""
    from filelock import FileLock

    with FileLock(str(folder.parent.with_name(f"{folder.parent.name}.lock"))):
        if folder.is_dir():
            return
        for left in folder.parent.glob(f"*{_NAME}*"):
            shutil.rmtree(left, ignore_errors=True)
        building = Path(tempfile.mkdtemp(prefix=f"building-{_NAME}", dir=folder.parent))
        try:
            trained = weights.load(weights.FILE)
            compile_model(lambda: reader(PackedFile(packed), trained), building, precision)
            building.replace(folder)
        except ValueError as exc:
            raise EmbedderError("{path} is damaged ({why}); install kb again", path=weights.FILE, why=exc) from exc
        finally:
            shutil.rmtree(building, ignore_errors=True)


def open_reader(embedder: Embedder) -> Reader | None:
    """Return the reader trained from an embedder; ``None`` for another embedder, or if it cannot be prepared."""
    if not isinstance(embedder, LocalEmbedder) or embedder.prepared is None or not is_packed(embedder.folder):
        return None
    try:
        return Reader(embedder.prepared, embedder.folder, embedder.vocabulary)
    except (EmbedderError, MissingExtraError, OSError):
        return None
