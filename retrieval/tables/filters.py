"""Derive what the words of a question demand of a row.

Comes in: a question whose words have a meaning in a table. Goes out: a filter for each demand, or ``None`` if one may be about
two columns. Never: a range taken for a choice.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .cover import Question, Use
from .index import Asked
from .values import Column, bare_name
from .words import phrase

_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}
BEING = frozenset({"is", "are", "was", "were", "does", "do", "did", "has", "have"})
"""First words of questions whether something is so."""
_RANGE = frozenset({"to", "until", "till", "through", "between", "到", "至"})


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one column of a row."""

    column: int
    sign: str
    """``in``, a comparison with a number, or with the prefix ``date`` a comparison with the beginning of a date."""
    cells: tuple[str, ...] = ()
    number: Decimal | None = None
    time: str = ""
    against: int | None = None
    """The column it is compared with, row by row."""

    def holds(self, number: Decimal | None, other: Decimal | None) -> bool:
        """Return whether a number compares as required with the filter's number or the other column's; false without one."""
        wanted = self.number if self.against is None else other
        return number is not None and wanted is not None and _COMPARE[self.sign](number, wanted)

    def selects(self, cells: Sequence[str], columns: Sequence[Column], row: int) -> bool:
        """Return whether a row, with these cells and typed columns, satisfies the filter."""
        column = columns[self.column]
        if self.sign == "in":
            return cells[self.column] in self.cells
        if self.time:
            date, n = column.dates[row] or "", len(self.time)
            part = date[4 : 4 + n] if self.time.startswith("-") else date[:n]
            return len(part) == n and _COMPARE[self.sign.removeprefix("date")](part, self.time)
        other = columns[self.against].numbers[row] if self.against is not None else None
        return self.holds(column.numbers[row] if column.numbers else None, other)


class Meaning:
    """The words of a question, each with its meaning in a table."""

    def __init__(self, question: Question, uses: list[Use], table: Asked) -> None:
        self.question = question.words
        self.table = table
        self.uses = uses
        self.taken: set[int] = set()
        """Column uses that a comparison is about."""

    def of(self, *meanings: str) -> list[Use]:
        """Return the uses with the given meanings, in order."""
        return [use for use in self.uses if use.meaning in meanings]

    def says(self, use: Use) -> tuple[str, ...]:
        """Return the words of a use."""
        return tuple(word.form for word in self.question[use.start : use.stop])

    def filters(self) -> tuple[Filter, ...] | None:
        """Return all filters of the question; ``None`` if one may be about two columns."""
        found: list[Filter] = []
        for use in self.of("value"):
            one = self._value(use)
            if one is None:
                return None
            same = next((old for old in found if old.column == one.column and old.sign == "in"), None)
            if same:
                if not self._are_listed(use):
                    return None
                found.remove(same)
                both = tuple(cell for cell in same.cells if cell in one.cells)  # 4k monitor: two parts of one cell
                one = Filter(one.column, "in", both or tuple(dict.fromkeys((*same.cells, *one.cells))))
            found.append(one)
        for use in self.of("compare", "number"):
            against = use.columns[0] if use.columns else None
            column = self._compared(use) if against is None else self._beside(against)
            if column is None:
                return None
            found.append(Filter(column, use.said or "=", number=use.number, against=against))
        for use in self.of("time"):
            column = self._dated()
            if column is None:
                return None
            found.append(Filter(column, f"date{use.said[:2].strip('0123456789-')}", time=use.said.lstrip("<>=")))
        return tuple(found)

    def _are_listed(self, use: Use) -> bool:
        """Return whether only and, or, or a comma separates a value from the previous one; from May to July is a range."""
        before = max(one.stop for one in self.of("value") if one.stop <= use.start)
        return all(word.form not in _RANGE for word in self.question[before : use.start])

    def _value(self, use: Use) -> Filter | None:
        columns = dict(zip(use.columns, use.cells, strict=True))
        if len(columns) > 1:
            mentioned = {at for one in self.of("column", "concept") for at in one.columns}
            columns = {at: cells for at, cells in columns.items() if at in mentioned} or columns
        if len(columns) > 1:
            return None
        column, cells = next(iter(columns.items()))
        if not use.is_part and column not in {self.table.label, self.table.codes}:
            wider = self.table.parts.get(self.says(use), {}).get(column, frozenset())
            if wider - cells:
                return None  # Sales, if there is Sales North too
        return Filter(column, "in", tuple(sorted(cells)))

    def _compared(self, use: Use) -> int | None:
        """Return the column that a number is compared with: the nearest one named, else the only one with its unit."""
        near: list[tuple[int, int, int]] = []
        for at, other in enumerate(self.uses):
            if other.meaning not in {"column", "concept"}:
                continue
            numeric = [
                column for column in other.columns if self.is_number(column) and self._has_unit(column, use.unit)
            ]
            if numeric:
                distance = min(abs(other.start - use.stop), abs(use.start - other.stop))
                near.append((distance, at, numeric[0]))
        if near:
            distance, at, column = min(near)
            if use.meaning == "number" and distance > 1:
                return None
            self.taken.add(at)
            return column
        if use.meaning == "number":
            return None
        if use.unit:
            fitting = [at for at in range(len(self.table.columns)) if self.adds(at) and self._has_unit(at, use.unit)]
            fitting = [at for at in fitting if use.unit in self.table.columns[at].units]
        else:
            fitting = [at for at in range(len(self.table.columns)) if self.adds(at)]
        return fitting[0] if len(fitting) == 1 else None

    def _beside(self, against: int) -> int | None:
        """Return the column that goes with another one: named in the question, or stock with safety stock."""
        numeric = [at for at in range(len(self.table.columns)) if self.is_number(at) and at != against]
        named = [
            (n, at) for n, one in enumerate(self.uses) if one.meaning in {"column", "concept"} for at in one.columns
        ]
        wanted = phrase(self.table.columns[against].name)
        asks_whether = self.question[0].form in BEING  # did it cost more: of a list, prices may be asked for besides
        units = {unit for unit in self.table.columns[against].units if unit}
        numeric = [at for at in numeric if {unit for unit in self.table.columns[at].units if unit} == units]
        choices = (
            [at for _, at in named if at in numeric and asks_whether],
            [at for at in numeric if _within(phrase(bare_name(self.table.columns[at].name)), wanted)],
            [
                self.table.concepts[one]
                for one in ("stock", "quantity", "amount")
                if self.table.concepts.get(one) in numeric
            ],
            [at for _, at in named if at in numeric],
            numeric,
        )
        found = next((list(dict.fromkeys(one)) for one in choices if one), [])
        self.taken |= {n for n, at in named if at in found}
        return found[0] if len(found) == 1 else None

    def _dated(self) -> int | None:
        """Return the column that a time is about: the one named, the only one, or the one called date."""
        columns = [at for at, one in enumerate(self.table.columns) if one.dates]
        mentioned = [at for use in self.of("column", "concept") for at in use.columns if at in columns]
        named = [self.table.concepts["date"]] if self.table.concepts.get("date") in columns else []
        choices: tuple[list[int], ...] = (list(dict.fromkeys(mentioned)), columns, named)
        return next((found[0] for found in choices if len(found) == 1), None)

    def _has_unit(self, column: int, unit: str) -> bool:
        units = {one for one in self.table.columns[column].units if one}
        return not unit or not units or units == {unit}

    def is_number(self, column: int) -> bool:
        """Return whether a column contains numbers."""
        return self.table.columns[column].kind == "number"

    def adds(self, column: int) -> bool:
        """Return whether the numbers of a column can be summed."""
        return self.table.columns[column].adds


def _within(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether one run of words is contained in another."""
    return bool(one) and any(other[at : at + len(one)] == one for at in range(len(other)))
