"""Run a plan on SQLite, exactly.

Comes in: a plan and its table. Goes out: the rows and the number it asks for. Never: a binary fraction; numbers are integer
multiples of their last decimal.
"""

from __future__ import annotations

import sqlite3
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
        return f"length(d{at}) >= 7 AND substr(d{at}, 5, 3) {sign} ?", [one.time]
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
    is_date = column.kind == "date"
    name = f"d{at}" if is_date else f"n{at}"
    held = [row for row in rows if (column.dates if is_date else column.numbers)[row] is not None]
    units = {column.units[row] for row in held} if not is_date else {""}
    if not held or len(units) != 1 or any(_says_else(table, at, row) for row in rows):
        return None
    unit, left_out = units.pop(), len(rows) - len(held)
    if plan.operation in {"min", "max"}:
        best = f"SELECT {plan.operation.upper()}({name}) FROM t WHERE {conditions}"
        query = f"SELECT row FROM t WHERE {conditions} AND {name} = ({best}) ORDER BY row"
        return Result(tuple(row for (row,) in connection.execute(query, [*values, *values])), None, unit, left_out)
    ((total, n),) = connection.execute(f"SELECT SUM({name}), COUNT({name}) FROM t WHERE {conditions}", values)
    number = Decimal(total).scaleb(-scales[at])
    if plan.operation == "average":
        place = Decimal(1).scaleb(-max(scales[at], _AVERAGE))
        number = (number / n).quantize(place, rounding=ROUND_HALF_UP)
    return Result(tuple(held), number, unit, left_out)


def _says_else(table: Asked, at: int, row: int) -> bool:
    """Return whether a cell contains something other than a number, so its contribution is unknown."""
    column, cell = table.columns[at], table.table.rows[row].cells[at]
    value = (column.dates if column.kind == "date" else column.numbers)[row]
    return value is None and bool(cell) and cell.casefold() not in lexicon().empty
