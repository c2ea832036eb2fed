"""Tokens: what is folded together, what is kept whole, and that FTS5 takes every one of them as it is."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.store.schema import SCHEMA
from kb.retrieval.words.hanzi import SIMPLIFIED
from kb.retrieval.words.question import MAX_QUESTION_TOKENS, asked_tokens, match_query
from kb.retrieval.words.tokens import MAX_TOKEN, tokens

ALLOWED = re.compile(r"(?:[a-z0-9_./+#-]|[^\x00-\x7f\s])+")


def fts() -> sqlite3.Connection:
    """A catalog's tables in memory."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    return connection


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The dogs are RUNNING", ["dog", "run"]),
        ("don't", ["don"]),
        ("the user's guide", ["user", "guid"]),
        ("Café Zürich", ["cafe", "zurich"]),
        ("ＡＢＣ１２３", ["abc123", "abc", "123"]),
        ("e-mail", ["email", "e", "mail"]),
        ("U.S. and US", ["us", "us"]),
        ("tell us", ["tell"]),
        ("C++ C# C", ["c++", "c", "c#", "c", "c"]),
        ("1,000,000", ["1000000", "1", "000"]),
        ("19,750² m²", ["19750", "19", "750", "2", "m2"]),
        ("ERR_0x80070005", ["err_0x80070005", "err", "0x80070005", "err0x80070005"]),
        ("GB/T 19001-2016", ["gb/t", "gb", "19001-2016", "19001", "2016"]),
        ("v2.3.1", ["v2.3.1", "2.3.1", "v2", "3", "1"]),
        ("getUserName", ["getusernam", "get", "user", "name"]),
        ("soft\u00adhyphen zero\u200bwidth é", ["softhyphen", "zerowidth", "e"]),
        ("数据库", ["数", "据", "库", "数据", "据库"]),
        ("我的数据", ["数", "据", "我的", "的数", "数据"]),
        ("東京", ["东", "京", "东京"]),
        ("서울 시", ["서", "울", "시", "서울"]),
        ("´ acute", ["acut"]),
        ("", []),
        ("?!。、 \t\n", []),
    ],
)
def test_a_text_has_these_tokens(text: str, expected: list[str]) -> None:
    """Stems, stop words, accents, widths, identifiers as units and parts, camel case, characters and bigrams."""
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("2.3.1", "released as v2.3.1."),
        ("0x80070005", "ERR_0x80070005: access denied"),
        ("err_0X80070005", "see ERR_0x80070005"),
        ("19001", "GB/T 19001-2016"),
        ("pretrained", "a pre-trained model"),
        ("username", "userName"),
        ("user name", "getUserName()"),
        ("node", "node.js"),
        ("naïve", "a naive approach"),
        ("1000 km", "1,000 km"),
        ("臺灣的電腦", "台湾的电脑"),
        ("什么是头发", "什麼是頭髮"),
        ("ﾃﾞｰﾀ", "データ"),
    ],
)
def test_a_question_finds_a_text_that_is_written_otherwise(question: str, text: str) -> None:
    """Some token of the question is a token of the text, by FTS5's own account."""
    connection = fts()
    connection.execute("INSERT INTO bm25(rowid, tokens) VALUES (1, ?)", (" ".join(tokens(text)),))
    assert connection.execute(
        "SELECT rowid FROM bm25 WHERE bm25 MATCH ?", (match_query(asked_tokens(question)),)
    ).fetchall() == [(1,)]


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200))
def test_every_token_survives_fts5(text: str) -> None:
    """Whatever the text, FTS5 keeps each token whole: its vocabulary is exactly the tokens given to it."""
    found = tokens(text)
    assert all(ALLOWED.fullmatch(token) and len(token) <= MAX_TOKEN for token in found), found
    connection = fts()
    connection.execute("INSERT INTO bm25(rowid, tokens) VALUES (1, ?)", (" ".join(found),))
    connection.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', 'bm25', 'row')")
    assert {row[0] for row in connection.execute("SELECT term FROM vocabulary")} == set(found)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet=st.sampled_from("ab\"'*^:(){}+-_./# 中文ANDORNT\0"), max_size=40))
def test_no_question_is_fts5_syntax(question: str) -> None:
    """Quotes, operators, parentheses and NUL: the expression is valid, and finds the text that the question was."""
    connection = fts()
    connection.execute("INSERT INTO bm25(rowid, tokens) VALUES (1, ?)", (" ".join(tokens(question)),))
    expression = match_query(asked_tokens(question))
    if not expression:
        assert tokens(question) == []
        return
    assert connection.execute("SELECT rowid FROM bm25 WHERE bm25 MATCH ?", (expression,)).fetchall() == [(1,)]


@settings(deadline=None)
@given(st.text(max_size=100))
def test_full_width_changes_nothing(text: str) -> None:
    """ASCII words are found in full width as in half."""
    plain = re.sub(r"[^a-z0-9 ]", "", text)
    wide = "".join(chr(ord(c) + 0xFEE0) if c != " " else c for c in plain)
    assert tokens(wide) == tokens(plain)


def test_a_long_question_keeps_its_longest_tokens() -> None:
    """A pasted document does not make a search take minutes, and its rare long words still count."""
    question = " ".join(f"w{i}" for i in range(1000)) + " electroencephalography"
    expression = match_query(asked_tokens(question))
    assert expression.count(" OR ") == MAX_QUESTION_TOKENS - 1
    assert '"electroencephalographi"' in expression


def test_a_word_without_end_is_cut_the_same_way_everywhere() -> None:
    """Base64 or DNA is a token of bounded length, and is found again."""
    blob = "ACGT" * 50_000
    assert tokens(blob) == tokens(f"x {blob}")[1:]
    assert max(map(len, tokens(blob))) <= MAX_TOKEN


def test_characters_fold_once_and_for_all() -> None:
    """No Simplified form is itself folded to another, so folding twice changes nothing."""
    assert len(SIMPLIFIED) > 2900
    once = "".join(map(chr, SIMPLIFIED)).translate(SIMPLIFIED)
    assert once.translate(SIMPLIFIED) == once


def test_threads_get_the_same_tokens() -> None:
    """Stemmers are not shared between threads."""
    words = [
        f"{stem}{end} number{i}ing" for i in range(200) for stem in ("walk", "search") for end in ("ing", "ed", "s")
    ]
    alone = [tokens(word) for word in words]
    with ThreadPoolExecutor(8) as pool:
        for together in pool.map(lambda _: [tokens(word) for word in words], range(8)):
            assert together == alone


def test_traditional_questions_have_the_tokens_of_simplified_ones(shared: Path) -> None:
    """No token of a real Traditional question holds a character that folds to another."""
    lines = (shared / "eval" / "drcd-dev" / "queries.jsonl").read_text("utf-8").splitlines()[:500]
    traditional = [json.loads(line)["text"] for line in lines]
    left = [c for text in traditional for token in tokens(text) for c in token if ord(c) in SIMPLIFIED]
    assert left == []


@pytest.mark.parametrize("name", ["squad2-a", "drcd-dev"])
def test_megabytes_take_seconds(shared: Path, name: str) -> None:
    """At least 1 MB/s of processor time even on a slow machine; about 5 on a current one."""
    lines = (shared / "eval" / name / "corpus.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    began = time.process_time()
    for text in texts:
        tokens(text)
    assert sum(len(text.encode()) for text in texts) / (time.process_time() - began) > 1e6


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("请问故障码E111是什么意思？", {"故障", "障码", "e111"}),
        ("Please tell me the price list", {"price", "list"}),
        ("几何学", {"几何", "何学"}),
        ("员工手册讲了什么", {"员工", "工手", "手册"}),
    ],
)
def test_words_that_only_ask_are_not_looked_up(question: str, wanted: set[str]) -> None:
    """Chinese ones have no idf that would tell them from content; a question of nothing else is looked up whole."""
    found = {token for token in asked_tokens(question) if len(token) > 1}
    assert found == wanted
    assert asked_tokens("请问")
