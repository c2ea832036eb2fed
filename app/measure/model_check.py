"""``kb models check``: whether an embedding model works on this machine, and whether it would help a base.

Comes in: a model, and a base if there is one. Goes out: figures, and a verdict in words. Never: a change to the base.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...ingest.document import Chunk
from ...ingest.errors import MissingExtraError, UnknownModelError
from ...ingest.store.catalog import Catalog
from ...retrieval.lanes.vectors import READABLE
from ...retrieval.metrics import ndcg_at, randomization_test
from ...retrieval.models.embedder import Embedder
from ...retrieval.models.local_embedder import LocalEmbedder
from ...retrieval.models.plan import open_original, unit
from ...retrieval.models.recipe import read_recipe
from ...retrieval.models.registry import open_embedder
from ...retrieval.models.sample import SAMPLE
from .judged import Question, by_text, make_questions

PASSAGES = 300
"""Sample size for lookup from the base; embedding it takes seconds."""
QUESTIONS = 80
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class OnBase:
    """What a model would do for a base."""

    readable: float
    """0..1: share of the passages that it can read."""
    current: str
    """The embedder that the base is built with; empty for none."""
    current_readable: float
    n_passages: int
    n_questions: int
    ndcg10: float
    """By its cosines alone, on questions made from the base, among ``n_passages``."""
    current_ndcg10: float
    p: float
    """p value that both are equally good: two-sided Fisher randomization test over pairs."""


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """How a model does on this machine."""

    name: str
    folder: Path
    runs: str
    """What runs the model, and why."""
    dim: int
    max_tokens: int
    query_prompt: str
    document_prompt: str
    cosine: float | None
    """Mean cosine to the original in float32, over a multilingual sample; ``None`` if the original cannot be run."""
    least_cosine: float | None
    chunks_per_s: float
    """Measured on passages of the base, else on the sample."""
    base: OnBase | None
    """``None`` if there is no base, or it is empty."""
    verdict: str
    """Whether it would help, in one sentence."""


def check_model(
    spec: str,
    cache: Path,
    catalog: Catalog | None = None,
    current: Embedder | None = None,
    say: Callable[[str], None] | None = None,
) -> ModelCheck:
    """Load a model, compare it with the original, and try it on a base.

    Args:
        spec: as for ``open_embedder``.
        cache: the models folder.
        catalog: the catalog of the base.
        current: the embedder that the base is built with.
        say: called with a message when something slow begins.
    Raises:
        UnknownModelError: there is no such model on this machine, or it is not an embedding model.
        EmbedderError: it cannot be loaded.
        MissingExtraError: the libraries that run it are not installed.
    """
    embedder = open_embedder(spec, cache=cache, progress=say)
    if embedder is None:
        raise UnknownModelError(
            "{spec!r} names no embedding model; give minilm, a folder or a Hugging Face name", spec=spec
        )
    recipe = read_recipe(embedder.name, embedder.folder, cache / "hashes")
    mean, least = _to_original(embedder, recipe.document_prompt)
    chunks = _sampled(catalog) if catalog else []
    speed = _chunks_per_s(embedder, [chunk.embedded_text for chunk in chunks[:64]] or list(SAMPLE))
    base = _on_base(embedder, current, catalog, chunks) if catalog and chunks else None
    return ModelCheck(
        embedder.name, embedder.folder, embedder.path, embedder.dim, embedder.max_tokens, recipe.query_prompt,
        recipe.document_prompt, mean, least, speed, base, _verdict(embedder, spec, base),
    )  # fmt: skip


def _to_original(embedder: LocalEmbedder, prompt: str) -> tuple[float | None, float | None]:
    """Return the mean and least cosine to the original, over the texts within the model's limit."""
    texts = [text for text, n in zip(SAMPLE, embedder.count_tokens(SAMPLE), strict=True) if n <= embedder.max_tokens]
    try:
        wanted = unit(open_original(embedder.folder).encode(texts, prompt))
    except MissingExtraError:
        return None, None
    cosines = (wanted * embedder.embed_documents(texts)).sum(axis=1)
    return float(cosines.mean()), float(cosines.min())


def _sampled(catalog: Catalog) -> list[Chunk]:
    ids = catalog.chunk_ids()
    chosen = random.Random(0).sample(ids, min(PASSAGES, len(ids)))  # noqa: S311 - a sample, not a secret
    return list(catalog.chunks(chosen).values())


def _chunks_per_s(embedder: Embedder, texts: Sequence[str]) -> float:
    embedder.embed_documents(texts[:2])  # warm up: one-time loading must not be timed
    began = time.perf_counter()
    embedder.embed_documents(texts)
    return len(texts) / (time.perf_counter() - began)


def _on_base(embedder: LocalEmbedder, current: Embedder | None, catalog: Catalog, chunks: Sequence[Chunk]) -> OnBase:
    texts = [chunk.embedded_text for chunk in chunks]
    there = {unit for chunk in chunks for unit in by_text(chunk)}
    questions = [one for one in make_questions(catalog, QUESTIONS * 8) if there & one.judged.keys()][:QUESTIONS]
    ours = _ndcg(embedder, chunks, questions)
    theirs = (
        ours
        if current and current.fingerprint == embedder.fingerprint
        else _ndcg(current, chunks, questions)
        if current
        else [0.0] * len(questions)
    )
    return OnBase(
        readable=float((embedder.coverage(texts) >= READABLE).mean()),
        current=current.name if current else "",
        current_readable=float((current.coverage(texts) >= READABLE).mean()) if current else 0.0,
        n_passages=len(chunks),
        n_questions=len(questions),
        ndcg10=_mean(ours),
        current_ndcg10=_mean(theirs),
        p=randomization_test(theirs, ours) if questions else 1.0,
    )


def _ndcg(embedder: Embedder, chunks: Sequence[Chunk], questions: Sequence[Question]) -> list[float]:
    """Return nDCG@10 per question by cosines alone; passages that the model cannot read are not found."""
    texts = [chunk.embedded_text for chunk in chunks]
    vectors = embedder.embed_documents(texts)
    unread = embedder.coverage(texts) < READABLE
    found = []
    for question in questions:
        cosines: NDArray[np.float32] = np.where(unread, np.float32(-1), vectors @ embedder.embed_query(question.text))
        if embedder.coverage([question.text])[0] < READABLE:
            found.append(0.0)
            continue
        best = [at for at in np.argsort(-cosines, kind="stable")[:30].tolist() if not unread[at]]
        ranked = list(dict.fromkeys(unit for at in best for unit in by_text(chunks[at])))
        found.append(ndcg_at(10, ranked, question.judged))
    return found


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _verdict(embedder: LocalEmbedder, spec: str, base: OnBase | None) -> str:
    if base is None:
        return "It works; whether it would help can be told once there is a base: kb ingest PATH"
    return _on_reading(embedder, spec, base) or _on_finding(spec, base)


def _on_reading(embedder: Embedder, spec: str, base: OnBase) -> str:
    """Return the verdict if readability decides it; else empty."""
    if base.readable < 1 - READABLE:
        return (
            f"{embedder.name} cannot read the language of this base ({base.readable:.0%} of its passages): it would not help. "
            "A multilingual model reads it, e.g. BAAI/bge-m3"
        )
    if base.current and base.readable > base.current_readable + (1 - READABLE):
        return (
            f"It reads {base.readable:.0%} of the passages, {base.current} reads {base.current_readable:.0%}: "
            f"kb reindex --embedder {spec}"
        )
    return ""


def _on_finding(spec: str, base: OnBase) -> str:
    use = f"kb reindex --embedder {spec}"
    if not base.current:
        return f"It would add search by meaning, which this base does without: {use}"
    if base.p >= _LEVEL:
        return f"It finds about as well as {base.current}: there is no reason to change"
    if base.ndcg10 > base.current_ndcg10:
        return f"It finds better than {base.current}: {use}"
    return f"It finds worse than {base.current}: stay with that"
