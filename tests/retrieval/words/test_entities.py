"""The names that a question gives to companies, people and works."""

from __future__ import annotations

import pytest
from kb.retrieval.words.entities import entities


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What is the notice period at InnovateTech Solutions?", ("InnovateTech Solutions",)),
        ("InnovateTech, Inc.'s revenue", ("InnovateTech, Inc",)),
        ("Compare Alder Ltd and Birke GmbH", ("Alder Ltd", "Birke GmbH")),
        ("When is invoice INV-2026-003 due?", ("INV-2026-003",)),
        ("What did Jane do before Harbor?", ("Jane", "Harbor")),
        ("真实制造有限公司2020年度的员工满意度是多少？", ("真实制造有限公司",)),
        ("对比一下东海科技有限公司与金桥食品集团的试用期", ("东海科技有限公司", "金桥食品集团")),
        ("《三体》的作者是谁", ("三体",)),
    ],
)
def test_names_are_found_as_they_are_written(question: str, names: tuple[str, ...]) -> None:
    """Companies, people, codes and titles, one or two of them."""
    assert entities(question) == names


@pytest.mark.parametrize(
    "question",
    [
        "Annual leave?",
        "Summarise the minutes",
        "What happened on 5 March 2024?",
        "我们公司的年假有几天",
        "Is it due on Monday?",
    ],
)
def test_what_is_capitalised_for_another_reason_is_no_name(question: str) -> None:
    """The first word of a question, months, weekdays, and 公司 that is ours."""
    assert entities(question) == ()
