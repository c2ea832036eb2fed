"""What documents say for the words of a question."""

from __future__ import annotations

import pytest
from kb.retrieval.words.synonyms import terms_or_synonyms
from kb.retrieval.words.tokens import tokens


def share(question: str, text: str) -> float:
    """Return how much of a question a text says."""
    terms, held = terms_or_synonyms(question), frozenset(tokens(text))
    return sum(term.share for term in terms if term.within(held)) / sum(term.share for term in terms)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who is the landlord?", "The lessor is Olga Brandt."),
        ("Can I work from home?", "Remote work is granted on two days."),
        ("How much is the premium?", "The insurance premium: 90 EUR"),
        ("房租多少？", "月租金为三千元。"),
        ("可以在家办公吗？", "允许远程办公。"),
        ("What is the rent?", "租金为三千元。"),
        ("When did she join?", "Started on 1 February 2026"),
    ],
)
def test_another_word_says_the_same(question: str, text: str) -> None:
    """A text with another word for what is asked says it wholly, in the other language too."""
    assert share(question, text) == 1


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who is the landlord?", "The tenant is Olga Brandt."),
        ("房租多少？", "房间有三十平方米。"),
        ("火车几点开？", "汽车在车库。"),
        ("Where is the home page?", "Remote work is granted on two days."),
        ("When is breakfast?", "Dinner at 19:00."),
        ("How old is the daughter?", "His son is 9 years old."),
        ("When does the passport expire?", "The visa is valid until 5 May."),
        ("Does she have a PhD?", "Bachelor of Arts, Utrecht"),
        ("税后多少？", "税前工资九千元。"),
        ("妻子叫什么？", "丈夫：赵刚"),
        ("What is the budget?", "Spending came to 300 EUR."),
    ],
)
def test_a_word_of_another_sense_does_not(question: str, text: str) -> None:
    """A word of another group, or one character of a longer word, stands for nothing."""
    assert share(question, text) < 0.6


def test_a_word_may_be_answered_by_a_kind_of_it_and_not_the_other_way() -> None:
    """What holds for pets holds for a dog; what holds for dogs is not what holds for pets."""
    assert share("dog", "No pets.") == 1
    assert share("pet", "No dogs.") == 0
    assert share("children", "A daughter, born in 2015.") == 1
    assert share("她的学历", "硕士") > share("她的硕士", "本科")
