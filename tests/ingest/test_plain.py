"""What an embedding model is given of a passage: its words."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hashed import HashedEmbedder
from hypothesis import given
from hypothesis import strategies as st
from kb import KnowledgeBase
from kb.ingest.document import text_hash
from kb.ingest.plain import without_markup

PROSE = st.text(st.sampled_from("abc XYZ 019 文档，。.!?()'\"\n-_*/:;&%$@^"), max_size=80)
"""Text without the signs that markup needs, though with some that it shares."""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('see [the docs](https://x.y/z_(a) "Title").', "see the docs."),
        ("[![build](https://ci/b.svg)](https://ci) ![](a.png) passes", "build  passes"),
        ("参见[文档](http://a.b)和**粗体**文字", "参见文档和粗体文字"),
        ('[text][ref]\n\n[ref]: http://x.y "t"', "text"),
        ("# Title { #anchor .wide }\n> quoted", "Title \nquoted"),
        ("[Body](../body.md){.internal-link target=_blank} and [this](#here)", "Body and this"),
        ('Use `Option<String>` <br/>and <a href="x">this</a><!-- not\nthat -->', "Use Option<String>  and  this"),
        ("| a | b |\n| --- | :-: |\n| 1 | 2\\|3 |", "a  b\n\n1  2\\|3"),
        ("Chapter 1 .......... 12\nName: ________\n=====", "Chapter 1   12\nName:"),
    ],
)
def test_marks_and_addresses_are_left_out(text: str, words: str) -> None:
    """Links, pictures, references, tags, attributes, tables, leaders: what is read of them stays, the rest goes."""
    assert without_markup(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "handlers[0](request)", "2**3 is 8", "[12](p. 5)", "\\[x\\](y)", "Vec<T> and a < b > c", "__init__ of {x}",
        "[^1]: A footnote, see http://x.y", "a | b || c", 'format!("{:.2}", x)', "https://example.com/a_b", "C# and #5",
        "[m/p](2+B) terms", "|B| = n, |A| = m",
    ],
)  # fmt: skip
def test_what_only_looks_like_markup_stays(text: str) -> None:
    """Code, footnotes, powers and plain addresses are words."""
    assert without_markup(text) == text


@pytest.mark.parametrize("text", ["[](https://x.y)", "---", "![](a.png)", "", "``` ```"])
def test_a_text_of_markup_alone_stays(text: str) -> None:
    """Something must be embedded: nothing is left without a vector."""
    assert without_markup(text) == text


@given(PROSE)
def test_every_word_of_prose_stays(text: str) -> None:
    """Without links, tags and tables no letter or digit goes, in any order of signs."""
    assert re.findall(r"[^\W_]+", without_markup(text)) == re.findall(r"[^\W_]+", text)


@pytest.mark.parametrize("sign", ["[", "[a](", "![", "<a ", "<!--", "|--", "{.a ", "[a]: (", "*", "> ", " |"])
def test_no_text_takes_long(sign: str) -> None:
    """Broken markup a hundred times as long as a passage is read once, not once for each sign: the test ends."""
    assert without_markup(sign * 20_000 + "word").endswith("word")


def test_only_texts_with_markup_have_another_key() -> None:
    """A vector made before stays good for every text that is embedded as it is."""
    assert text_hash("plain words") == hashlib.sha256(b"plain words").hexdigest()[:40]
    assert text_hash("[plain](x.md) words") != hashlib.sha256(b"[plain](x.md) words").hexdigest()[:40]


def test_a_base_embeds_words_and_finds_addresses(tmp_path: Path) -> None:
    """The vector is that of the words, the keyword index has the address, and the quote is the text of the file."""
    text = "The warranty covers parts for [two years](https://example.com/terms/frobnicate-17)."
    (tmp_path / "a.md").write_text(text, "utf-8")
    with KnowledgeBase.open("words", home=tmp_path / "home", embedder=HashedEmbedder()) as kb:
        kb.ingest([tmp_path / "a.md"])
        assert kb.embedder
        (vector,) = [blob for (blob,) in kb.catalog.connection().execute("SELECT vector FROM vectors")]
        words = kb.embedder.embed_documents(["The warranty covers parts for two years."])[0]
        assert float(np.frombuffer(vector, "<f4") @ words) > 0.9999
        assert kb.search("frobnicate", k=1)[0].chunk.text == text
