"""The TF-IDF lane: cosines, a derived file that may be lost or damaged, and words that are misspelt."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from kb.retrieval.lanes.tfidf import TfIdf, terms

TEXTS = {
    "oil": "The price of oil rose in 1973 when the embargo began.",
    "gas": "Natural gas is burnt in power plants.",
    "sanskrit": "Sanskrit is an old language of India.",
    "梵语": "梵语是印度的古老语言，书写形式是天城文。",
    "none": "。。。",
}


class Base:
    """A catalog's two callables, counting how often all chunks are read."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.number = 1
        self.reads = 0

    def generation(self) -> str:
        """Moves with the texts."""
        return str(self.number)

    def chunks(self) -> Iterator[tuple[str, str]]:
        """Yield all texts."""
        self.reads += 1
        yield from self.texts.items()

    def lane(self, folder: Path) -> TfIdf:
        """Return a lane as a new process would."""
        return TfIdf(folder, self.generation, self.chunks)


def test_scores_are_cosines_of_scikit_learns_tfidf(tmp_path: Path) -> None:
    """The hashed matrix gives what TfidfVectorizer with a vocabulary gives, and moments over all chunks."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True)
    matrix = vectorizer.fit_transform(TEXTS.values())
    lane = Base(TEXTS).lane(tmp_path)
    for question in ("old language of India", "印度的语言", "oil oil price"):
        # a word of the question that no chunk has still lengthens its hashed vector: only the scale may differ
        expected = (matrix @ vectorizer.transform([question]).T).toarray().ravel()
        scores = lane.score(question, list(TEXTS))
        ratio = scores[expected > 0] / expected[expected > 0]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)
        assert 0 < ratio[0] <= 1 + 1e-5
        result = lane.search(question, 10)
        assert result.ids == tuple(np.array(list(TEXTS))[np.argsort(-expected)][: np.count_nonzero(expected)])
        assert (result.mean, result.std) == pytest.approx((scores.mean(), scores.std()), rel=1e-4)


def test_a_chunk_is_most_like_itself(tmp_path: Path) -> None:
    """Asked with a chunk's own text the cosine is 1; without a term in common nothing comes back."""
    lane = Base(TEXTS).lane(tmp_path)
    for chunk in ("oil", "gas", "sanskrit", "梵语"):
        result = lane.search(TEXTS[chunk], 1)
        assert result.ids == (chunk,)
        assert result.scores[0] == pytest.approx(1, abs=1e-5)
    assert lane.search("xyzzy", 5).ids == lane.search("", 5).ids == ()
    assert lane.score("oil", ["nope", "none", "oil"]).tolist()[:2] == [0, 0]
    assert len(lane.search("oil gas Sanskrit", 2).ids) == 2


@pytest.mark.parametrize(("question", "chunk"), [("embarggo", "oil"), ("sanscrit", "sanskrit"), ("powerplant", "gas")])
def test_misspelt_words_are_found(tmp_path: Path, question: str, chunk: str) -> None:
    """Character 4-grams find what BM25 cannot."""
    assert Base(TEXTS).lane(tmp_path).search(question, 1).ids == (chunk,)


def test_the_matrix_is_fitted_once_and_again_when_the_base_has_changed(tmp_path: Path) -> None:
    """Another process loads the file; a new generation is fitted and old text cannot be found any more."""
    base = Base(dict(TEXTS))
    base.lane(tmp_path).search("oil", 1)
    assert base.lane(tmp_path).search("oil", 1).ids == ("oil",)
    assert base.reads == 1
    lane = base.lane(tmp_path)
    lane.search("oil", 1)
    base.texts = {"gas": TEXTS["gas"], "whale": "A whale is a mammal."}
    base.number = 2
    assert lane.search("oil price", 1).ids == ()
    assert lane.search("whale", 1).ids == ("whale",)
    assert base.reads == 2
    base.texts, base.number = {}, 3
    assert lane.search("whale", 1).ids == ()
    assert lane.score("whale", ["whale"]).tolist() == [0]


def test_a_matrix_that_follows_a_base_is_the_one_that_is_fitted_at_once(tmp_path: Path) -> None:
    """However chunks come and go, the scores are those of a lane that sees the base for the first time, ties included."""
    rng = random.Random(11)
    words = ["oil", "gas", "price", "whale", "plant", "梵语", "古老", "language", "burnt", "embargo"]
    base = Base({})
    following = base.lane(tmp_path / "following")
    for number in range(12):
        for chunk in [chunk for chunk in base.texts if rng.random() < 0.3]:
            del base.texts[chunk]
        for _ in range(rng.randint(0, 6)):
            base.texts[f"{rng.random():.6f}"] = " ".join(rng.choices(words, k=rng.randint(0, 5)))
        base.texts, base.number = dict(sorted(base.texts.items())), number
        afresh = base.lane(tmp_path / f"afresh{number}")
        for question in ("the price of oil", "古老 whale"):
            one, other = following.search(question, 50), afresh.search(question, 50)
            assert one.ids == other.ids
            np.testing.assert_array_equal(one.scores, other.scores)
            assert (one.mean, one.std) == (other.mean, other.std)


def test_a_damaged_file_is_fitted_again(tmp_path: Path) -> None:
    """Cut short, overwritten or with any bytes changed: the answer is the same, and the file is whole afterwards."""
    base = Base(TEXTS)
    expected = base.lane(tmp_path).search("old language", 5)
    path = tmp_path / "tfidf.npz"
    whole = path.read_bytes()
    rng = random.Random(5)
    damaged = [
        b"",
        b"\0" * 100,
        b"PK\x03\x04",
        whole[: len(whole) // 2],
        whole[:-30],
        whole[100:],
        b"\x93NUMPY" + whole,
    ]
    for _ in range(25):
        changed = bytearray(whole)
        zone = rng.choice([range(200), range(len(whole) - 800, len(whole)), range(len(whole))])
        for _ in range(rng.randint(1, 8)):
            changed[rng.choice(zone)] ^= 1 << rng.randrange(8)
        damaged.append(bytes(changed))
    for content in damaged:
        path.write_bytes(content)
        result = base.lane(tmp_path).search("old language", 5)
        assert result.ids == expected.ids
        np.testing.assert_array_equal(result.scores, expected.scores)
    reads = base.reads
    base.lane(tmp_path).search("oil", 1)
    assert base.reads <= reads + 1
    assert [file.name for file in tmp_path.iterdir()] == ["tfidf.npz"]


def test_a_place_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    """The lane works where no file can be kept."""
    (tmp_path / "file").write_text("in the way")
    assert Base(TEXTS).lane(tmp_path / "file").search("oil", 1).ids == ("oil",)


def test_scikit_learn_is_not_imported_before_the_first_search() -> None:
    """Importing the lane, and making one, stay cheap."""
    code = (
        "import sys; from pathlib import Path; from kb.retrieval.lanes.tfidf import TfIdf;"
        "TfIdf(Path('x'), lambda: '', lambda: []); print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.split() == ["False", "False"]
