"""Decide how a model is run on this machine: compiled once, compared with the original, kept in a folder.

Comes in: a recipe. Goes out: a folder with a ``Plan`` in it. Never: a path whose vectors differ from the original's.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import EmbedderError, MissingExtraError
from ...ingest.notice import Notice
from .compiled import CompiledModel, compile_model, openvino_version, precisions, processor
from .excerpt import save_excerpts
from .packed_original import PackedOriginal
from .recipe import Recipe
from .sample import SAMPLE
from .sentence_transformer import TorchModel
from .vocabulary import TOKENIZER, Vocabulary

MIN_MEAN_COSINE = 0.9995
"""A compiled model is refused below this cosine to the original in float32, averaged over ``SAMPLE``."""

Original = TorchModel | PackedOriginal
"""What a compiled form is made from and compared with."""

_PLAN = "plan.json"
_RELEASE = 4
"""Incremented when what is compiled, or how it is compared, changes: everything is then recompiled."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model is run on this machine, decided once and stored next to the compiled model."""

    precision: str
    """Of the compiled model: ``bf16``, ``f16``, ``f32``; empty if torch runs it."""
    cosine: float
    """Mean over ``SAMPLE`` to the original in float32; 1 if torch runs it."""
    refused: str
    """Why faster paths are not used; empty if the fastest is."""
    accelerator: str
    """Where torch would run it: ``cuda``, ``mps``, ``cpu``."""
    dim: int
    max_tokens: int
    pad_id: int
    openvino: str
    """The release that compiled it; empty if it is not installed."""
    reference: str = TorchModel.called
    """What ``cosine`` is measured against."""

    @property
    def path(self) -> str:
        """The path in use and why, for display."""
        bulk = f"; many texts at once: torch fp32 on {self.accelerator}" if self.accelerator != "cpu" else ""
        refused = f"; {self.refused}" if self.refused else ""
        if not self.precision:
            return f"torch fp32 on {self.accelerator}{refused}"
        return f"openvino {self.precision} (mean cosine {self.cosine:.5f} to {self.reference}){refused}{bulk}"


def read_plan(folder: Path) -> Plan:
    """Read the decision of ``prepare``.

    Raises:
        EmbedderError: there is none, or it is damaged.
    """
    try:
        values = json.loads((folder / _PLAN).read_text("utf-8"))
        values.pop("measured", None)  # from an older kb
        return Plan(**values)
    except (OSError, ValueError, TypeError) as exc:
        raise EmbedderError("{path} is missing or damaged; delete that folder", path=folder / _PLAN) from exc


def plan_folder(recipe: Recipe, cache: Path) -> Path:
    """Return where the plan for this model, this processor and the installed libraries belongs."""
    try:
        machine = f"{_RELEASE} {openvino_version()} {processor()}"
    except MissingExtraError:
        machine = f"{_RELEASE}"
    return cache / f"{recipe.fingerprint}-{hashlib.sha256(machine.encode()).hexdigest()[:8]}"


def prepare(recipe: Recipe, folder: Path, progress: Callable[[str], None]) -> None:
    """Decide how the model is run and write the outcome to ``folder``, whole or not at all; the caller holds the lock.

    Raises:
        EmbedderError: the model cannot be loaded at all.
        MissingExtraError: torch or sentence-transformers is not installed.
    """
    progress(f"Preparing {recipe.name} for this machine; this happens once")
    prefix = f"building-{folder.name}."
    for left in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        plan = _plan(_Trial(recipe, building))
        (building / _PLAN).write_text(json.dumps(asdict(plan), indent=1), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        building.replace(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    _drop_outdated(recipe, folder.parent, plan.openvino)
    progress(f"{recipe.name} runs on {plan.path}")


class _Trial:
    """A model's original, and how close a compiled form comes to it."""

    def __init__(self, recipe: Recipe, building: Path) -> None:
        """Load the original, and embed ``SAMPLE`` with it."""
        self.recipe = recipe
        self.building = building
        self.original = open_original(recipe.folder)
        self.original.save_vocabulary(building)
        save_excerpts(building / TOKENIZER, building)
        self.vocabulary = Vocabulary(building / TOKENIZER)
        rows = self.vocabulary.ids([recipe.document_prompt + text for text in SAMPLE])
        fit = [at for at, row in enumerate(rows) if len(row) <= self.original.max_tokens]
        self.rows = [rows[at] for at in fit]
        """The token ids of the part of ``SAMPLE`` that the model reads at once."""
        self._wanted = unit(self.original.encode([SAMPLE[at] for at in fit], recipe.document_prompt))

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._wanted.shape[1])

    def compile(self, precision: str) -> float:
        """Compile the model, and return its mean cosine to the original.

        Raises:
            EmbedderError: it cannot be compiled.
        """
        compile_model(self.original.graph, self.building, precision)
        compiled = CompiledModel(self.building, self.original.pad_id, self.original.max_tokens, precision)
        return float((self._wanted * unit(compiled.embed(self.rows))).sum(axis=1).mean())


def open_original(path: Path) -> Original:
    """Open a model as published: a folder, or a packed file.

    Raises:
        EmbedderError: it cannot be loaded.
        MissingExtraError: torch or sentence-transformers is not installed, and it is a folder.
    """
    return PackedOriginal(path) if path.is_file() else TorchModel(path, device="cpu")


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows scaled to length 1."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: NDArray[np.float32] = vectors / np.maximum(norms, np.float32(1e-12))
    return rows


def _drop_outdated(recipe: Recipe, cache: Path, openvino: str) -> None:
    """Remove what other releases compiled, which is as large as the model. Other processors may share the folder."""
    for folder in cache.glob(f"{recipe.fingerprint}-*"):
        try:
            outdated = read_plan(folder).openvino != openvino
        except EmbedderError:
            continue
        if outdated:
            shutil.rmtree(folder, ignore_errors=True)


def _plan(trial: _Trial) -> Plan:
    original = trial.original
    plan = Plan("", 1.0, "", _accelerator(original), trial.dim, original.max_tokens, original.pad_id, "")
    plan = replace(plan, reference=original.called)
    refused: list[str] = []
    try:
        plan = replace(plan, openvino=openvino_version())
        for precision in precisions():
            cosine = trial.compile(precision)
            if cosine >= MIN_MEAN_COSINE:
                return replace(plan, precision=precision, cosine=cosine, refused="; ".join(refused))
            refused.append(f"openvino {precision} refused: mean cosine {cosine:.5f}")
    except (EmbedderError, MissingExtraError) as exc:
        refused.append(Notice("openvino refused: {why}", why=exc))
    if isinstance(original, PackedOriginal):
        raise EmbedderError("{name} cannot be run here: {reasons:reasons}", name=trial.recipe.name, reasons=refused)
    for path in trial.building.glob("model.*"):
        path.unlink()
    return replace(plan, refused="; ".join(refused))


def _accelerator(original: Original) -> str:
    if isinstance(original, PackedOriginal):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
