"""Phrases that must stand word for word: what is found, and that nothing is missed for being found quickly."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.document import indexed_text
from kb.ingest.store.schema import SCHEMA
from kb.retrieval.lanes.phrase_query import phrase_query
from kb.retrieval.lanes.phrases import holding, quoted
from kb.retrieval.words.folding import Phrase, folded
from kb.retrieval.words.hanzi import SIMPLIFIED
from kb.retrieval.words.tokens import tokens, written_tokens

_PIECES = (
    "FooBar foobar FOOBAR fooBar foo bar LogIn login isIt tables Table IT it US of the The e-mail v1.2 1,000 1000 C++ a.b",
    "straße STRASSE ﬁle file \u212a ｔａｂｌｅ 12 １２ ½ … é e\u0301 \u0301 ǰ J\u030c İ ς Σ ΐ 集群 集羣 備份 备份 的 了 发 髮",
    "豈 ⼀ 一 가 \u1100\u1161 한글 が か\u3099 ﾊﾟ น้ำ \u200b \u00ad , . ， 。 “ \" ' ' \\ / _ - > 😀 𝐚 \u3000",
)
_BETWEEN = ("", "", " ", "  ", "\n", "，", "-", "/", ".")
_TEXTS = st.lists(
    st.tuples(st.sampled_from(" ".join(_PIECES).split(" ")), st.sampled_from(_BETWEEN)), min_size=1, max_size=12
).map(lambda pairs: "".join(piece + between for piece, between in pairs))
_WIDER = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}
_RETYPED = (
    str, str.lower, str.upper, str.swapcase, str.title,
    lambda text: text.translate(_WIDER),
    lambda text: text.translate(SIMPLIFIED),
    lambda text: "\n ".join(text.split(" ")),
    lambda text: unicodedata.normalize("NFD", text),
)  # fmt: skip


class _Chunks:
    """A catalog of chunks alone: their headings, and their texts."""

    def __init__(self, chunks: Sequence[tuple[tuple[str, ...], str]]) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.executescript(SCHEMA)
        self.chunks = chunks
        for key, (headings, text) in enumerate(chunks, 1):
            self._connection.execute(
                "INSERT INTO chunks VALUES (?, ?, '', 0, 0, ?, '[]', ?, 0, '')",
                (key, str(key), text, json.dumps(headings, ensure_ascii=False)),
            )
            self._connection.execute(
                "INSERT INTO bm25(rowid, tokens) VALUES (?, ?)", (key, " ".join(tokens(indexed_text(headings, text))))
            )

    def connection(self) -> sqlite3.Connection:
        return self._connection

    def found(self, phrases: Sequence[str]) -> set[int]:
        return set(holding(self, phrases).keys.tolist())  # type: ignore[arg-type]  # all that it asks of a catalog

    def all_that_hold(self, phrases: Sequence[str]) -> set[int]:
        """Return what is found when every chunk is read and folded: those with all words of the phrases, and the phrases."""
        words = {token for phrase in phrases for token in written_tokens(phrase)}
        return {
            key
            for key, (headings, text) in enumerate(self.chunks, 1)
            if words <= set(tokens(indexed_text(headings, text)))
            and all(_plain(one) in _plain(text) or _plain(one) in _plain(" > ".join(headings)) for one in phrases)
        }


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).translate(SIMPLIFIED)


@st.composite
def _cut(draw: st.DrawFn, text: str) -> str:
    """A part of a text, typed in another way, as ``quoted`` returns it."""
    start = draw(st.integers(0, len(text)))
    part = text[start : draw(st.integers(start, len(text)))]
    return next(iter(quoted(f"“{draw(st.sampled_from(_RETYPED))(part)}”")), "")


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_what_is_found_quickly_is_what_reading_every_chunk_finds(data: st.DataObject) -> None:
    """However text and phrase are written, and wherever in a word or a number the phrase begins and ends."""
    text = data.draw(_TEXTS)
    title = data.draw(_TEXTS)
    phrases = [data.draw(_cut(text)), data.draw(_cut(data.draw(st.sampled_from([text, title]))))]
    phrases = [phrase for phrase in phrases if phrase]
    retyped = data.draw(st.sampled_from(_RETYPED))(text)
    chunks = _Chunks([((), text), ((title,), retyped), ((title, text), title), ((), data.draw(_TEXTS))])
    assert chunks.found(phrases) == chunks.all_that_hold(phrases)


@st.composite
def _cased(draw: st.DrawFn, word: str) -> str:
    upper = draw(st.integers(0, 2 ** len(word) - 1))
    return "".join(letter.upper() if upper >> at & 1 else letter for at, letter in enumerate(word))


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_words_are_found_in_any_case_and_where_a_longer_one_holds_them(data: st.DataObject) -> None:
    """Of FooBar the index has other tokens than of foobar, and of a word with a hyphen others than of its parts."""
    words = data.draw(st.lists(st.sampled_from("ab foobar login isit it us of ties".split()), min_size=4, max_size=6))  # noqa: SIM905 - read as a line
    between = [data.draw(st.sampled_from([" ", ", ", " ", "-"])) for _ in words]
    texts = ["".join(data.draw(_cased(word)) + gap for word, gap in zip(words, between, strict=True)) for _ in range(3)]
    phrase = data.draw(_cut(texts[0].lower()))
    chunks = _Chunks([((), text) for text in (*texts, " ".join(reversed(words)), "".join(words))])
    assert chunks.found([phrase]) == chunks.all_that_hold([phrase])


@settings(max_examples=600, deadline=None)
@given(st.one_of(_TEXTS, st.text()), st.one_of(_TEXTS, st.text()), st.data())
def test_text_is_folded_the_quick_way_as_it_is_the_plain_way(text: str, other: str, data: st.DataObject) -> None:
    """NFKC, case, white space, Simplified characters; and a phrase stands in a text when it does so folded."""
    assert folded(text) == _plain(text)
    for phrase in (data.draw(_cut(text)), other):
        assert Phrase(phrase).stands_in(text) == (_plain(phrase) in _plain(text))


@pytest.mark.parametrize(("phrase", "text"), [("cafe", "cafe\u0301"), ("\u1161나", "\u1100\u1161나")])
def test_a_part_of_a_character_does_not_stand_in_it(phrase: str, text: str) -> None:
    """An accent that follows belongs to its letter, and so do the parts of a syllable."""
    assert not Phrase(phrase).stands_in(text)


def test_every_character_folds_alone_and_before_others() -> None:
    """Each of Unicode's, beside a letter, a Han character and an accent."""
    for code in (*range(0xD800), *range(0xE000, 0x30000)):
        text = f"a{chr(code)}國{chr(code)}\u0301"
        assert folded(text) == _plain(text), hex(code)


def test_the_order_of_words_is_looked_up_and_not_read() -> None:
    """A chunk that has the words of a phrase in another order does not satisfy its expression; one in camel case does."""
    phrase = "see the placement rules of tables below"
    chunks = _Chunks(
        [((), "below: rules, placement, see tables"), ((), phrase), ((), phrase.replace("rules", "ruLes"))]
    )
    found = chunks.connection().execute("SELECT rowid FROM bm25 WHERE bm25 MATCH ?", (phrase_query(phrase),)).fetchall()
    assert found == [(2,), (3,)]
    assert _Chunks([((), "one red IT blue two")]).found(["one red it blue two"])  # a stop word, unless it is an acronym
    han = _Chunks([((), "集群的状态可查看，查看集群"), ((), "可查看集群的状态")])
    query = phrase_query("查看集群的状态")
    assert han.connection().execute("SELECT rowid FROM bm25 WHERE bm25 MATCH ?", (query,)).fetchall() == [(2,)]


def test_a_phrase_that_very_many_chunks_hold_is_found_in_the_last_of_them() -> None:
    """There is no number from which chunks are not looked at."""
    chunks = _Chunks([((), f"备份 {number}") for number in range(10_050)])
    assert len(chunks.found(["备份"])) == 10_050
    assert chunks.found(["备份 10049"]) == {10_050}


def test_a_phrase_of_stop_words_is_found_though_no_index_has_it() -> None:
    """To be or not to be."""
    chunks = _Chunks([((), "To be, or not to be."), ((), "Or not: to be."), ((), "是 To  be, OR not")])
    assert chunks.found(["to be, or not"]) == {1, 3}


def test_headings_are_compared_as_they_are_shown() -> None:
    """With their quotation marks, and as a path."""
    chunks = _Chunks([(('The "daily" rate', "Hotels"), "text")])
    assert chunks.found(['The "daily" rate > hotels']) == {1}
