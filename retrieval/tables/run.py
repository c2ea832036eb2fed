"""Run a plan on SQLite, exactly.

Comes in: a plan and its table. Goes out: the rows and the number it asks for. Never: a binary fraction; numbers are integer
multiples of their last decimal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .filters import Filter
from .index import Asked
from .plan import Plan
from .words import lexicon

_MAX = 2**62
_AVERAGE = 2
"""Decimals of an average beyond those of its numbers."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a plan."""

    rows: tuple[int, ...]
    """The rows it is about, in table order."""
    number: Decimal | None = None
    """The sum, the average or the count."""
    unit: str = ""
    left_out: int = 0
    """Rows that satisfy the filters but have no number."""
    parts: tuple[tuple[str, Decimal, tuple[int, ...]], ...] = ()
    """What is compared: its name, its number, and its rows; for the extreme of groups and for differences."""


def run(plan: Plan, table: Asked) -> Result | None:
    """Return the result of a plan; ``None`` if it is empty, or cannot be given exactly."""
    with closing(sqlite3.connect(":memory:")) as connection:
        scales = _load(connection, table)
        if scales is None:
            return None
        conditions, values = _where(plan.filters, scales)
        rows = [row for (row,) in connection.execute(f"SELECT row FROM t WHERE {conditions} ORDER BY row", values)]
        if plan.operation in {"rows", "check"}:
            return Result(tuple(rows)) if rows else None
        if plan.operation == "count":
            return _count(plan, table, rows)
        if plan.operation == "difference":
            return _difference(plan, table)
        if plan.group is not None:
            return _grouped(plan, table, rows)
        return _measured(connection, plan, table, scales, (conditions, values, rows))


def _load(connection: sqlite3.Connection, table: Asked) -> dict[int, int] | None:
    """Fill a table ``t`` and return the decimals of each number column; ``None`` if a number is too large."""
    n = range(len(table.columns))
    connection.execute(
        f"CREATE TABLE t (row INTEGER, {', '.join(f'c{at} TEXT, n{at} INTEGER, d{at} TEXT' for at in n)})"
    )
    scales = {at: one.places for at, one in enumerate(table.columns) if one.kind == "number"}
    for number, row in enumerate(table.table.rows):
        cells: list[str | int | None] = [number]
        for at, one in enumerate(table.columns):
            value = one.numbers[number] if one.numbers else None
            whole = int(value.scaleb(scales[at])) if value is not None else None
            if whole is not None and abs(whole) * len(table.table.rows) > _MAX:
                return None
            cells += [row.cells[at], whole, one.dates[number] if one.dates else None]
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(cells))})", cells)
    return scales


def _where(filters: tuple[Filter, ...], scales: dict[int, int]) -> tuple[str, list[str | int]]:
    conditions, values = ["1"], list[str | int]()
    for condition, bound in (_condition(one, scales) for one in filters):
        conditions.append(condition)
        values += bound
    return " AND ".join(conditions), values


def _condition(one: Filter, scales: dict[int, int]) -> tuple[str, list[str | int]]:
    at = one.column
    if one.sign == "in":
        return f"c{at} IN ({', '.join('?' * len(one.cells))})", list(one.cells)
    if one.against is not None:
        other, n, m = one.against, 10 ** scales[one.against], 10 ** scales[at]
        return f"n{at} * ? {one.sign} n{other} * ?", [n, m]
    if one.number is not None:
        scaled = one.number.scaleb(scales[at])
        if scaled != scaled.to_integral_value():  # between two numbers of the column: no row equals it
            below = int(scaled.to_integral_value(rounding="ROUND_FLOOR"))
            return {"<": f"n{at} <= ?", "<=": f"n{at} <= ?", "=": "0 = ? + 1"}.get(one.sign, f"n{at} > ?"), [below]
        return f"n{at} {one.sign} ?", [int(scaled)]
    sign = one.sign.removeprefix("date")
    if one.time.startswith("-"):
        n = len(one.time)
        return f"length(d{at}) >= ? AND substr(d{at}, 5, ?) {sign} ?", [n + 4, n, one.time]
    return f"length(d{at}) >= ? AND substr(d{at}, 1, ?) {sign} ?", [len(one.time), len(one.time), one.time]


def _count(plan: Plan, table: Asked, rows: list[int]) -> Result | None:
    """Return how many rows there are, or different cells in them; a dash is not one."""
    if not rows or plan.measure is None:
        return Result(tuple(rows), Decimal(len(rows))) if rows else None
    cells = {row: table.table.rows[row].cells[plan.measure] for row in rows}
    said = tuple(row for row in rows if cells[row] and cells[row].casefold() not in lexicon().empty)
    return Result(said, Decimal(len({cells[row] for row in said}))) if said else None


def _measured(
    connection: sqlite3.Connection,
    plan: Plan,
    table: Asked,
    scales: dict[int, int],
    selected: tuple[str, list[str | int], list[int]],
) -> Result | None:
    conditions, values, rows = selected
    at = plan.measure
    if at is None or not rows:
        return None
    column = table.columns[at]
    if column.kind == "text":
        return None
    is_date = column.kind == "date"
    name = f"d{at}" if is_date else f"n{at}"
    held = [row for row in rows if (column.dates if is_date else column.numbers)[row] is not None]
    units = {column.units[row] for row in held} if not is_date else {""}
    if not held or len(units) != 1 or any(_says_else(table, at, row) for row in rows):
        return None
    unit, left_out = units.pop(), len(rows) - len(held)
    if plan.operation in {"min", "max"}:
        order = "DESC" if plan.operation == "max" else "ASC"
        ranked = connection.execute(
            f"SELECT row, {name} FROM t WHERE {conditions} AND {name} IS NOT NULL ORDER BY {name} {order}, row", values
        ).fetchall()
        last = ranked[min(plan.top, len(ranked)) - 1][1]
        kept = [row for n, (row, value) in enumerate(ranked) if n < plan.top or value == last]
        return Result(tuple(sorted(kept) if plan.top == 1 else kept), None, unit, left_out)
    ((total, n),) = connection.execute(f"SELECT SUM({name}), COUNT({name}) FROM t WHERE {conditions}", values)
    number = Decimal(total).scaleb(-scales[at])
    if plan.operation == "average":
        place = Decimal(1).scaleb(-max(scales[at], _AVERAGE))
        number = (number / n).quantize(place, rounding=ROUND_HALF_UP)
    return Result(tuple(held), number, unit, left_out)


def _grouped(plan: Plan, table: Asked, rows: Sequence[int]) -> Result | None:
    """Return the groups of rows with the largest or smallest sum, or number of rows; ``None`` if a number is not known."""
    groups: dict[str, list[int]] = {}
    for row in rows:
        if (name := table.table.rows[row].cells[plan.group or 0]) and name.casefold() not in lexicon().empty:
            groups.setdefault(name, []).append(row)
    sums = {name: _sum(plan.measure, table, held) for name, held in groups.items()}
    units = {one[1] for one in sums.values() if one}
    known = [(name, one[0], tuple(groups[name])) for name, one in sums.items() if one]
    if len(known) < len(groups) or len(known) < 2 or len(units) != 1:  # noqa: PLR2004
        return None
    ranked = sorted(known, key=lambda one: one[1], reverse=plan.operation == "max")
    last = ranked[min(plan.top, len(ranked)) - 1][1]
    parts = tuple(one for n, one in enumerate(ranked) if n < plan.top or one[1] == last)
    return Result(tuple(row for _, _, held in parts for row in held), None, units.pop(), 0, parts)


def _difference(plan: Plan, table: Asked) -> Result | None:
    """Return the sums of two choices of rows, and by how much the first is larger; ``None`` if a number is not known."""
    parts = []
    units = set[str]()
    for side in plan.sides:
        selected = run(Plan("rows", (*plan.filters, side)), table)
        found = _sum(plan.measure, table, selected.rows) if selected else None
        if found is None or selected is None:
            return None
        units.add(found[1])
        parts.append((side.time or side.cells[0], found[0], selected.rows))
    if len(units) != 1:
        return None
    rows = tuple(row for _, _, held in parts for row in held)
    return Result(rows, parts[0][1] - parts[1][1], units.pop(), 0, tuple(parts))


def _sum(measure: int | None, table: Asked, rows: Sequence[int]) -> tuple[Decimal, str] | None:
    """Return the sum of a column over rows with its unit, or the number of rows; ``None`` if a cell is no number."""
    if measure is None:
        return Decimal(len(rows)), ""
    column = table.columns[measure]
    held = [row for row in rows if column.numbers[row] is not None]
    units = {column.units[row] for row in held}
    if len(units) != 1 or any(_says_else(table, measure, row) for row in rows):
        return None
    if len(held) > 1 and not column.adds:
        return None
    return sum((column.numbers[row] or Decimal() for row in held), Decimal()), units.pop()


def _says_else(table: Asked, at: int, row: int) -> bool:
    """Return whether a cell contains something other than a number, so its contribution is unknown."""
    column, cell = table.columns[at], table.table.rows[row].cells[at]
    value = (column.dates if column.kind == "date" else column.numbers)[row]
    return value is None and bool(cell) and cell.casefold() not in lexicon().empty
