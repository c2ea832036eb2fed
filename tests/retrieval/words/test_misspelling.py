"""What a word may have been mistyped from, and how far two words are apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.retrieval.words.misspelling import distance, one_off

WORDS = st.text("abcdeinorst", min_size=3, max_size=12)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("contarct", "contract"), ("goverment", "government"), ("adress", "address"), ("recieve", "receive"),
        ("calender", "calendar"), ("invoive", "invoice"), ("nivoice", "invoice"), ("paymentt", "payment"),
        ("organise", "organize"), ("agreementss", "agreements"), ("justificatoin", "justification"),
    ],
)  # fmt: skip
def test_what_people_mistype_is_one_mistake_away(typed: str, meant: str) -> None:
    """Letters swapped, left out, doubled, beside each other on the keyboard, or alike in sound."""
    assert meant in set(one_off(typed))
    assert distance(typed, meant) == 1


@pytest.mark.parametrize(("typed", "other"), [("hansen", "jansen"), ("moped", "moved"), ("lessor", "lesson")])
def test_another_word_is_no_mistake(typed: str, other: str) -> None:
    """Another first letter, or one that nobody types for it, makes another word of a short one."""
    assert other not in set(one_off(typed))


@settings(deadline=None)
@given(WORDS)
def test_every_variant_is_one_mistake_away(word: str) -> None:
    """None but the word itself is nearer, and none farther."""
    assert all(distance(word, one) <= 1 for one in one_off(word))


@given(WORDS, WORDS)
def test_distance_is_symmetric(one: str, other: str) -> None:
    """It is 0 only between equals."""
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
