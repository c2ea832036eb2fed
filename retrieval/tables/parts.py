"""Find the parts of a plan that a question may mean: filters, columns to add, compare or group by; each with its signs.

Comes in: a question, what it seems to ask for, and a table. Goes out: parts, the likeliest first. Never: a choice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from itertools import combinations

from ..sentences.background import RARE, common
from .cover import Question, Use, cover_loosely
from .filters import Filter, Meaning
from .hints import hints, kinds
from .index import Asked
from .intent import Intent
from .values import CLOCK, bare_name
from .words import lexicon, phrase

Signs = Mapping[str, float]

_FEW = 6
"""Different cells of a column that says in which state a row is: paid, open."""
_STATES = 12
_COLUMNS = 3
"""Columns that are tried as what is added, compared or grouped by."""
_ALIKE = 0.6
"""Share of a word of a column's name that a word of the question must begin with."""
_LETTERS = 3
"""Letters that two words must begin with to be alike."""
_SHORT = 0.35
_CHARACTER = 0.3
"""What a Chinese character says, which is only part of a word."""
_RANGE = frozenset({"to", "until", "till", "through", "thru", "到", "至"})
_ZERO = Decimal()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a plan, with its signs and the words of the question that it accounts for."""

    signs: Signs = field(default_factory=dict)
    used: frozenset[int] = frozenset()
    filters: tuple[Filter, ...] = ()
    column: int | None = None


class Parts(Meaning):
    """The words of a question, each with its meaning in a table or none, and the parts of a plan that they may be about."""

    def __init__(self, text: str, question: Question, intent: Intent, table: Asked, likeness: Sequence[float]) -> None:
        """Take what ``proposals`` takes."""
        super().__init__(question, cover_loosely(question, table), table)
        self.text = text
        self.intent = intent
        self.likeness = _standard(likeness) if likeness else [0.0] * len(table.columns)
        self.forms = question.forms
        self.weights = [weight_of(form) for form in self.forms]
        self.negated = hints()["negated"].within(text)

    def weight(self, places: Iterable[int]) -> float:
        """Return how much some words of the question say."""
        return sum(self.weights[at] for at in places)

    def filters_said(self) -> Iterator[Part]:
        """Yield choices of filters: all that the words name, all but one, each alone, none; every time is in each."""
        times = self._times()
        if times is None:
            return
        found = [one for use in self.of("value", "compare", "number") if (one := self._filter(use))]
        yield merged([*times, *found])
        for n in range(len(found) - 1, 0, -1):
            if n in {len(found) - 1, 1}:
                yield from (merged([*times, *some]) for some in combinations(found, n))
        if found:
            yield merged(times)

    def _times(self) -> list[Part] | None:
        """Return the times that the question names; ``None`` if one cannot be looked for, or a span runs over a new year."""
        found = [self._filter(use) for use in self.of("time")]
        times = self._ranged([one for one in found if one])
        spans = [[one.time for one in part.filters] for part in times]
        is_clear = None not in found and len(times) < 2 and all(span == sorted(span) for span in spans)  # noqa: PLR2004
        return times if is_clear else None

    def pairs(self) -> Iterator[tuple[Part, Part]]:
        """Yield two choices of rows that may be compared, and the filters for both."""
        found = [one for use in self.of("value", "time") if (one := self._filter(use))]
        for one, other in combinations(found, 2):
            column = one.filters[0].column
            is_one = all(len(part.filters[0].cells) < 2 for part in (one, other))  # noqa: PLR2004
            if column == other.filters[0].column and one.filters != other.filters and is_one:
                rest = [part for part in found if part not in (one, other) and part.filters[0].column != column]
                yield Part({"pair": 1}, one.used | other.used, (*one.filters, *other.filters)), merged(rest)

    def _filter(self, use: Use) -> Part | None:
        used = frozenset(range(use.start, use.stop))
        if use.meaning == "value":
            return self._cells_said(use, used)
        if use.meaning == "time":
            dates = [at for at, one in enumerate(self.table.columns) if one.dates]
            column = self._dated()
            if column is None and not dates:
                return None
            sign = f"date{use.said[:2].strip('0123456789-')}"
            one = Filter(dates[0] if column is None else column, sign, time=use.said.lstrip("<>="))
            return Part({"time": 1, "time weight": self.weight(used)}, used, (one,))
        against = use.columns[0] if use.columns else None
        taken = set(self.taken)
        at = self._compared(use) if against is None else self._beside(against)
        self.taken = taken
        is_sure = at is not None
        if at is None:
            at = self._repeated(use.number) if use.meaning == "number" else self._with_unit(use.unit)
        if at is None:
            return None
        signs = {"compared": 1, "compared sure": is_sure, "number": use.meaning == "number"}
        return Part(signs, used, (Filter(at, use.said or "=", number=use.number, against=against),))

    def _cells_said(self, use: Use, used: frozenset[int]) -> Part:
        names = {self.table.label, self.table.codes}
        columns = dict(zip(use.columns, use.cells, strict=True))
        if len(columns) > 1:
            mentioned = {at for one in self.of("column", "concept") for at in one.columns}
            columns = {at: cells for at, cells in columns.items() if at in mentioned} or columns
        at, cells = max(columns.items(), key=lambda one: (one[0] in names, -len(one[1])))
        weight = self.weight(used)
        signs = {
            "value": 1, "value weight": weight, "value part": use.is_part, "value several": len(columns) > 1,
            "value label": at in names, "value wide": len(cells) > 1, "value short": weight < _SHORT,
        }  # fmt: skip
        return Part(signs, used, (Filter(at, "in", tuple(sorted(cells))),))

    def _repeated(self, number: Decimal | None) -> int | None:
        """Return a column of numbers that are names, such as rooms, if the number is one: whole, and some more than once."""
        for at, column in enumerate(self.table.columns):
            held = [one for one in column.numbers if one is not None]
            is_whole = all(one == one.to_integral_value() for one in held)
            if number in held and is_whole and len(set(held)) < len(held):
                return at
        return None

    def _with_unit(self, unit: str) -> int | None:
        columns = (one.column for one in self.measures())
        return next((at for at in columns if at is not None and self._has_unit(at, unit)), None)

    def _ranged(self, found: list[Part]) -> list[Part]:
        """Join two times with *to* in between to a range."""
        times = [part for part in found if part.filters[0].sign == "date="]
        for one, other in combinations(times, 2):
            between = range(max(one.used) + 1, min(other.used))
            first, last = one.filters[0], other.filters[0]
            forms = {self.forms[at] for at in between}
            is_between = self.forms[min(one.used) - 1] == "between" and forms == {"and"}
            if (is_between or (forms and forms <= _RANGE)) and len(first.time) == len(last.time):
                span = (replace(first, sign="date>="), replace(last, sign="date<="))
                joined = replace(joined_of(one, other), filters=span, used=one.used | other.used | set(between))
                return [*(part for part in found if part not in (one, other)), joined]
        return found

    def states(self) -> list[Part]:
        """Return filters on columns that say in which state a row is: not paid, with a balance, below the minimum."""
        found: list[tuple[float, Part]] = []
        for at, column in enumerate(self.table.columns):
            overlap, used = self._overlap(at)
            base = {"state": 1.0, "state overlap": overlap, "state like": self.likeness[at]}
            value = self.likeness[at] + 2 * overlap
            if column.kind == "number" and column.adds:
                found += [(value, Part({**base, **signs}, used, (one,))) for signs, one in self._balances(at)]
            else:
                found += [
                    (value + signs["state boolean"], Part({**base, **signs}, used, (Filter(at, "in", cells),)))
                    for signs, cells in self._cells_apart(at, overlap)
                ]
        found.sort(key=lambda one: -one[0])
        return [*(part for _, part in found[:_STATES]), *self._shortfalls()]

    def _balances(self, at: int) -> Iterator[tuple[Signs, Filter]]:
        """Yield that a number is zero, or more, if some of the column are."""
        numbers = self.table.columns[at].numbers
        if 0 < sum(number == 0 for number in numbers) < len(numbers):
            yield {"state more": 1}, Filter(at, ">", number=_ZERO)
            yield {"state zero": 1, "state negated zero": self.negated}, Filter(at, "=", number=_ZERO)

    def _cells_apart(self, at: int, overlap: float) -> Iterator[tuple[dict[str, float], tuple[str, ...]]]:
        """Yield the cells that a state may be: empty ones, those that say no, each of a few."""
        cells = list(dict.fromkeys(row.cells[at] for row in self.table.table.rows))
        empty = tuple(cell for cell in cells if _is_empty(cell))
        if len(cells) < 2 or (len(cells) > _FEW and not 0 < len(empty) < len(cells)):  # noqa: PLR2004
            return
        found: dict[tuple[str, ...], str] = {}
        if empty:
            found[empty] = "empty"
            if len(cells) > len(empty) + 1:
                found[tuple(cell for cell in cells if cell not in empty)] = "filled"
        if len(cells) <= _FEW:
            negative = tuple(filter(_is_negative, cells))
            positive = tuple(cell for cell in cells if cell not in negative)
            if negative and positive:
                found.setdefault(negative, "negative")
                found.setdefault(positive, "positive")
            is_repeated = self.table.columns[at].kind == "text" and len(cells) < len(self.table.table.rows)
            for cell in cells if is_repeated else ():
                found.setdefault((cell,), "negative" if _is_negative(cell) else "value")
        for chosen, state in found.items():
            agrees = 1.0 if (state in {"negative", "empty"}) == self.negated else -1.0
            yield {
                f"state {state}": 1.0, "state agrees": agrees, "state agrees overlap": overlap * agrees,
                "state boolean": bool(self.table.is_boolean[at]) or bool(empty),
                "state cells said": self._says_cells(chosen),
            }, chosen  # fmt: skip

    def _shortfalls(self) -> Iterator[Part]:
        """Yield comparisons of two columns: less in stock than the minimum, more paid than planned."""
        for one, other in combinations([at for at, column in enumerate(self.table.columns) if column.adds], 2):
            units = [{unit for unit in self.table.columns[at].units if unit} for at in (one, other)]
            limit = next((at for at in (one, other) if hints()["limit"].within(self.table.columns[at].name)), None)
            if limit is None or units[0] != units[1]:
                continue
            overlap, used = self._overlap(limit)
            for sign, name in (("<", "low"), (">", "high")):
                signs = {"limit": 1.0, "limit overlap": overlap, f"limit {name}": hints()[name].within(self.text)}
                yield Part(signs, used, (Filter(one if limit == other else other, sign, against=limit),))

    def _says_cells(self, cells: Sequence[str]) -> float:
        """Return the largest share of a word of some cells that a word of the question begins with."""
        said = (
            _alike(form, word)
            for cell in cells
            for word in phrase(cell)
            if len(word) >= _LETTERS
            for form in self.forms
        )
        return max(said, default=0.0)

    def _overlap(self, at: int) -> tuple[float, frozenset[int]]:
        """Return the share of a column's name that the question's words have, and which words have it."""
        name = phrase(bare_name(self.table.columns[at].name))
        used, share = set[int](), 0.0
        for n, form in enumerate(self.forms):
            if (form,) in lexicon().fillers:
                continue
            for word in name:
                alike = 1.0 if form == word else _alike(form, word)
                if alike > _ALIKE:
                    used.add(n)
                    share += alike / len(name)
        return min(share, 1.0), frozenset(used)

    def measures(self, *, adds: bool = False, dates: bool = False) -> list[Part]:
        """Return the columns that may be added (``adds``) or compared, also by date (``dates``)."""
        choices = [
            at
            for at, one in enumerate(self.table.columns)
            if one.adds or (not adds and CLOCK in one.units) or (dates and one.kind == "date")
        ]
        found: list[tuple[float, Part]] = []
        for at in choices:
            value, part = self._asked_for(at, "measure")
            column = self.table.columns[at]
            signs = {
                **part.signs, "measure only": len(choices) == 1, "measure adds": column.adds,
                "measure date": column.kind == "date", "measure last": at == choices[-1],
            }  # fmt: skip
            found.append((value, replace(part, signs=signs)))
        found.sort(key=lambda one: -one[0])
        return [replace(one, signs={**one.signs, "measure rank": n}) for n, (_, one) in enumerate(found[:_COLUMNS])]

    def asked(self) -> Part:
        """Return the column whose cells are asked for, if one seems to be."""
        columns = (at for at in range(len(self.table.columns)) if at != self.table.label)
        value, best = max(
            (self._asked_for(at, "asked") for at in columns), key=lambda one: one[0], default=(0.0, Part())
        )
        return replace(best, signs={"asked": 1, "asked value": value}) if value > 1 else Part()

    def _asked_for(self, at: int, name: str) -> tuple[float, Part]:
        """Return how likely a column is asked for, roughly, and the column as a part."""
        overlap, used = self._overlap(at)
        named = any(use.columns == (at,) for use in self.of("column"))
        meant = any(at in use.columns for use in self.of("concept"))
        kind = self._probability(at)
        signs = {
            name: 1, f"{name} named": named, f"{name} meant": meant, f"{name} overlap": overlap,
            f"{name} like": self.likeness[at], f"{name} type": kind,
        }  # fmt: skip
        value = 3 * named + 2 * meant + 2 * overlap + 2 * kind + 0.3 * self.likeness[at]
        return value, Part(signs, used | self._about(at), column=at)

    def groups(self) -> list[Part]:
        """Return the columns whose equal cells may be taken together."""
        people = {self.table.concepts.get(one) for one in ("person", "customer")}
        rows = self.table.table.rows
        found: list[tuple[float, Part]] = []
        for at, column in enumerate(self.table.columns):
            cells = {row.cells[at] for row in rows} - {""}
            if column.kind != "text" or not 2 <= len(cells) < len(rows):  # noqa: PLR2004
                continue
            overlap, used = self._overlap(at)
            about = self._about(at)
            person = self.intent.measures.get("person", 0.0) if at in people else 0.0
            signs = {
                "group overlap": overlap, "group like": self.likeness[at], "group person": person,
                "group repeats": 1 - len(cells) / len(rows), "group meant": bool(about),
            }  # fmt: skip
            value = overlap + bool(about) + person + 0.3 * self.likeness[at]
            found.append((value, Part(signs, used | about, column=at)))
        found.sort(key=lambda one: -one[0])
        return [one for _, one in found[:_COLUMNS]]

    def _about(self, at: int) -> frozenset[int]:
        """Return the words of the question that name a column, or ask for it by its topic."""
        uses = (use for use in self.of("column", "concept") if at in use.columns)
        return frozenset(place for use in uses for place in range(use.start, use.stop))

    def _probability(self, at: int) -> float:
        """Return how likely the question is about such a column, by the kind of its cells."""
        found = list(_kinds_of(self.table, at))
        return sum(self.intent.measures.get(kind, 0.0) for kind in found) if found else 0.1


def joined_of(*parts: Part) -> Part:
    """Return parts as one."""
    signs: dict[str, float] = {}
    for part in parts:
        for name, value in part.signs.items():
            signs[name] = signs.get(name, 0.0) + value
    return Part(
        signs, frozenset().union(*(part.used for part in parts)), tuple(one for part in parts for one in part.filters)
    )


def merged(parts: Sequence[Part]) -> Part:
    """Return filters as one part; of two on the same column both must hold, or, if no cell is in both, either."""
    joined = joined_of(*parts) if parts else Part()
    filters: list[Filter] = []
    for one in joined.filters:
        same = next((old for old in filters if old.column == one.column and old.sign == one.sign == "in"), None)
        if same is None:
            filters.append(one)
            continue
        both = tuple(cell for cell in same.cells if cell in one.cells)
        filters[filters.index(same)] = replace(one, cells=both or tuple(dict.fromkeys((*same.cells, *one.cells))))
    return replace(joined, filters=tuple(filters))


@lru_cache(maxsize=4096)
def weight_of(form: str) -> float:
    """Return how much a word says, in [0, 1]: the rarer, the more."""
    if (form,) in lexicon().fillers:
        return 0.0
    if len(form) == 1 and form > "\u3400":
        return _CHARACTER
    return min(1.0, math.log(1 / max(common(form), RARE)) / math.log(1 / RARE))


def _standard(likeness: Sequence[float]) -> list[float]:
    mean = sum(likeness) / len(likeness)
    spread = (sum((one - mean) ** 2 for one in likeness) / len(likeness)) ** 0.5
    return [(one - mean) / (spread + 0.01) for one in likeness]


def _alike(one: str, other: str) -> float:
    """Return the share of the longer word that both begin with; 0 unless that is three letters or a character."""
    n = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return n / max(len(one), len(other)) if n >= _LETTERS or (n and one > "\u3400") else 0.0


def _is_empty(cell: str) -> bool:
    return not cell or cell.casefold() in lexicon().empty


def _is_negative(cell: str) -> bool:
    return _is_empty(cell) or cell.casefold() in lexicon().no or hints()["negative"].within(cell)


def _kinds_of(table: Asked, at: int) -> Iterator[str]:
    """Yield what the cells of a column may be: money, a date."""
    column = table.columns[at]
    concepts = {concept for concept, place in table.concepts.items() if place == at}
    if column.kind == "date" or column.dates:
        yield "date"
    elif CLOCK in column.units:  # all in whole minutes: a time of day
        yield "duration" if any(number is not None and number % 60 for number in column.numbers) else "date"
    elif column.kind == "number":
        names = [column.name.replace("_", " "), *{unit for unit in column.units if unit}]
        for kind, hint in kinds().items():
            if concepts & hint.concepts or any(map(hint.within, names)):
                yield kind
    else:
        if concepts & {"person", "customer"}:
            yield "person"
        if concepts & {"place", "home"}:
            yield "place"
        yield "text"
