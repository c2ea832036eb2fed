"""Propose plans for a question and a table, each with the signs of how well it fits; ``choose.py`` weighs them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .cover import Question
from .filters import Filter
from .hints import hints
from .index import Asked
from .intent import Intent
from .parts import Part, Parts, Signs, joined_of
from .plan import Operation, Plan

_UNLIKELY = 0.06
"""Probability below which an operation is not tried."""
_READS = frozenset({"rows", "lookup", "sum", "average", "max", "min"})
"""Operations that are left to the passages if cells name a single row and nothing else is said of it: whether it holds what is
asked takes reading."""
_DENIED = frozenset({"state negative", "state empty", "state zero", "state more", "limit"})
"""States that a denial may be about: not paid, nothing in stock, still something to pay."""
_MANY = 8
_NEAR = 4
_NUMBERS = dict(
    zip(["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], range(2, 11), strict=True)
)
_NUMBERS |= dict(zip("二三四五六七八九十", range(2, 11), strict=True)) | {"两": 2}
_WHO = 0.3
"""Probability of a person above which the rows of each are taken together."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan with its signs."""

    plan: Plan
    signs: Signs


def proposals(
    text: str,
    question: Question,
    intent: Intent,
    table: Asked,
    likeness: Sequence[float],
    place: tuple[int, float] = (0, 1.0),
) -> Iterator[Proposal]:
    """Yield plans for a question.

    Args:
        text: the question as typed.
        question: its words.
        intent: what it seems to ask for.
        table: with named columns.
        likeness: cosine of the question with each column's name; empty without an embedder.
        place: of the table's document in the search results: the rank of its first passage, from 0, and its share of them.
    """
    yield from _Proposing(Parts(text, question, intent, table, likeness), place).all()


class _Proposing:
    def __init__(self, parts: Parts, place: tuple[int, float]) -> None:
        self.parts = parts
        self.intent = parts.intent
        self.table = parts.table
        self.known = {
            at
            for use in parts.of("operation", "superlative", "row", "filler", "soft", "verb", "name")
            for at in range(use.start, use.stop)
        }
        self._selected: dict[Filter, int] = {}
        self.base = self._base(*place)
        self.said = {use.said for use in parts.of("operation")}
        self.said |= {use.superlative.extreme for use in parts.of("superlative") if use.superlative}

    def all(self) -> Iterator[Proposal]:
        """Yield the plans."""
        choices, states = list(self.parts.filters_said()), self.parts.states()
        if hints()["denies"].within(self.parts.text):
            states = [one for one in states if one.signs.keys() & _DENIED]
        else:
            states.append(Part())
        likely = [one for one, p in self.intent.operations.items() if p >= _UNLIKELY and one != "other"]
        for chosen in choices:
            columns = {one.column for one in chosen.filters}
            for state in states:
                if columns.isdisjoint(one.column for one in state.filters):
                    filters = (*chosen.filters, *state.filters)
                    reads = _READS if not state.used and self._names_one_row(chosen.filters) else frozenset()
                    for operation in likely:
                        for plan, part in self._plans(operation, filters) if operation not in reads else ():
                            yield self._proposed(plan, operation, (chosen, state, part))
        if hints()["compares"].within(self.parts.text):
            for pair, rest in self.parts.pairs():
                for measure in self.parts.measures():
                    plan = Plan("difference", rest.filters, measure.column, sides=pair.filters)
                    yield self._proposed(plan, "", (pair, rest, measure))

    def _plans(self, operation: str, filters: tuple[Filter, ...]) -> Iterator[tuple[Plan, Part]]:
        if operation in {"sum", "average"}:
            for one in self.parts.measures(adds=operation == "sum"):
                yield Plan("sum" if operation == "sum" else "average", filters, one.column), one
        elif operation == "count":
            concepts = self.table.concepts
            counted = "stock" in concepts or "quantity" in concepts
            if not (counted and hints()["amounts"].within(self.parts.text)):
                yield Plan("count", filters), Part()
            if hints()["distinct"].within(self.parts.text):
                for group in self.parts.groups():
                    yield Plan("count", filters, group.column), joined_of(group, Part({"distinct": 1}))
        elif operation in {"max", "min"}:
            yield from self._extremes("max" if operation == "max" else "min", filters)
        elif filters and (operation == "rows" or not all(one.sign == "in" for one in filters)):
            shown = self.parts.asked()
            yield Plan("rows", filters, shown=() if shown.column is None else (shown.column,)), shown

    def _names_one_row(self, filters: tuple[Filter, ...]) -> bool:
        is_named = bool(filters) and all(one.sign == "in" for one in filters)
        return is_named and self._kept(filters) == 1

    def _kept(self, filters: tuple[Filter, ...]) -> int:
        """Return how many rows filters leave."""
        kept = (1 << len(self.table.table.rows)) - 1
        for one in filters:
            kept &= self._rows_of(one)
        return kept.bit_count()

    def _rows_of(self, one: Filter) -> int:
        """Return the rows that a filter leaves, as bits; they are looked through once a question."""
        if one not in self._selected:
            rows, columns = self.table.table.rows, self.table.columns
            self._selected[one] = sum(1 << at for at, row in enumerate(rows) if one.selects(row.cells, columns, at))
        return self._selected[one]

    def _extremes(self, extreme: Operation, filters: tuple[Filter, ...]) -> Iterator[tuple[Plan, Part]]:
        top, groups = self._top(), self.parts.groups()
        asks_groups = any(
            one.signs["group meant"] or one.signs["group overlap"] == 1 or one.signs["group person"] > _WHO
            for one in groups
        )
        for one in self.parts.measures(dates=True):
            if not (
                asks_groups and one.signs["measure adds"]
            ):  # which client spent most: their rows have to be added first
                yield Plan(extreme, filters, one.column, top=top), one
            if one.column is not None and self.parts.adds(one.column):
                for group in groups:
                    yield Plan(extreme, filters, one.column, group=group.column, top=top), joined_of(one, group)
        for group in groups:
            yield Plan(extreme, filters, None, group=group.column, top=top), group

    def _top(self) -> int:
        match = hints()["top"].pattern.search(self.parts.text)
        said = next(filter(None, match.groups()), "").lower() if match else ""
        return _NUMBERS.get(said) or (int(said) if said.isdigit() else 1)

    def _base(self, rank: int, share: float) -> dict[str, float]:
        """Return the signs that the table has whatever the plan."""
        parts, total = self.parts, max(sum(self.parts.weights), 1e-6)
        named = parts.weight(at for use in parts.of("name") for at in range(use.start, use.stop))
        heard = parts.weight(at for at, form in enumerate(parts.forms) if form in self.table.vocabulary)
        return {
            "named": named, "named share": named / total, "heard share": heard / total, "unheard": total - heard,
            "p other": self.intent.operations.get("other", 0.0), "few rows": len(self.table.table.rows) < _NEAR,
            "rank0": rank == 0, "rank1": 0 < rank < _NEAR, "share of hits": share,
        }  # fmt: skip

    def _proposed(self, plan: Plan, operation: str, parts: Sequence[Part]) -> Proposal:
        joined = joined_of(*parts)
        left = set(range(len(self.parts.forms))) - self.known - joined.used
        signs = {
            **self.base,
            **joined.signs,
            **self._left(left),
            **self._of_rows(plan),
            **self._of_operation(plan, operation),
        }
        signs["negated without state"] = self.parts.negated and not {"state", "limit"} & joined.signs.keys()
        return Proposal(replace(plan, is_guess=True), signs)

    def _left(self, left: set[int]) -> dict[str, float]:
        """Return the signs that are in the words that a plan leaves out."""
        weights, total = [self.parts.weights[at] for at in left], max(sum(self.parts.weights), 1e-6)
        return {
            "left": sum(weights), "left share": sum(weights) / total, "left most": max(weights, default=0.0),
            "left rare": sum(weight > 0.8 for weight in weights),  # noqa: PLR2004
            "left digits": sum(any(c.isdigit() for c in self.parts.forms[at]) for at in left),
        }  # fmt: skip

    def _of_rows(self, plan: Plan) -> dict[str, float]:
        """Return the signs that are in the number of rows that the filters leave."""
        n, kept = len(self.table.table.rows), self._kept(plan.filters)
        return {
            "one row": kept == 1, "no rows": kept == 0, "all rows": kept == n, "share of rows": kept / max(1, n),
            "many rows": kept > _MANY,
        }  # fmt: skip

    def _of_operation(self, plan: Plan, operation: str) -> dict[str, float]:
        p, lookup = self.intent.operations.get(operation, 0.3), self.intent.operations.get("lookup", 0.0)
        names = {self.table.label, self.table.codes}
        signs: dict[str, float] = {
            f"op {plan.operation}": 1, "log p": math.log(p), "op said": plan.operation in self.said,
            "op else said": bool(self.said - {plan.operation}) and plan.operation != "difference",
        }  # fmt: skip
        if plan.operation in {"sum", "rows"}:
            signs["log p or lookup"] = math.log(p + lookup + 0.01)
        if plan.operation == "rows":
            signs["rows lookup"] = lookup
            signs["rows label only"] = all(one.sign == "in" and one.column in names for one in plan.filters)
        if plan.operation in {"max", "min", "sum", "average"} and not plan.filters:
            signs["whole"] = 1
        if plan.group is not None:
            signs |= {"grouped": 1, "group unmeasured": plan.measure is None}
        return signs
