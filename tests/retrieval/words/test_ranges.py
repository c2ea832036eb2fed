"""Numbers that a text does not write and yet speaks of."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.retrieval.words.ranges import covered, quantities, ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| up to 250 GBP | Line manager |", [(0, 250)]),
        ("| 250 to 2,000 GBP | Department head |", [(250, 2000)]),
        ("over 2,000 GBP: the director", [(2000, inf)]),
        ("5 kg or more: 9 pounds", [(5, inf)]),
        ("工作满一年不满十年的，每年10天；", [(1, 10)]),
        (
            "1000元以下由主管审批，1000元至5000元由经理审批，5000元以上由总经理审批",
            [(0, 1000), (1000, 5000), (5000, inf)],
        ),
        ("6至14岁半价", [(6, 14)]),
        ("15 to 20 May 2026", []),
        ("call 0114-555-0140", []),
        ("The fee is 40 euros.", []),
    ],
)
def test_ranges_are_read(text: str, expected: list[tuple[float, float]]) -> None:
    """With both ends or one, in digits or Chinese numerals; dates and phone numbers are none."""
    assert sorted(ranges(text)) == sorted(expected)


@pytest.mark.parametrize(
    ("question", "text", "is_covered"),
    [
        ("Who approves a claim of 1,800 pounds?", "| 250 to 2,000 GBP | Department head |", True),
        ("Who approves a claim of 1,800 pounds?", "| up to 250 GBP | Line manager |", False),
        ("shipping for a 3 kg parcel", "2–5 kg: £6.40", True),
        ("shipping for a 3 kg parcel", "2–5 euros a day", False),
        ("When is invoice 4488 due?", "orders over 400 EUR are free", False),
        ("工作8年有几天年假", "工作满一年不满十年的，每年10天；", True),
        ("2026年的年假", "满三年的，每年10天", False),
    ],
)
def test_a_quantity_is_covered_in_its_unit(question: str, text: str, *, is_covered: bool) -> None:
    """Only a number with a unit, by a range in that unit; pounds and GBP are both money."""
    assert bool(covered(quantities(question), text, "")) is is_covered


RULES = """# Expense rules

| Amount of the claim | Who approves |
| --- | --- |
| up to 250 GBP | Line manager |
| 250 to 2,000 GBP | Department head |
| over 2,000 GBP | Finance director |

## 年假

工作满一年不满十年的，年假5天。

工作满十年不满二十年的，年假10天。

工作满二十年的，年假15天。
"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who approves a claim of 1,800 pounds?", "Department head"),
        ("who approves a claim of 3,500 pounds", "Finance director"),
        ("工作8年有几天年假？", "5天"),
        ("工作25年年假多少天？", "15天"),
    ],
)
def test_the_line_whose_range_has_the_number_answers(tmp_path: Path, question: str, answer: str) -> None:
    """Limits of approval, years of service: the number of the question is written nowhere."""
    (tmp_path / "rules.md").write_text(RULES, "utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        said = kb.ask(question)
    assert said.sure, said.text
    assert answer in said.sentences[0].text, said.text
