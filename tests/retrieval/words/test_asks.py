"""What form of answer a question asks for, and what a text must have to answer it."""

from __future__ import annotations

import pytest
from kb.retrieval.words.answer_kind import lacks_contact, lacks_what_is_asked
from kb.retrieval.words.asks import asks_for_file, asks_for_several, asks_how


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


def test_forms_of_questions() -> None:
    """How something is done, several things, a file; and questions that ask for none of these."""
    assert asks_how("How do I bleed a radiator?")
    assert asks_how("红油怎么炼")
    assert not asks_how("How much is it?")
    assert asks_for_several("有哪些材料")
    assert asks_for_several("What are the rules?")
    assert asks_for_several("Which flights are delayed?")
    assert asks_for_several("who has to do what after the meeting")
    assert asks_for_several("谁负责什么")
    assert not asks_for_several("Which room is it in?")
    assert not asks_for_several("Which class is it?")
    assert asks_for_file("which file has the ferry times?")
    assert asks_for_file("哪个文件讲漏水")
    assert not asks_for_file("Where is the ferry?")
