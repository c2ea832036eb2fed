"""Puts table results into words; every figure is a cell or the result of the formula shown beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count

from ...ingest.notice import Notice
from ...prompts.fill import language_of
from ...prompts.prompt import Citation, Sentence
from ...prompts.templates import Language
from ...retrieval.tables.filters import Filter
from ...retrieval.tables.index import Asked as Table
from ...retrieval.tables.plan import Plan
from ...retrieval.tables.run import Result
from ...retrieval.tables.values import CLOCK
from ...retrieval.tables.words import lexicon
from ..answers.answer import Answer, Searched
from ..base.library import Library

_HOW_MANY = re.compile("(?:多少|几)([台件个張张份种本只支箱盒包辆套位名])")
NAMED = 8
"""Maximum number of counted rows that are also named."""
_TELLING = 4
"""Maximum number of columns that tell rows apart."""
LISTED = 20
"""Maximum number of rows listed; the count covers all."""


@dataclass(frozen=True, slots=True)
class Place:
    """The document that contains a table."""

    base: str
    source: str
    document_id: str


def said(library: Library, question: str, table: Table, plan: Plan, result: Result, place: Place) -> Answer:
    """Return the answer for a result."""
    return _Saying(library, question, table, plan, result, place).answer()


class _Saying:
    def __init__(self, library: Library, question: str, table: Table, plan: Plan, result: Result, place: Place) -> None:
        self.library = library
        self.question = question
        self.language: Language = language_of(question)
        self.table = table
        self.plan = plan
        self.result = result
        self.place = place
        self.marks = count(1)

    def answer(self) -> Answer:
        """Return the answer: the rows, or the computed value and its formula."""
        if self.plan.operation == "difference":
            parts = [self._differing()]
        elif self.plan.group is not None:
            parts = [self._group(*part) for part in self.result.parts]
        elif self.plan.operation in {"sum", "average", "count"} and not self._is_one_cell():
            parts = [self._computed()]
        elif self.plan.operation == "check":
            parts = [self._checked()]
        else:
            rows = self.result.rows[:LISTED]
            parts = [Sentence(self._row(row), self._cited([row]), "supported") for row in rows]
        n = len(self.result.rows)
        head = _SAYS["rows", self.language].format(n=n) if len(parts) > 1 and self.plan.group is None else ""
        text = (
            head
            + _SAYS["between", self.language].join(f"{part.text} {self._marks(part)}" for part in parts)
            + self._understood()
        )
        notes = [Notice("Only the first {n} rows are listed.", n=LISTED)] if n > LISTED and len(parts) > 1 else []
        if self.result.left_out:
            notes.append(Notice("{n} rows without a number were left out.", n=self.result.left_out))
        searched = Searched(self.library.count("documents"), self.library.count("chunks"), ())
        return Answer(
            self.question,
            text,
            tuple(parts),
            (),
            abstained=False,
            searched=searched,
            model="",
            notes=tuple(notes),
        )

    def _understood(self) -> str:
        """Return what a guess took the question to ask, unless the answer says it anyway."""
        if not self.plan.is_guess or self.plan.operation not in {"rows", "max", "min"} or self.plan.group is not None:
            return ""
        if self.plan.operation == "rows":
            return _SAYS["understood", self.language].format(what=self._conditions())
        at = self.plan.measure or 0
        key = self.plan.operation if self.table.columns[at].kind == "number" else f"{self.plan.operation} date"
        what = _SAYS[key, self.language].format(column=self._name(at)) + self._where()
        return _SAYS["understood", self.language].format(what=what)

    def _is_one_cell(self) -> bool:
        """Return whether a sum covers a single row: then it is the cell."""
        return self.plan.operation == "sum" and len(self.result.rows) == 1

    def _row(self, row: int) -> str:
        """Return a row in words: what it is about, then the requested columns with their names."""
        cells = self.table.table.rows[row].cells
        if self.plan.is_guess:
            return self._in_full(row)
        named = (at for at in (self.plan.measure, *self.plan.shown) if at is not None and at != self.table.label)
        asked = list(dict.fromkeys(named))
        about = [at for at in self._about() if at not in asked]
        shown = [f"{self._name(at)} {self._cell(row, at)}{self._measure_word(at)}".strip() for at in asked if cells[at]]
        label = _SAYS["comma", self.language].join(dict.fromkeys(cells[at] for at in about if cells[at]))
        filters = (*self.plan.filters, *([self.plan.compared] if self.plan.compared else []))
        by_size = (at for one in filters if one.sign != "in" for at in (one.column, one.against))
        compared = (at for at in by_size if at is not None and at not in (*asked, *about))
        shown += [f"{self._name(at)} {cells[at]}" for at in dict.fromkeys(compared)]
        return _SAYS["colon", self.language].join(filter(None, (label, _SAYS["comma", self.language].join(shown))))

    def _in_full(self, row: int) -> str:
        """Return a row with what identifies it; a single row with all of its cells, those asked for first."""
        cells = self.table.table.rows[row].cells
        asked = [at for at in (self.plan.measure, *self.plan.shown) if at is not None]
        if len(self.result.rows) == 1 and self.plan.operation == "rows":
            asked += [at for at in range(len(cells)) if at not in asked]
        elif self.plan.operation == "rows" and not any(self.table.columns[at].adds for at in asked):
            asked += [at for at, one in enumerate(self.table.columns) if one.adds][:1]
        about = [self.table.label] if self.table.is_key(self.table.label) else self._varying()
        if about == [self.table.codes]:  # 6205, and what that is
            texts = (at for at in self._varying() if at != self.table.codes and self.table.columns[at].kind == "text")
            about += [at for _, at in zip(range(1), texts, strict=False)]
        shown = [f"{self._name(at)} {cells[at]}" for at in dict.fromkeys(asked) if cells[at] and at not in about]
        label = _SAYS["comma", self.language].join(cells[at] for at in about if cells[at])
        return _SAYS["colon", self.language].join(filter(None, (label, _SAYS["comma", self.language].join(shown))))

    def _varying(self) -> list[int]:
        """Return the first columns of dates and texts in which the rows differ: they tell the rows apart."""
        found = [at for at in self._identity() if at not in {self.plan.measure, *self.plan.shown}]
        rows = [self.table.table.rows[row].cells for row in self.result.rows]
        differing = [at for at in found if len({cells[at] for cells in rows}) > 1]
        return sorted((differing or found)[:_TELLING])

    def _measure_word(self, at: int) -> str:
        """Return the measure word of a Chinese "how many" question: 台 of 多少台."""
        asked = _HOW_MANY.search(self.question) if self._is_one_cell() and at == self.plan.measure else None
        return f" {asked[1]}" if asked else ""

    def _about(self) -> list[int]:
        """Return the columns that name a row: its label or, if the label is filtered too, the columns of the filters."""
        looked_up = [one.column for one in self.plan.filters if one.sign == "in"]
        if self.plan.operation == "rows" and self.plan.measure is None and not self.plan.shown:
            looked_up = []
        labels = {self.table.label, self.table.codes}
        if labels & set(looked_up) or not self.table.is_key(self.table.label):
            times = [one.column for one in self.plan.filters if one.time]
            return list(dict.fromkeys((*looked_up, *times))) or self._identity()
        before = [at for at in range(self.table.label) if self.table.columns[at].kind == "text"]
        if self.plan.operation == "rows" and self.plan.measure is None and set(before) - {self.table.codes}:
            return [*before, self.table.label]  # R-305, Ann Moss, green Pashley
        return [self.table.label]

    def _identity(self) -> list[int]:
        """Return the columns that identify a row if no single one does: its dates and texts."""
        return [at for at, one in enumerate(self.table.columns) if one.kind in {"date", "text"}]

    def _name(self, at: int) -> str:
        return self.table.table.head[at]

    def _cell(self, row: int, at: int) -> str:
        """Return a cell verbatim."""
        return self.table.table.rows[row].cells[at]

    def _computed(self) -> Sentence:
        plan, rows = self.plan, self.result.rows
        number = _written(self.result.number or Decimal())
        name = self._name(plan.measure) if plan.measure is not None else ""
        key: str = "different" if plan.operation == "count" and name else plan.operation
        where = self._where()
        if plan.operation == "count":
            key = f"one {key}" if number == "1" else key
            text = _SAYS[key, self.language].format(number=number, column=name, n=len(rows)) + where
            if not name and len(rows) <= NAMED and self.table.is_key(self.table.label):
                named = _SAYS["listed", self.language].join(self._cell(row, self.table.label) for row in rows)
                text += f"{_SAYS['colon', self.language]}{named}"
        else:
            formula = _SAYS[key, self.language].format(column=name, n=len(rows)) + where
            text = f"{self._with_unit(self.result.number or Decimal())}{_SAYS['colon', self.language]}{formula}"
        return Sentence(text, self._cited(rows), "supported")

    def _group(self, name: str, number: Decimal, rows: Sequence[int]) -> Sentence:
        """Return a group of rows with its sum, or how many rows it has."""
        return Sentence(
            f"{name}{_SAYS['colon', self.language]}{self._total(number, rows)}", self._cited(rows), "supported"
        )

    def _differing(self) -> Sentence:
        """Return both numbers compared, and the difference."""
        said = [
            f"{time_in_words(side.time, self.language) if side.time else name}{_SAYS['colon', self.language]}"
            f"{self._total(number, rows)}"
            for side, (name, number, rows) in zip(self.plan.sides, self.result.parts, strict=True)
        ]
        (_, first, _), (_, second, _) = self.result.parts
        by = _SAYS["difference", self.language].format(number=self._with_unit(abs(first - second)))
        return Sentence(f"{_SAYS['listed', self.language].join(said)}{by}", self._cited(self.result.rows), "supported")

    def _total(self, number: Decimal, rows: Sequence[int]) -> str:
        """Return the number of some rows in words: a cell, a sum with its formula, or how many rows."""
        at, n = self.plan.measure, len(rows)
        if at is None:
            return _SAYS["one count" if n == 1 else "count", self.language].format(number=n)
        if n == 1:
            return f"{self._name(at)} {self._cell(rows[0], at)}"
        return f"{self._with_unit(number)} ({_SAYS['sum', self.language].format(column=self._name(at), n=n)}{self._where()})"

    def _with_unit(self, number: Decimal) -> str:
        unit = self.result.unit if self.plan.operation != "count" else ""
        if not unit:
            return _written(number)
        if unit == CLOCK:
            minutes, seconds = divmod(round(number), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        return f"{_written(number)}{unit}" if unit == "%" else f"{_written(number)} {_unit(unit, self.language)}"

    def _where(self) -> str:
        where = self._conditions()
        return _SAYS["where", self.language].format(where=where) if where else ""

    def _conditions(self) -> str:
        return _SAYS["and", self.language].join(self._condition(one) for one in self.plan.filters)

    def _checked(self) -> Sentence:
        """Return yes or no, with the cell that says so."""
        row, at = self.result.rows[0], self.plan.measure or 0
        cell = self._cell(row, at)
        number = self.table.columns[at].numbers[row] if self.table.columns[at].numbers else None
        is_so = number is None or number > 0
        if compared := self.plan.compared:
            beside = self.table.columns[compared.against].numbers if compared.against is not None else ()
            is_so = compared.holds(number, beside[row] if beside else None)
        elif self.plan.expected:
            is_so = cell in self.plan.expected
        elif self.table.is_boolean[at]:
            is_so = cell.casefold() in lexicon().yes
        yes = _SAYS["yes" if is_so else "no", self.language]
        return Sentence(f"{yes}{self._row(row)}", self._cited([row]), "supported")

    def _condition(self, one: Filter) -> str:
        name = self._name(one.column)
        if one.sign == "in" and all(not cell or cell.casefold() in lexicon().empty for cell in one.cells):
            return _SAYS["empty", self.language].format(column=name)
        if one.sign == "in" and set(one.cells) == {row.cells[one.column] for row in self.table.table.rows} - {""}:
            return _SAYS["filled", self.language].format(column=name)
        if one.sign == "in":
            cells = _SAYS["or", self.language].join(one.cells[:4]) + ("…" if len(one.cells) > 4 else "")  # noqa: PLR2004
            return _SAYS["is", self.language].format(column=name, value=cells)
        if one.time:
            key = "in" if one.sign == "date=" else one.sign.removeprefix("date")
            return _SAYS[key, self.language].format(column=name, value=time_in_words(one.time, self.language))
        value = _written(one.number or Decimal()) if one.against is None else self._name(one.against)
        return _SAYS["is" if one.sign == "=" else one.sign, self.language].format(column=name, value=value)

    def _cited(self, rows: Sequence[int]) -> tuple[Citation, ...]:
        """Return citations of rows; adjacent rows are one citation."""
        spans: list[list[int]] = []
        for row in rows:
            one = self.table.table.rows[row]
            if spans and spans[-1][2] == row - 1:
                spans[-1][1:] = [one.stop, row]
            else:
                spans.append([one.start, one.stop, row])
        return tuple(self._citation(start, stop) for start, stop, _ in spans[:LISTED])

    def _citation(self, start: int, stop: int) -> Citation:
        place, catalog = self.place, self.library.parts[self.place.base].catalog
        quote = catalog.text(place.document_id, start, stop)
        page = catalog.page_of(place.document_id, start)
        return Citation(
            next(self.marks),
            place.source,
            place.document_id,
            page,
            self.table.table.captions,
            start,
            stop,
            quote,
            place.base,
        )

    @staticmethod
    def _marks(part: Sentence) -> str:
        return " ".join(f"[{citation.mark}]" for citation in part.citations)


def time_in_words(iso: str, language: Language) -> str:
    """Return the beginning of an ISO date as people write it: 12 May 2025, May 2025, May, 2025."""
    year, month, day = ([*iso.split("-"), "", ""])[:3]
    if language == "zh":
        return "".join(f"{int(part)}{unit}" for part, unit in ((year, "年"), (month, "月"), (day, "日")) if part)
    name = f"{date(2000, int(month), 1):%B}" if month else ""
    return " ".join(filter(None, (day.lstrip("0"), name, year)))


def _written(number: Decimal) -> str:
    return f"{number:,f}"


def _unit(unit: str, language: Language) -> str:
    return {("CNY", "zh"): "元", ("USD", "zh"): "美元", ("EUR", "zh"): "欧元"}.get((unit, language), unit)


_SAYS: dict[tuple[str, Language], str] = {
    ("sum", "en"): "sum of {column} over {n} rows",
    ("sum", "zh"): "{n} 行“{column}”的合计",
    ("average", "en"): "average of {column} over {n} rows",
    ("average", "zh"): "{n} 行“{column}”的平均值",
    ("count", "en"): "{number} rows",
    ("count", "zh"): "{number} 行",
    ("one count", "en"): "1 row",
    ("one count", "zh"): "1 行",
    ("different", "en"): "{number} different {column} in {n} rows",
    ("different", "zh"): "{n} 行中有 {number} 个不同的“{column}”",
    ("one different", "en"): "1 {column} in {n} rows",
    ("one different", "zh"): "{n} 行中有 1 个“{column}”",
    ("difference", "en"): "; the difference is {number}",
    ("difference", "zh"): "，相差 {number}",
    ("understood", "en"): " (understood as: {what})",
    ("understood", "zh"): "（理解为：{what}）",
    ("max", "en"): "the highest {column}",
    ("max", "zh"): "“{column}”最大",
    ("min", "en"): "the lowest {column}",
    ("min", "zh"): "“{column}”最小",
    ("max date", "en"): "the latest {column}",
    ("max date", "zh"): "“{column}”最晚",
    ("min date", "en"): "the earliest {column}",
    ("min date", "zh"): "“{column}”最早",
    ("where", "en"): " where {where}",
    ("where", "zh"): "（{where}）",
    ("and", "en"): " and ",
    ("and", "zh"): "，",
    ("listed", "en"): ", ",
    ("listed", "zh"): "、",
    ("comma", "en"): ", ",
    ("comma", "zh"): "，",
    ("between", "en"): "; ",
    ("between", "zh"): "；",
    ("or", "en"): " or ",
    ("or", "zh"): "或",
    ("is", "en"): "{column} is {value}",
    ("is", "zh"): "“{column}”为{value}",
    ("empty", "en"): "{column} is empty",
    ("empty", "zh"): "“{column}”为空",
    ("filled", "en"): "{column} is filled in",
    ("filled", "zh"): "“{column}”不为空",
    ("in", "en"): "{column} is in {value}",
    ("in", "zh"): "“{column}”在 {value}",
    ("<", "en"): "{column} is below {value}",
    ("<", "zh"): "“{column}”小于 {value}",
    ("<=", "en"): "{column} is at most {value}",
    ("<=", "zh"): "“{column}”不大于 {value}",
    (">", "en"): "{column} is above {value}",
    (">", "zh"): "“{column}”大于 {value}",
    (">=", "en"): "{column} is at least {value}",
    (">=", "zh"): "“{column}”不小于 {value}",
    ("colon", "en"): ": ",
    ("colon", "zh"): "：",
    ("rows", "en"): "{n} rows: ",
    ("rows", "zh"): "{n} 行：",
    ("yes", "en"): "Yes. ",
    ("yes", "zh"): "是。",
    ("no", "en"): "No. ",
    ("no", "zh"): "否。",
}
