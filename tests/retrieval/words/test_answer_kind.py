"""What kind of thing a question asks for, and where a text has one."""

from __future__ import annotations

import pytest
from kb.retrieval.words.answer_kind import likely_answer, new_matches


@pytest.mark.parametrize(
    ("question", "text", "found"),
    [
        ("搬家哪天？", "报价 1800 元，日期定在2026年5月16日。", ["2026年5月16日"]),
        ("展会是哪一年？", "2019人参加，2021年举办。", ["2021年"]),
        ("When is the fair?", "1500 people came, in 1998.", ["1998"]),
        ("When did it open?", "It cost $1900 and weighs 1200 kg.", []),
        ("In which year did he leave?", "He left in 2014 with 2000 EUR.", ["2014"]),
        ("When was it signed?", "Signed 2015-03-04, order 1,800.", ["2015-03-04"]),
    ],
)
def test_an_amount_is_no_year(question: str, text: str, found: list[str]) -> None:
    """A number of four digits with a currency or what is counted beside it says no time."""
    kind = likely_answer(question)
    assert kind
    assert [text[start:stop].strip() for start, stop in new_matches(kind, text, question)] == found
