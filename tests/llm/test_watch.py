"""What is wrong with a model's text is seen while it is written, and nothing is seen in a good one."""

from __future__ import annotations

import pytest
from kb.llm.watch import fault

GIVEN = "The hotel allowance is 120 euros a night. 出差住宿费每晚最多报销 120 欧元。\nHow much is a night?"
REQUEST = "Answer in a few words from the text."


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It is paid back. It is paid by the firm. It is paid back to you. It is paid back to you.", "loop"),
        ("the rate the rate the rate the rate the rate the rate the rate", "loop"),
        ('<passage id="9" from="x">', "echo"),
        ("Answer in a few words from the text.", "echo"),
        ("A night is paid.\nQuestion: How much is a day?", "echo"),
        ("[1] [2] [3] [4] [5] [6]", "marks"),
        ("Сколько стоит одна ночь в отеле", "language"),
        ("   \n", "empty"),
        ("[1]", "marks"),
    ],
)
def test_faults_are_named(text: str, wrong: str) -> None:
    """A loop, an echo, another script, marks only and nothing at all are told apart."""
    assert fault(text, GIVEN, REQUEST, finished=True) == wrong


@pytest.mark.parametrize(
    "text",
    [
        "A night is 120 euros.",
        "120",
        "The first night is 120 euros. The second night is 120 euros too.",
        "每晚最多报销 120 欧元。",
        "Yes. Yes.",
    ],
)
def test_good_texts_are_not(text: str) -> None:
    """Short answers, figures alone, Chinese where Chinese is read, and sentences that are much alike are let through."""
    assert fault(text, GIVEN, REQUEST, finished=True) is None


def test_a_chinese_question_over_chinese_text_is_answered_in_chinese() -> None:
    """English over Chinese text is another language; over English text it is not."""
    english = "The allowance for a hotel night is one hundred and twenty euros."
    assert (
        fault(english, "出差住宿费每晚最多报销 120 欧元。\n住宿费多少？", "请用一句话回答。", finished=True)
        == "language"
    )
    assert fault(english, f"{english}\n住宿费多少？", "请用一句话回答。", finished=True) is None


def test_seen_while_it_is_written() -> None:
    """A loop is seen at the third time round, marks at the fifth, and a text that has only begun is not empty."""
    assert fault("", GIVEN, REQUEST, finished=False) is None
    assert fault("[1] [2]", GIVEN, REQUEST, finished=False) is None
    assert fault("[1] [2] [3] [4] [5]", GIVEN, REQUEST, finished=False) == "marks"
    assert fault("of the hotel night " * 3, GIVEN, REQUEST, finished=False) == "loop"
