"""The cells of a column are numbers, dates or texts, and never a number that may be another one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from kb.retrieval.tables.values import Column, bare_name, column


def numbers(*cells: str, name: str = "n") -> list[Decimal | None]:
    """Return the numbers of a column."""
    return list(column(name, cells).numbers)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1,204.50", "3.80", "17"), ("1204.50", "3.80", "17")),
        (("1.204,50", "3,80", "17"), ("1204.50", "3.80", "17")),
        (("1,234", "980"), ("1234", "980")),
        (("€3.80", "$ 2", "5 USD", "7元", "-4", "(12)", "12%"), ("3.80", "2", "5", "7", "-4", "-12", "12")),
        (("3万", "1.5万元", "2亿"), ("30000", "15000.0", "200000000")),
        (("5", "-", "n/a", "无", "8"), ("5", None, None, None, "8")),
    ],
)
def test_numbers_are_read_with_their_signs(cells: tuple[str, ...], expected: tuple[str | None, ...]) -> None:
    """The decimal sign is that of the whole column; what is empty is no number."""
    assert numbers(*cells) == [None if one is None else Decimal(one) for one in expected]


@pytest.mark.parametrize(
    "cells",
    [("1,5", "1.5"), ("1.204,50", "1,204.50"), ("0049", "0017"), ("Q1", "Q2"), ("v6.6.0", "v7.0.0"), ("A4", "A5")],
)
def test_what_may_be_two_things_is_a_text(cells: tuple[str, ...]) -> None:
    """Two decimal signs in one column, numbers that are names, versions."""
    assert column("x", cells).kind == "text"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("2025-03-17", "2024-01-02"), ("2025-03-17", "2024-01-02")),
        (("17.3.2025", "2.1.2024"), ("2025-03-17", "2024-01-02")),
        (("17/3/2025", "2/1/2024"), ("2025-03-17", "2024-01-02")),
        (("3/17/2025", "1/2/2024"), ("2025-03-17", "2024-01-02")),
        (("3/4/2025", "1/2/2024"), ("2025", "2024")),
        (("5 March 2025", "March 5, 2025", "Mar 2025"), ("2025-03-05", "2025-03-05", "2025-03")),
        (("2025年3月5日", "2025年3月"), ("2025-03-05", "2025-03")),
    ],
)
def test_dates_are_read_as_far_as_they_are_sure(cells: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """Where the day and the month may be exchanged, only the year is."""
    assert column("d", cells).dates == expected


@pytest.mark.parametrize("name", ["No", "编号", "Phone", "电话", "Year", "Place", "customer id"])
def test_names_in_digits_have_no_sum(name: str) -> None:
    """A telephone number is no amount."""
    assert not column(name, ["101", "102"]).adds


def test_mixed_units_have_no_sum() -> None:
    """Nor have years."""
    assert column("Amount", ["5 EUR", "7 EUR"]).adds
    assert not column("Amount", ["5 EUR", "7 USD"]).adds
    assert not column("Ended", ["2019", "2020"]).adds


@pytest.mark.parametrize(
    ("name", "bare", "unit"),
    [
        ("cost_eur", "cost", "EUR"), ("Price EUR", "Price", "EUR"), ("单价（元）", "单价", "CNY"),
        ("Weight kg", "Weight", "kg"),
        ("Zone A", "Zone A", ""), ("Run time", "Run time", ""), ("Temperature (°C)", "Temperature", "°C"),
    ],
)  # fmt: skip
def test_a_column_may_name_its_unit(name: str, bare: str, unit: str) -> None:
    """Then its numbers have it, and people call the column without it."""
    read: Column = column(name, ["5", "7"])
    assert bare_name(name) == bare
    assert read.units == (unit, unit)
