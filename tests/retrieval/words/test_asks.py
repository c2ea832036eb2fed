"""What form of answer a question asks for, and what a text must have to answer it."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest
from kb.retrieval.words.answer_kind import lacks_contact, lacks_what_is_asked
from kb.retrieval.words.asks import asks_for

FORMS = tomllib.loads(files("kb.retrieval.words").joinpath("asks.toml").read_text("utf-8"))["form"]


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("Dr Weber's mobile number please", "| 2026-06-20 | Dr Petrie | Dr Weber |", True),
        ("What is her phone number?", "Number 1204, since 12.05.2026 18:30", True),
        ("What is her phone number?", "Kayleigh, 07700 900285", False),
        ("前台电话是多少", "值班电话 400-028-7711", False),
        ("How much is my phone bill?", "The bill is due in May.", False),
        ("What does the email from Ann say?", "We meet on Friday.", False),
        ("Ann's email address?", "Ann sits in room 4.", True),
        ("What does the flight cost?", "Flight TP 533, 18 September, 07:25", True),
        ("What does the monitor cost?", "| Article | Price |\n| Monitor | 389 |", False),
        ("门票多少钱", "单价\n| 成人 | 30 |", False),
    ],
)
def test_what_a_text_must_have(question: str, text: str, lacks: bool) -> None:  # noqa: FBT001  a case
    """A number to call, a mail address and an amount look alike everywhere."""
    assert lacks_what_is_asked(question, text) is lacks


def test_a_sum_need_not_look_like_money() -> None:
    """What a table adds up is an amount whatever its column is called; a telephone number is none unless it looks so."""
    assert lacks_what_is_asked("一月一共花了多少钱", "3 行的一月之和：1,234")
    assert not lacks_contact("一月一共花了多少钱", "3 行的一月之和：1,234")
    assert lacks_contact("What is Noah's phone number?", "Noah: number 1204")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["means"])
def test_forms_of_questions(form: dict[str, Any]) -> None:
    """How something is done, several things, how many, a file; and questions that look so and ask for something else."""
    assert [one for one in form["examples"] if not asks_for(form["means"], one)] == []
    assert [one for one in form["others"] if asks_for(form["means"], one)] == []
