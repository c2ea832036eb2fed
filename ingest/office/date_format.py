"""Dates and times as a sheet shows them, but in ISO 8601 if its format is a local one; without time zones."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|general', re.IGNORECASE)
_PLACES = re.compile(r"[ymdhse](?![+-])|\[[hms]+\]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_PARTS = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|g+|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]'
    r"|(?P<half>AM/PM|A/P|上午/下午)|(?P<fraction>\.0+)|(?P<part>y+|m+|d+|h+|s+|e+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_EPOCH_1900, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  sheets know no time zones
_MAX_SERIAL = 2_958_466  # 31 December 9999
_NO_SUCH_DAY = 60
"""29 February 1900, which Excel counts and the calendar lacks: days before it are numbered one higher."""
_UNITS = {"h": 3600, "m": 60, "s": 1}


def is_date(section: str) -> bool:
    """Return whether a format code section is for dates or times."""
    return bool(_PLACES.search(_LITERALS.sub("", section)))


def shown_date(serial: float, section: str, *, since_1904: bool) -> str:
    """Return a serial number as a date, time or duration; "" if Excel cannot show it as one."""
    bare = _LITERALS.sub("", section).casefold()
    if _ELAPSED.search(bare):
        return _written(serial, section, None)
    if not 0 <= serial < _MAX_SERIAL:
        return ""
    has_day, has_time = bool(re.search("[yde]", bare)), bool(re.search("[hs]", bare))
    if not has_day and has_time and "h" not in bare:
        return _written(serial % 1, section, None)
    if not since_1904 and int(serial) == _NO_SUCH_DAY and has_day:
        return "1900-02-29"
    if not since_1904 and serial < _NO_SUCH_DAY and (has_day or not has_time):
        serial += 1
    moment = (_EPOCH_1904 if since_1904 else _EPOCH_1900) + timedelta(seconds=round(serial * 86400))
    if re.search(r"[年月日时時分]", section):
        return _written(serial, section, moment)
    before, behind = _around(section)
    return f"{before}{_as_iso(moment, bare, has_day=has_day, has_time=has_time)}{behind}".strip()


def _around(section: str) -> tuple[str, str]:
    """Return the words a section writes before and behind its date or time; "" where it writes signs only."""
    parts = list(_PARTS.finditer(section))
    places = [
        at for at, part in enumerate(parts) if part["part"] or part["elapsed"] or part["half"] or part["fraction"]
    ]
    before, behind = (
        "".join(part["quoted"] or part["escaped"] or part["other"] or "" for part in some)
        for some in (parts[: places[0]], parts[places[-1] + 1 :])
    )
    return (before if any(map(str.isalpha, before)) else ""), (behind if any(map(str.isalpha, behind)) else "")


def _as_iso(moment: datetime, bare: str, *, has_day: bool, has_time: bool) -> str:
    clock = "%H:%M:%S" if moment.second or "s" in bare else "%H:%M"
    if has_time and not has_day:
        return moment.strftime(clock)
    if not has_time and "d" not in bare:
        return f"{moment.year:04d}-{moment.month:02d}" if "m" in bare else f"{moment.year:04d}"
    return moment.isoformat()[:10] + (moment.strftime(f" {clock}") if has_time else "")


def _written(serial: float, section: str, moment: datetime | None) -> str:
    """Return what a section writes, part by part; without a moment, hours, minutes and seconds are a duration's."""
    parts = list(_PARTS.finditer(section))
    n_decimals = next((len(part["fraction"]) - 1 for part in parts if part["fraction"]), 0)
    seconds = abs(Decimal(repr(serial)) * 86400).quantize(Decimal(1).scaleb(-n_decimals), ROUND_HALF_UP)
    before, pieces = "", []
    for at, part in enumerate(parts):
        letters = (part["part"] or part["elapsed"] or "").casefold()
        if part["elapsed"]:
            pieces.append(f"{int(seconds // _UNITS[letters[0]]):0{len(letters)}d}")
        elif part["fraction"]:
            pieces.append(f"{seconds % 1:.{n_decimals}f}"[1:])
        elif letters:
            is_minute = letters[0] == "m" and (before == "h" or _next_letter(parts[at + 1 :]) == "s")
            pieces.append(_part(letters, moment, seconds, is_minute=is_minute))
        else:
            pieces.append(part["quoted"] or part["escaped"] or part["other"] or "")
        before = letters[:1] or before
    return ("-" if serial < 0 else "") + "".join(pieces).strip()


def _next_letter(parts: list[re.Match[str]]) -> str:
    return next((letters[0].casefold() for part in parts if (letters := part["part"] or part["elapsed"])), "")


def _part(letters: str, moment: datetime | None, seconds: Decimal, *, is_minute: bool) -> str:
    whole = int(seconds)
    kind = letters[0]
    if kind == "h":
        number = whole // 3600 % 24
    elif kind == "s":
        number = whole % 60
    elif is_minute or moment is None:
        number = whole // 60 % 60
    else:
        number = {"y": moment.year, "e": moment.year, "m": moment.month, "d": moment.day}[kind]
        if kind == "y" and len(letters) <= 2:  # noqa: PLR2004
            number, letters = number % 100, "yy"
    return f"{number:0{min(len(letters), 2) if kind in 'hmsd' else len(letters)}d}"
