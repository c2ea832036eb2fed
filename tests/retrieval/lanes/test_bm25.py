"""The keyword lane over a real catalog: its scores are BM25, and its moments are those of all chunks."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.errors import StorageError
from kb.ingest.store.schema import SCHEMA
from kb.retrieval.lanes.bm25 import Bm25
from kb.retrieval.words.tokens import tokens

TEXTS = (
    "The price of oil rose in 1973 when the embargo began.",
    "Oil and gas: the oil price, the gas price and the price of coal.",
    "Sanskrit is an old language of India.",
    "梵语是印度的古老语言，书写形式是天城文。",
    "石油价格在1973年上涨。",
    "Nothing to see here.",
)


def filled(texts: tuple[str, ...]) -> sqlite3.Connection:
    """A catalog in memory with a chunk per text: ``c0``, ``c1``, ..."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(SCHEMA)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(chunks)")]
    for key, text in enumerate(texts, 1):
        known = {"key": key, "id": f"c{key - 1}", "text": text, "pages": "[]", "headings": "[]", "document_id": "d"}
        row = [known.get(column, 0) for column in columns]
        connection.execute(f"INSERT INTO chunks VALUES ({', '.join('?' * len(columns))})", row)
        connection.execute("INSERT INTO bm25(rowid, tokens) VALUES (?, ?)", (key, " ".join(tokens(text))))
    return connection


def by_hand(texts: tuple[str, ...], question: str, k1: float = 1.2, b: float = 0.75) -> np.ndarray:
    """BM25 from its formula: Robertson's idf, floored at FTS5's 1e-6."""
    counts = [Counter(tokens(text)) for text in texts]
    lengths = np.array([count.total() for count in counts], float)
    scores = np.zeros(len(texts))
    for token in dict.fromkeys(tokens(question)):
        tf = np.array([count[token] for count in counts], float)
        n = np.count_nonzero(tf)
        idf = max(np.log((len(texts) - n + 0.5) / (n + 0.5)), 1e-6) if n else 0.0
        scores += idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * lengths / max(lengths.mean(), 1e-9)))
    return scores


@pytest.mark.parametrize(
    "question", ["oil price 1973", "印度的古老语言", "gas, gas, gas!", "old language of India 梵语"]
)
def test_scores_are_bm25(question: str) -> None:
    """FTS5's numbers, with the sign turned, equal the formula computed here."""
    lane, expected = Bm25(lambda: catalog), by_hand(TEXTS, question)
    catalog = filled(TEXTS)
    result = lane.search(question, 10)
    assert dict(zip(result.ids, result.scores.tolist(), strict=True)) == pytest.approx(
        {f"c{i}": score for i, score in enumerate(expected) if score}, rel=1e-5
    )
    assert list(result.scores) == sorted(result.scores, reverse=True)
    assert (result.mean, result.std) == pytest.approx((expected.mean(), expected.std()))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text(alphabet="abc 数据", max_size=30), min_size=1, max_size=8),
    st.text(alphabet='abc 数据"*', max_size=12),
    st.integers(1, 10),
)
def test_any_base_and_question_agree_with_the_formula(texts: list[str], question: str, n: int) -> None:
    """Search, score and moments agree with each other and with the formula; at most n come back."""
    catalog = filled(tuple(texts))
    lane, expected = Bm25(lambda: catalog), by_hand(tuple(texts), question)
    result = lane.search(question, n)
    ids = [f"c{i}" for i in range(len(texts))]
    np.testing.assert_allclose(lane.score(question, ids), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(lane.score(question, result.ids), result.scores)
    assert len(result.ids) == min(n, np.count_nonzero(expected))
    assert (result.mean, result.std) == pytest.approx((expected.mean(), expected.std()), rel=1e-4, abs=1e-6)


def test_what_does_not_match_or_exist_scores_nothing() -> None:
    """No token, no match and an unknown id are zeros, not errors."""
    catalog = filled(TEXTS)
    lane = Bm25(lambda: catalog)
    for question in ("", "?!", "the of and", "xylophone"):
        result = lane.search(question, 5)
        assert (result.ids, result.scores.shape, result.mean, result.std) == ((), (0,), 0.0, 0.0)
        assert lane.score(question, ["c0", "nope"]).tolist() == [0, 0]
    assert lane.score("oil", ["nope", "c1"]).tolist()[0] == 0
    assert lane.score("oil", []).shape == (0,)
    empty = filled(())
    assert Bm25(lambda: empty).search("oil", 5).ids == ()


def test_a_commit_is_seen_at_once_and_no_transaction_is_left_open() -> None:
    """The lane keeps no state: what is added after it was made is found by the next search."""
    catalog = filled(TEXTS)
    lane = Bm25(lambda: catalog)
    assert lane.search("xylophone", 5).ids == ()
    catalog.execute("UPDATE chunks SET id = 'renamed' WHERE key = 6")
    catalog.execute("INSERT INTO bm25(bm25, rowid, tokens) VALUES ('delete', 6, ?)", (" ".join(tokens(TEXTS[5])),))
    catalog.execute("INSERT INTO bm25(rowid, tokens) VALUES (6, ?)", (" ".join(tokens("xylophone")),))
    assert lane.search("xylophone", 5).ids == ("renamed",)
    assert not catalog.in_transaction


def test_a_damaged_catalog_is_a_storage_error(tmp_path: Path) -> None:
    """SQLite's own errors do not leave the lane."""
    path = tmp_path / "not.sqlite"
    path.write_bytes(b"this is not a database" * 100)
    with sqlite3.connect(path) as connection, pytest.raises(StorageError, match="not a database"):
        Bm25(lambda: connection).search("oil", 5)
    connection.close()


def test_a_lane_says_how_much_of_a_question_its_base_knows() -> None:
    """Words that only ask do not count; a question in another language is known by its names only."""
    catalog = filled(("The warranty of the Kestrel covers parts",))
    lane = Bm25(lambda: catalog)
    assert lane.search("How long does the warranty of the Kestrel last?", 3).known == pytest.approx(2 / 3)
    assert lane.search("Kestrel 的保修期有多长？", 3).known < 0.5
    assert lane.search("warranty", 3).known == 1
