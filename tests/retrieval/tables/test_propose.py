"""What is proposed for a question, and what is not, whatever its likelihood."""

from __future__ import annotations

import pytest
from kb.retrieval.tables.cover import Question
from kb.retrieval.tables.index import Asked
from kb.retrieval.tables.intent import Intent, intent_of
from kb.retrieval.tables.plan import Plan
from kb.retrieval.tables.propose import proposals
from kb.retrieval.tables.read import tables

BILLS = """
| Date | Bill | Paid by | Amt (GBP) | Status |
|---|---|---|---|---|
| 2024-01-15 | Gas | Ruth | 128.60 | paid |
| 2024-02-15 | Gas | Owen | 141.30 | paid |
| 2024-03-15 | Water | Ruth | 91.30 | unpaid |
| 2024-04-15 | Gas | Owen | 74.90 | overdue |
"""
TABLE = Asked.of(tables(BILLS)[0])
EVERYTHING = Intent(dict.fromkeys(("sum", "count", "average", "max", "min", "rows"), 0.2), {"money": 1.0})


def plans(text: str) -> list[Plan]:
    return [one.plan for one in proposals(text, Question.of(text), EVERYTHING, TABLE, ())]


def test_states_are_proposed_though_no_word_names_their_cells() -> None:
    cells = {one.cells for plan in plans("which bills havent been settled") for one in plan.filters}
    assert ("unpaid", "overdue") in cells


def test_a_denial_is_proposed_only_with_a_state_that_denies() -> None:
    found = plans("what gas bills are not settled")
    assert found
    assert all(
        any(one.cells == ("unpaid", "overdue") or one.cells in {("unpaid",), ("overdue",)} for one in plan.filters)
        for plan in found
    )


def test_a_time_is_in_every_plan_and_two_make_a_span() -> None:
    assert all(any(one.time == "-02" for one in plan.filters) for plan in plans("gas in february altogether"))
    spans = {tuple((one.sign, one.time) for one in plan.filters if one.time) for plan in plans("gas jan to march")}
    assert spans == {(("date>=", "-01"), ("date<=", "-03"))}
    assert plans("gas november to february") == []


def test_who_paid_most_adds_up_the_rows_of_each() -> None:
    found = [plan for plan in plans("which one paid by whom is most") if plan.operation == "max" and plan.measure == 3]
    assert found
    assert all(plan.group is not None for plan in found)


def test_one_named_row_is_left_to_the_passages_unless_its_state_is_asked_for() -> None:
    """Whether a bill's row says who read the meter takes reading; that something of it is unpaid makes it no plan."""

    def columns(question: str) -> set[tuple[int, ...]]:
        return {
            tuple(sorted(one.column for one in plan.filters)) for plan in plans(question) if plan.operation == "rows"
        }

    assert (1, 4) not in columns("who read the meter for the water")
    assert (1, 4) in columns("status of the water")


@pytest.mark.parametrize(
    ("question", "operation"),
    [
        ("how many lessons did we have in may", "count"),
        ("三月一共花了多少钱", "sum"),
        ("最贵的是哪个", "max"),
        ("whats the cheapest one", "min"),
    ],
)
def test_what_a_question_asks_for(question: str, operation: str) -> None:
    found = intent_of(question).operations
    assert max(found, key=lambda one: found[one]) == operation
    assert abs(sum(found.values()) - 1) < 1e-4
