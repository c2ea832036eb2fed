"""Turn a question and a table into a plan: what to compute over which rows.

Comes in: a question's words and a table. Goes out: a plan, or ``None`` if the question does not name what it asks for, or may
mean two things. Never: a plan that leaves out a word of the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from .cover import Question, Use, cover
from .filters import BEING, Filter, Meaning
from .index import Asked
from .words import lexicon

Operation = Literal["rows", "sum", "average", "count", "min", "max", "check", "difference"]
_NAME = 30
"""Characters of a row that may be the name of something."""
_SPECIFIC = {"value": 4, "column": 4, "name": 3, "superlative": 2, "concept": 1, "compare": 2, "time": 2}
"""Meanings that show that a question is about the table, with their weights."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compute over which rows."""

    operation: Operation
    filters: tuple[Filter, ...]
    measure: int | None = None
    """The column that is summed, compared or looked up; for ``count``, the one whose distinct cells are counted."""
    shown: tuple[int, ...] = ()
    """Further columns asked for."""
    expected: tuple[str, ...] = ()
    """For ``check``: the cells that mean yes, if the question names them."""
    compared: Filter | None = None
    """For ``check``: what must be true of the row."""
    group: int | None = None
    """For ``min`` and ``max``: the column whose equal cells are taken together, to compare their sums or numbers of rows."""
    top: int = 1
    """For ``min`` and ``max``: how many are asked for: the three quickest."""
    is_guess: bool = False
    """Whether it was chosen by how likely it is; then an answer says what its rows are, since the question may not."""
    sides: tuple[Filter, ...] = ()
    """For ``difference``: the two choices of rows whose ``measure`` is compared."""
    score: int = 0
    """How much of the question is about this table."""
    year_by_name: bool = False
    """Whether a time in the question is part of the table's name."""


def planned(question: Question, table: Asked) -> Plan | None:
    """Return the plan for asking a table a question."""
    uses = cover(question, table)
    return _Planning(question, uses, table).plan() if uses else None


class _Planning(Meaning):
    def plan(self) -> Plan | None:
        """Return the plan; ``None`` unless everything in it is certain."""
        score = sum(_SPECIFIC.get(use.meaning, 0) * (1 if use.is_part else 2) for use in self.uses)
        filters = self.filters()
        self._read_totals()
        operations = list(dict.fromkeys(use.said for use in self.of("operation")))
        superlatives = self.of("superlative")
        if filters is None or score < 4 or len(operations) + len(superlatives) > 1:  # noqa: PLR2004
            return None
        if self.of("soft") and not self.of("column"):
            return None
        if self.table.table.has_head is False:
            return self._pair(filters, operations, score)
        extreme = superlatives[0] if superlatives else None
        if extreme or operations in (["max"], ["min"]):
            plan = self._extreme(filters, extreme, operations)
        elif operations:
            plan = {"sum": self._sum, "average": self._average, "count": self._count}[operations[0]](filters)
        else:
            plan = self._rows(filters)
        if plan is None:
            return None
        by_name = any(use.meaning == "name" and self._is_year(use) for use in self.uses)
        return replace(plan, score=score, year_by_name=by_name)

    def _read_totals(self) -> None:
        """Read a totals column's name as the sum of another column, if that one is named too: the total rent."""
        sums = lexicon().operations["sum"]
        for at, use in enumerate(self.uses):
            others = [one for one in self.of("column") if one is not use and all(map(self.adds, one.columns))]
            if use.meaning == "column" and self.says(use) in sums and others:
                self.uses[at] = Use(use.start, use.stop, "operation", said="sum")

    def _is_year(self, use: Use) -> bool:
        return any(self.question[at].is_number for at in range(use.start, use.stop))

    def _named(self) -> list[int]:
        """Return the columns asked for by name, without those that something is compared with."""
        filtered = {at for use in self.of("value") for at in use.columns}
        found = [
            use.columns[0]
            for at, use in enumerate(self.uses)
            if use.meaning == "column" and at not in self.taken and len(use.columns) == 1
        ]
        return [at for at in dict.fromkeys(found) if at not in filtered or self.is_number(at)]

    def _meant(self) -> list[int]:
        """Return the columns that the other words of the question are about."""
        found = [
            at
            for n, use in enumerate(self.uses)
            if use.meaning == "concept" and n not in self.taken
            for at in use.columns
        ]
        return list(dict.fromkeys(found))

    def _measure(self, *, adds: bool = False) -> int | None:
        """Return the number column asked for; ``None`` unless there is exactly one."""
        named = [at for at in self._named() if self.is_number(at) and (not adds or self.adds(at))]
        if named:
            return named[0] if len(named) == 1 else None
        meant = [at for at in self._meant() if self.is_number(at) and (not adds or self.adds(at))]
        return meant[0] if len(meant) == 1 else self._of_amounts(meant)

    def _of_amounts(self, numeric: Sequence[int]) -> int | None:
        """Return the one of several columns that is about amounts paid, when sums are asked for."""
        amount = self.table.concepts.get("amount")
        return amount if amount in numeric else None

    def _only_amount(self) -> int | None:
        adding = [at for at in range(len(self.table.columns)) if self.adds(at)]
        return adding[0] if len(adding) == 1 else None

    def _texts(self) -> tuple[int, ...]:
        """Return the text and date columns asked for, except one that is also the table's name."""
        found = [at for at in (*self._named(), *self._meant()) if not self.is_number(at)]
        called = [at for use in self.of("column") for at in use.columns if self.says(use) in self.table.own_names]
        return tuple(dict.fromkeys([at for at in found if at not in called] or found))

    def _extreme(self, filters: tuple[Filter, ...], use: Use | None, operations: Sequence[str]) -> Plan | None:
        if use and use.superlative:
            operation = use.superlative.extreme
            about = [self.table.concepts[one] for one in use.superlative.concepts if one in self.table.concepts]
            ordered = [at for at in self._named() if self.is_number(at) or self.table.columns[at].dates]
            named = [at for at in ordered if at in about] or ([] if about else ordered)
            measure = named[0] if len(named) == 1 else next(iter(about), None) if not named else None
            shown = tuple(at for at in ordered if at != measure)
        else:
            operation, measure, shown = operations[0], self._measure(), ()
            if measure is None and not self._meant():
                measure = self.table.concepts.get("area") if self._says_size() else None
        if measure is None or self._is_per_group(measure):
            return None
        return Plan("max" if operation == "max" else "min", filters, measure, (*shown, *self._texts()))

    def _says_size(self) -> bool:
        sizes = {("最", "大"), ("最", "小"), ("largest",), ("biggest",), ("smallest",)}
        return any(self.says(use)[:2] in sizes for use in self.of("operation"))

    def _is_per_group(self, measure: int) -> bool:
        """Return whether the rows of each thing asked for would have to be summed first: which client spent most."""
        rows = self.table.table.rows
        return self.adds(measure) and any(
            len({row.cells[at] for row in rows}) < len(rows)
            for at in self._texts()
            if self.table.columns[at].kind == "text"
        )

    def _sum(self, filters: tuple[Filter, ...]) -> Plan | None:
        measure = self._measure(adds=True)
        if measure is None and not self._named():
            measure = self._only_amount()
        if measure is None or not self.adds(measure) or not self._is_named(filters):
            return None
        return Plan("sum", filters, measure)

    def _is_named(self, filters: Sequence[Filter]) -> bool:
        """Return whether the question says which rows or table it is about, by more than a time."""
        return (
            any(one.sign == "in" for one in filters)
            or self._names_table()
            or bool(filters and self.of("column"))
            or (self.table.is_all and any(self._is_distinct(use) for use in self.of("column")))
        )

    def _is_distinct(self, use: Use) -> bool:
        """Return whether a column's whole name says more than price or amount: leisure."""
        return not use.is_part and self.says(use) not in lexicon().asks

    def _names_table(self) -> bool:
        return any(self.says(use) in self.table.own_names for use in self.of("name", "column"))

    def _average(self, filters: tuple[Filter, ...]) -> Plan | None:
        measure = self._measure()
        return Plan("average", filters, measure) if measure is not None and self._averages(measure) else None

    def _averages(self, measure: int) -> bool:
        column = self.table.columns[measure]
        units = {unit for number, unit in zip(column.numbers, column.units, strict=True) if number is not None}
        return not column.dates and len(units) == 1

    def _count(self, filters: tuple[Filter, ...]) -> Plan | None:
        if any(len(one) <= _NAME and not one.lower().startswith(lexicon().notes) for one in self.table.table.remarks):
            return None  # each may be a thing of which nothing else is known
        measure = self._measure()
        if measure is not None:
            return Plan("sum", filters, measure) if filters and self.adds(measure) else None
        stock = self.table.concepts.get("stock", self.table.concepts.get("quantity"))
        labels = {self.table.label, self.table.codes}
        if stock is not None and any(one.column in labels and one.sign == "in" for one in filters):
            return Plan("sum", filters, stock) if self.adds(stock) else None
        texts = self._texts()
        is_all = self._names_table() and bool(texts or self.of("row") or any(use.is_strong for use in self.of("name")))
        if len(texts) > 1 or not (is_all or any(not one.time for one in filters)):
            return None
        return Plan("count", filters, texts[0] if texts else None)

    def _rows(self, filters: tuple[Filter, ...]) -> Plan | None:
        """Return the plan for a question without an operation: a look-up, a list, a check, or what was spent."""
        concepts = {name for use in self.of("concept") for name in use.concepts}
        adding = {one.name for one in lexicon().concepts if one.adds}
        measure = self._measure()
        if measure is None and len([at for at in self._meant() if self.is_number(at)]) > 1:
            measure = next(at for at in self._meant() if self.is_number(at))
        values = [one for one in filters if one.sign == "in"]
        if check := self._compares(filters):
            return check
        if measure is not None and concepts & adding and self.adds(measure) and filters:
            is_price = self.table.concepts.get("price") == measure
            if not (is_price and any(one.column in {self.table.label, self.table.codes} for one in values)):
                return Plan("sum", filters, measure) if self._is_named(filters) else None
        if not filters:
            flags = [at for at in self._named() if self.table.is_boolean[at]]
            if len(flags) == 1 and measure is None:
                yes = {row.cells[flags[0]] for row in self.table.table.rows} - {""}
                kept = tuple(sorted(cell for cell in yes if cell.casefold() in lexicon().yes))
                return Plan("rows", (Filter(flags[0], "in", kept),), None) if kept else None
            return None
        return self._found(filters, values, measure)

    def _compares(self, filters: Sequence[Filter]) -> Plan | None:
        """Return the plan for comparing the number of one row with something, as in *did it cost more*."""
        rows = [one for one in filters if one.sign == "in"]
        compared = [one for one in filters if one.sign != "in" and not one.time]
        if self.question[0].form not in BEING or len(rows) + len(compared) < len(filters) or len(compared) != 1:
            return None
        one = compared[0]
        numbers = [self.table.columns[at].numbers for at in (one.column, one.against) if at is not None]
        selected = self._selected(rows) if rows else []
        if len(selected) != 1 or any(column[selected[0]] is None for column in numbers):
            return None
        return Plan("check", tuple(rows), one.column, compared=one)

    def _found(self, filters: tuple[Filter, ...], values: Iterable[Filter], measure: int | None) -> Plan | None:
        labels = {self.table.label, self.table.codes}
        by_label = [one for one in values if one.column in labels]
        others = [one for one in values if one.column not in labels]
        if self.question[0].form in BEING and by_label:
            if others and measure is None and len(others) == 1:
                return Plan("check", tuple(by_label), others[0].column, expected=others[0].cells)
            return Plan("check", filters, measure) if measure is not None and not others else None
        texts = self._texts()
        is_only_time = not self.of("column") and all(one.time for one in filters)  # and how much was it in 2025?
        is_only_named = measure is None and not set(texts) - labels and (by_label or not self._lists())
        if is_only_time or is_only_named:
            return None
        if not self._lists() and not by_label and measure is not None:
            return None if len({*self._selected(filters)}) != 1 else Plan("rows", filters, measure, texts)
        if by_label and self._contradicts(filters, measure, texts):
            return None
        return Plan("rows", filters, measure, texts)

    def _lists(self) -> bool:
        """Return whether the question asks for rows (which, who, 哪些) and narrows them by more than a time."""
        forms = tuple(word.form for word in self.question)
        return any(forms[at : at + len(one)] == one for one in lexicon().lists for at in range(len(forms)))

    def _selected(self, filters: Sequence[Filter]) -> list[int]:
        """Return the rows whose cells are among those looked for, and whose dates begin that way."""
        kept = []
        for number, row in enumerate(self.table.table.rows):
            cells = all(row.cells[one.column] in one.cells for one in filters if one.sign == "in")
            dates = (((self.table.columns[one.column].dates[number] or ""), one.time) for one in filters if one.time)
            if cells and all(date.startswith(time) for date, time in dates):
                kept.append(number)
        return kept

    def _contradicts(self, filters: Sequence[Filter], measure: int | None, texts: Sequence[int]) -> bool:
        """Return whether rows with the same name say different things about it."""
        asked = [at for at in (measure, *texts) if at is not None]
        rows = [self.table.table.rows[at].cells for at in self._selected(filters)]
        labels = [self.table.label, self.table.codes if self.table.codes is not None else self.table.label]
        names = {tuple(cells[at] for at in labels) for cells in rows}
        return len(names) < len({tuple(cells[at] for at in (*labels, *asked)) for cells in rows})

    def _pair(self, filters: tuple[Filter, ...], operations: Sequence[str], score: int) -> Plan | None:
        """Return the plan for a table of names and values: the value next to a name that is given in full."""
        whole = [use for use in self.of("value") if not use.is_part and 0 in use.columns]
        if (
            len(whole) != 1
            or len(filters) != 1
            or operations
            or not self.of("name")
            or len(self._selected(filters)) != 1
        ):
            return None
        return Plan("rows", filters, 1, score=score)
