"""Run an embedding model compiled for this processor by OpenVINO: no torch, a start in a fraction of a second.

Never: telemetry, or a file outside its folder.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import EmbedderError, MissingExtraError
from ...ingest.notice import Notice
from .packed.blocks import WordTable, table_file

if TYPE_CHECKING:
    from openvino import CompiledModel as CompiledGraph
    from openvino import Model

_BATCH = 8
_BATCH_TOKENS = 16_384
_WIDTH = 16
"""Batch widths are multiples of this: a kernel is built for every new shape, which takes longer than the padding."""
_HASHED_BYTES = 1 << 20

_WEIGHTS = "model.bin"
_GRAPH = "model.blob"
_SEAL = "model.sha256"
_CONVERTER = "openvino.tools.ovc"


class CompiledModel:
    """A compiled model in a folder that ``compile_model`` made. Thread-safe."""

    def __init__(
        self, folder: Path, pad_id: int, max_tokens: int, precision: str, n_threads: int = 0, words: Path | None = None
    ) -> None:
        """Load the model in ``folder``, to compute in ``precision``; the weights are mapped, not read.

        Args:
            folder: made by ``compile_model``.
            pad_id: the token used for padding.
            max_tokens: the most tokens of one text that the model reads; padding goes no further.
            precision: what it was compiled for.
            n_threads: number of compute threads; 0: one per core.
            words: folder of the token vectors, if they are not part of the graph; by default ``folder``.

        Raises:
            EmbedderError: the folder is incomplete or damaged, or was compiled for another processor.
            MissingExtraError: OpenVINO is not installed.
        """
        ov = load_openvino()
        try:
            if (folder / _SEAL).read_text("ascii") != _seal(folder):
                raise EmbedderError(
                    "The compiled model in {folder} is damaged; it is compiled again at its next use", folder=folder
                )
            # Without the hints an imported model uses the processor's defaults, not what it was compiled for.
            settings = {**_settings(precision), "WEIGHTS_PATH": str(folder / _WEIGHTS)}
            if n_threads:
                settings["INFERENCE_NUM_THREADS"] = str(n_threads)
            self._model = ov.Core().import_model((folder / _GRAPH).read_bytes(), "CPU", settings)
        except (OSError, RuntimeError, UnicodeDecodeError) as exc:
            raise EmbedderError(
                "The compiled model in {folder} cannot be loaded ({why}); delete that folder", folder=folder, why=exc
            ) from exc
        words = words or folder
        self._words = WordTable(words) if table_file(words).exists() else None
        self.folder = folder
        self.pad_id = pad_id
        self.max_tokens = max_tokens
        self.precision: str = _precision(self._model)
        """The precision it computes in, as reported by the library."""
        # One request for all threads: each costs time to make and memory to keep, and one stream runs one at a time anyway.
        self._request = self._model.create_infer_request()
        self._lock = threading.Lock()

    @property
    def weights_bytes(self) -> int:
        """The size of its weights, at 16 bits each, or 8."""
        return (self.folder / _WEIGHTS).stat().st_size

    def embed(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the vectors for token ids, (n, dim) float32, not necessarily unit rows.

        Raises:
            EmbedderError: the model fails on them, or runs out of memory.
        """
        batches = in_batches(rows)
        parts = [self.infer([rows[i] for i in batch]) for batch in batches]
        vectors = np.empty((len(rows), parts[0].shape[1]), np.float32)
        vectors[np.concatenate(batches)] = np.concatenate(parts)
        return vectors

    def infer(self, rows: Sequence[Sequence[int]], parts: Sequence[Sequence[int]] | None = None) -> NDArray[np.float32]:
        """Return what ``embed`` does, for one batch; ``parts``: which part of its text each token is in, if the graph asks.

        Raises:
            EmbedderError: see ``embed``.
        """
        longest = max(1, *map(len, rows))
        width = max(longest, min(math.ceil(longest / _WIDTH) * _WIDTH, self.max_tokens))
        ids = np.full((len(rows), width), self.pad_id, np.int64)
        mask, of = np.zeros((2, len(rows), width), np.int64)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            mask[i, : max(1, len(row))] = 1
            if parts is not None:
                of[i, : len(row)] = parts[i]
        words = ids if self._words is None else self._words.rows(ids)
        given = [words, mask] if parts is None else [words, of, mask]
        try:
            with self._lock:
                output = np.array(self._request.infer(given)[0], np.float32)  # the next one overwrites it
        except RuntimeError as exc:
            raise EmbedderError("The compiled embedding model failed ({why})", why=str(exc).splitlines()[0]) from exc
        if len(output) != len(rows):  # happens with a text far beyond the model's positions
            raise EmbedderError(
                "The compiled embedding model gave {n} vectors for {n_texts} texts", n=len(output), n_texts=len(rows)
            )
        return output


def in_batches(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Sort texts by length into batches of at most ``_BATCH`` texts and ``_BATCH_TOKENS`` tokens, padding included.

    Returns: the indices in ``rows`` of each batch's texts.
    """
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    batches: list[list[int]] = []
    start = 0
    for stop in range(1, len(order) + 1):
        full = stop - start == _BATCH
        if stop == len(order) or full or len(rows[order[stop]]) * (stop - start + 1) > _BATCH_TOKENS:
            batches.append(order[start:stop])
            start = stop
    return batches


def openvino_version() -> str:
    """Return the installed release.

    Raises:
        MissingExtraError: OpenVINO is not installed.
    """
    return str(load_openvino().get_version())


def processor() -> str:
    """Return what a compiled model depends on besides the release: the system and the processor's features."""
    abilities = load_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return " ".join((sys.platform, *sorted(abilities)))


def precisions() -> tuple[str, ...]:
    """Return the number formats to try, fastest first: what the processor computes natively, then float32."""
    native = load_openvino().Core().get_property("CPU", "INFERENCE_PRECISION_HINT").to_string()
    return tuple(dict.fromkeys((str(native), "f32")))


def compile_model(make_graph: Callable[[], Model], folder: Path, precision: str) -> None:
    """Compile the graph that ``make_graph`` returns, and leave it in ``folder`` for ``CompiledModel``.

    Weights are kept in 16 bits.

    Raises:
        EmbedderError: the architecture cannot be traced or compiled.
    """
    ov = load_openvino()
    graph = folder / "model.xml"
    try:
        ov.save_model(make_graph(), graph)
        compiled = ov.Core().compile_model(graph, "CPU", _settings(precision))
        (folder / _GRAPH).write_bytes(compiled.export_model().getvalue())
    except Exception as exc:  # tracing runs the model's own code, which may raise anything
        reason = (str(exc).strip() or type(exc).__name__).splitlines()[0]
        raise EmbedderError("it cannot be compiled ({reason})", reason=reason) from exc
    graph.unlink()
    (folder / _SEAL).write_text(_seal(folder), "ascii")


def _settings(precision: str) -> dict[str, str]:
    # One stream, even where the hint would make more: two of them corrupt memory when two threads infer at once
    # (OpenVINO 2026.4, 19 of 20 processes died). Parallel embedding uses separate processes (bulk.py); pinned to
    # cores, none would know which cores the others took.
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "ENABLE_CPU_PINNING": "NO",
        "CACHE_MODE": "OPTIMIZE_SIZE",
        "INFERENCE_PRECISION_HINT": precision,
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
    }


def _precision(model: CompiledGraph) -> str:
    return str(model.get_property("INFERENCE_PRECISION_HINT").to_string())


def _seal(folder: Path) -> str:
    """Hash the graph, and the size, beginning and end of the weights: gigabytes cannot be read at every start."""
    digest = hashlib.sha256((folder / _GRAPH).read_bytes())
    for large in filter(Path.exists, (folder / _WEIGHTS, table_file(folder))):
        size = large.stat().st_size
        digest.update(str(size).encode())
        with large.open("rb") as file:
            digest.update(file.read(_HASHED_BYTES))
            file.seek(max(0, size - _HASHED_BYTES), os.SEEK_SET)
            digest.update(file.read(_HASHED_BYTES))
    return digest.hexdigest()


def load_openvino() -> ModuleType:
    """Import OpenVINO without its telemetry, which reports every import to Google Analytics if it is present.

    Its converter is left out too: it takes half of the time, and only ``compile_model`` needs it.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    without_converter = "openvino" not in sys.modules
    try:
        if without_converter:
            sys.modules[_CONVERTER] = None  # type: ignore[assignment]
        import openvino
    except ImportError as exc:
        raise MissingExtraError(Notice("running a compiled embedding model"), "dense") from exc
    finally:
        if without_converter:
            sys.modules.pop(_CONVERTER, None)
    module: ModuleType = openvino
    return module
