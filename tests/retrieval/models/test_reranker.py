"""Reranking: cross-encoders against the library itself, and what they change in a search, an answer and an explanation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from commands import kb, run
from embedding_models import MAX_TOKENS, SENTENCES, build_bert, build_cross_encoder
from kb import KnowledgeBase
from kb.ingest.errors import InputError, RerankerError, UnknownModelError
from kb.retrieval.models.cross_encoder import CrossEncoder, open_cross_encoder
from kb.retrieval.models.reranker import Reranker
from kb.retrieval.search.explain import why, why_not
from kb.retrieval.search.select import Ordering
from needs import needs
from numpy.typing import NDArray

needs("sentence_transformers", extra="dense")

QUESTION = "How long is the warranty for a damaged screen?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny cross-encoder, as transformers saves it."""
    return build_cross_encoder(tmp_path_factory.mktemp("cross") / "tiny")


@pytest.fixture
def base(tmp_path: Path) -> KnowledgeBase:
    """A base of a file a sentence."""
    (tmp_path / "docs").mkdir()
    for at, text in enumerate((*SENTENCES, *(f"The warranty of screen {n} lasts {n} years." for n in range(9)))):
        (tmp_path / "docs" / f"{at:02}.md").write_text(text, "utf-8")
    kb = KnowledgeBase.open(embedder="tfidf", llm="extractive")
    kb.ingest([tmp_path / "docs"])
    return kb


class Longest:
    """A ``Reranker`` of a program: the longer a passage, the better."""

    name = "longest"

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Reranker``."""
        assert question
        return np.array([len(text) for text in texts], np.float32)


def rerankers(folder: Path) -> list[Reranker]:
    """Every implementation."""
    return [CrossEncoder("tiny", folder), Longest()]


def test_every_reranker_keeps_to_the_seam(folder: Path) -> None:
    """One score a text, the same alone and in company, whatever the order; none for none."""
    for reranker in rerankers(folder):
        scores = reranker.score(QUESTION, SENTENCES)
        assert scores.dtype == np.float32
        assert scores.shape == (len(SENTENCES),)
        assert len(set(scores.tolist())) > 1
        alone = [float(reranker.score(QUESTION, [text])[0]) for text in reversed(SENTENCES)]
        np.testing.assert_allclose(alone[::-1], scores, atol=1e-3)
        assert reranker.score(QUESTION, []).shape == (0,)
        assert reranker.name


def test_scores_are_those_of_the_library(folder: Path) -> None:
    """For texts that fit; a longer one is read whole, in parts of which the best counts, and never cut off."""
    import sentence_transformers

    ours, theirs = CrossEncoder("tiny", folder), sentence_transformers.CrossEncoder(str(folder), device="cpu")
    short = [text for text in SENTENCES if len(theirs.tokenizer(QUESTION, text)["input_ids"]) <= MAX_TOKENS]
    assert len(short) > 3
    np.testing.assert_allclose(
        ours.score(QUESTION, short), theirs.predict([(QUESTION, text) for text in short]), atol=1e-3
    )
    long = " ".join(SENTENCES * 3)
    parts = list(ours._parts(long, MAX_TOKENS - len(ours._offsets(QUESTION)) - 4))
    assert "".join("".join(parts).split()) == "".join(long.split())
    best = max(theirs.predict([(QUESTION, part) for part in parts]).tolist())
    assert ours.score(QUESTION, [long])[0] == pytest.approx(best, abs=1e-3)


def test_a_search_is_in_the_order_of_the_cross_encoder(base: KnowledgeBase, folder: Path) -> None:
    """By its score, which the hit carries beside those of the lanes; as many hits as without it."""
    plain = base.search(QUESTION, 8)
    found = base.search(QUESTION, 8, ordering=Ordering(rerank=str(folder)))
    assert len(found) == len(plain) == 8
    assert {hit.by for hit in found} == {"rerank"}
    scores = [hit.score for hit in found]
    assert scores == sorted(scores, reverse=True)
    assert [lane.name for lane in found[0].lanes] == ["bm25", "tfidf", "rerank"]
    encoder = CrossEncoder("tiny", folder)
    expected = encoder.score(QUESTION, [hit.chunk.indexed_text for hit in found])
    np.testing.assert_allclose(scores, expected, atol=1e-3)
    every = encoder.score(QUESTION, [hit.chunk.indexed_text for hit in base.search(QUESTION, 40)])
    np.testing.assert_allclose(scores, np.sort(every)[::-1][:8], atol=1e-3)


def test_a_base_has_a_reranker_of_its_own_until_told_otherwise(base: KnowledgeBase) -> None:
    """Given on opening, by a program or by name; ``off`` does without, and a single lane is asked as it is."""
    with KnowledgeBase.open(embedder="tfidf", rerank=Longest()) as kb:
        lengths = [len(hit.chunk.text) for hit in kb.search(QUESTION, 5)]
        assert lengths == sorted(lengths, reverse=True)
        assert {hit.by for hit in kb.search(QUESTION, 5, ordering=Ordering(rerank="off"))} == {"fused"}
        assert {hit.by for hit in kb.search(QUESTION, 5, ["bm25"])} == {"bm25"}
        assert kb.ask("Warranty of screen 7?").hits[0].by == "rerank"
    assert base.search(QUESTION, 1)[0].by == "fused"


def test_an_exact_sentence_stays_first(base: KnowledgeBase) -> None:
    """Whatever the cross-encoder thinks of it."""
    assert base.config.name
    with KnowledgeBase.open(embedder="tfidf", rerank=Longest()) as kb:
        hits = kb.search("The warranty of screen 3 lasts 3 years.", 5)
    assert Path(hits[0].chunk.source).stem == "10"


def test_why_shows_what_the_cross_encoder_said(base: KnowledgeBase, folder: Path) -> None:
    """Of each candidate that it read; the score that it is shown by."""
    ordering = Ordering(rerank=str(folder))
    explained = why(base.searcher, QUESTION, 3, ordering=ordering)
    shown = [one for one in explained.candidates if one.place]
    found = base.search(QUESTION, 3, ordering=ordering)
    assert [one.rerank for one in shown] == [pytest.approx(hit.score, abs=1e-4) for hit in found]
    assert why(base.searcher, QUESTION, 3).candidates[0].rerank is None
    absent = next(one for one in explained.candidates if not one.place)
    said = why_not(base.catalog, base.searcher, absent.chunk.source, QUESTION, 3, ordering=ordering)
    assert said.fate == "cut"


def test_a_model_that_cannot_be_used_is_one_sentence(base: KnowledgeBase, folder: Path, tmp_path: Path) -> None:
    """Missing, no cross-encoder, of several scores, damaged: which, why, and what to do."""
    with pytest.raises(UnknownModelError, match="is not on this machine; run: kb models pull BAAI/bge-reranker-v2-m3"):
        base.search(QUESTION, ordering=Ordering(rerank="BAAI/bge-reranker-v2-m3"))
    with pytest.raises(UnknownModelError, match="give a folder that exists"):
        open_cross_encoder("./nowhere", tmp_path)
    with pytest.raises(UnknownModelError, match="not a cross-encoder"):
        open_cross_encoder(str(build_bert(tmp_path / "bert")), tmp_path)
    with pytest.raises(UnknownModelError, match="gives 3 scores"):
        open_cross_encoder(str(build_cross_encoder(tmp_path / "three", n_labels=3)), tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in folder.iterdir():
        data = file.read_bytes()
        (broken / file.name).write_bytes(data[: len(data) // 2] if file.suffix == ".safetensors" else data)
    with pytest.raises(RerankerError, match="cannot be loaded"):
        open_cross_encoder(str(broken), tmp_path)


@pytest.mark.usefixtures("base")
def test_the_command_line_reranks_and_explains(folder: Path) -> None:
    """``--rerank`` on search and why; a model that is not there is a sentence and exit code 2."""
    found = run("search", QUESTION, "-k", "2", "--rerank", folder, "--json")
    assert {hit["by"] for hit in json.loads(found.stdout)["hits"]} == {"rerank"}, found.stderr
    assert "rerank" in run("why", QUESTION, "--rerank", folder).stdout
    failed = kb("ask", QUESTION, "--rerank", "none/such")
    assert failed.returncode == 2
    assert (
        failed.stderr.strip() == "kb: The cross-encoder none/such is not on this machine; run: kb models pull none/such"
    )


def test_less_of_the_same(tmp_path: Path) -> None:
    """MMR takes what is new before what is alike; at 1 the order is that of the scores; the best stays the best."""
    (tmp_path / "docs").mkdir()
    for at in range(6):
        text = f"The turbine hall is inspected by crew {at} every spring, says the manual of the turbine hall."
        (tmp_path / "docs" / f"same{at}.md").write_text(text, "utf-8")
    (tmp_path / "docs" / "other.md").write_text("A turbine blade costs 4000 crowns and comes from Brno.", "utf-8")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path / "docs"])
        question = "turbine hall inspected"
        plain = [hit.chunk.id for hit in kb.search(question, 7)]
        assert [hit.chunk.id for hit in kb.search(question, 7, ordering=Ordering(mmr=1.0))] == plain
        varied = kb.search(question, 2, ordering=Ordering(mmr=0.3))
        assert varied[0].chunk.id == plain[0]
        assert Path(varied[1].chunk.source).name == "other.md"
        assert len(kb.search(question, 7, ordering=Ordering(mmr=0.0))) == 7


def test_any_number_of_passages_of_a_document(tmp_path: Path) -> None:
    """Three go before those of others unless asked otherwise; wrong settings are said to be wrong."""
    long = "\n\n".join(
        f"# Part {n}\n\nThe dam gate {n} is painted red in year {n}. {'It is heavy. ' * 9}" for n in range(8)
    )
    (tmp_path / "long.md").write_text(long, "utf-8")
    for at in range(3):
        (tmp_path / f"other{at}.md").write_text(f"The gate of farm {at} was also painted. The cows like it.", "utf-8")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path])

        def longs(per_document: int | None) -> int:
            hits = kb.search("dam gate painted red", 5, ordering=Ordering(per_document=per_document))
            return sum(Path(hit.chunk.source).name == "long.md" for hit in hits)

        assert [longs(n) for n in (1, 2, 3, None)] == [2, 2, 3, 5]
    with pytest.raises(InputError, match="mmr is 2"):
        Ordering(mmr=2)
    with pytest.raises(InputError, match="at least 1"):
        Ordering(per_document=0)
