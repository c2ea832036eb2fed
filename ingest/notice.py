"""A message of ours: a template, its key in the catalogs of other languages, and the values of its fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import Formatter
from typing import Self

SEPARATORS = {"list": ", ", "files": ", ", "or": " or ", "and": " and ", "reasons": "; "}
"""Between the parts of a field, by its format; file names may contain commas."""


class Notice(str):
    """The English sentence, as a string; interfaces in other languages render ``template`` and ``fields`` themselves.

    A template has the fields of ``str.format``, and ``{names:list}`` for several parts (``SEPARATORS``).
    A field called ``n`` or ``n_...`` is a number.
    """

    __slots__ = ("fields", "template")
    template: str
    fields: dict[str, object]

    def __new__(cls, template: str, /, **fields: object) -> Self:
        """Fill the template; one without fields is used as is, and a notice is passed through."""
        if isinstance(template, cls) and not fields:
            return template
        kept = {name: _kept(value) for name, value in fields.items()}
        notice = super().__new__(cls, _ENGLISH.vformat(template, (), kept) if fields else template)
        notice.template, notice.fields = str(template), kept
        return notice

    def __str__(self) -> str:
        """Return the notice itself, so that ``str(error)`` keeps its template."""
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """Pickle and copy by template and fields."""
        return (self.template,), self.fields


class _English(Formatter):
    """Joins lists with commas."""

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, tuple):
            return SEPARATORS[format_spec].join(map(str, value))
        return format(value, "" if format_spec in SEPARATORS else format_spec)


_ENGLISH = _English()


def _kept(value: object) -> object:
    """Return a field that can be pickled and formatted later: numbers and texts as is, an error as its message."""
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Iterable):
        return tuple(_kept(part) for part in value)
    return str(value)


def some(names: Sequence[str], most: int) -> Sequence[str]:
    """Return names for a field; of many, the first ``most`` and how many more there are."""
    if len(names) <= most:
        return names
    return Notice("{names:files} and {n} more", names=names[:most], n=len(names) - most)
