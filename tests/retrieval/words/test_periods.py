"""Fiscal years, quarters and halves: every form finds every other, and what may be something else is left alone."""

from __future__ import annotations

import pytest
from kb.retrieval.words.numerals import numerals
from kb.retrieval.words.question import figures, terms
from kb.retrieval.words.tokens import tokens

YEAR = (
    "FY2022", "FY22", "FY 2022", "fy'22", "fiscal year 2022", "fiscal 2022", "2022财年", "2022財年", "22财年",
    "2022 fiscal year", "financial year 2022", "二〇二二财年", "2022会计年度", "2022年度",
)  # fmt: skip
QUARTER = (
    "Q2 2023", "2023年第二季度", "second quarter of 2023", "2Q23", "2Q 2023", "Q2'23", "2023Q2", "2023 Q2", "FY23 Q2",
    "Q2 FY23", "2023年二季度", "second-quarter 2023", "the second quarter of fiscal 2023", "2023年Q2", "q2 2023",
    "2023财年第2季度",
)  # fmt: skip
FIRST_HALF = ("H1 2023", "1H23", "1H 2023", "2023年上半年", "first half of 2023", "2023 H1", "H1'23")
THIRD = ("Q3", "3Q", "third quarter", "第三季度", "三季度", "3rd quarter")


@pytest.mark.parametrize("forms", [YEAR, QUARTER, FIRST_HALF, THIRD])
def test_all_forms_find_each_other(forms: tuple[str, ...]) -> None:
    """Whatever the question's form, its figures and terms are tokens of a text with any other form."""
    for question in forms:
        assert figures(question)
        for text in forms:
            held = set(tokens(text))
            assert figures(question) <= held, (question, text)
            assert all(term.within(held) for term in terms(question)), (question, text)


@pytest.mark.parametrize(
    "text",
    [
        "in the second half", "the last quarter of 2023", "第二季", "Q5 2023", "H3 2023", "FY", "Q&A", "<h1>", "年度报告",
        "FY2022/23",
    ],
)  # fmt: skip
def test_what_may_be_something_else_is_no_period(text: str) -> None:
    """Halves of matches, seasons, headlines."""
    assert not [one for one in numerals(text) if one.kind == "period"]


def test_a_year_in_the_text_answers_for_a_fiscal_year() -> None:
    """A report of 2022 is where FY2022 is looked for; its quarters are not the ones of another year."""
    assert figures("What was the revenue in FY2022?") == {"2022"}
    assert not figures("Q2 2023") <= set(tokens("Q2 2022 and Q1 2023"))
