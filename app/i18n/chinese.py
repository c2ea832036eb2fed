"""kb's messages in Chinese: a notice is rendered from its template, and a stored English sentence is matched back to one.

Comes in: a notice, or its English text. Goes out: the Chinese from ``zh.toml``, with the same fields. Never: a change to text
from a document or a model.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter

from ...ingest.notice import SEPARATORS, Notice

_SEPARATORS = {"list": "、", "files": "、", "or": "或", "and": "和", "reasons": "；"}
_FEW_LETTERS = 5
"""Templates with fewer letters match too many sentences to be matched back."""


def in_chinese(sentence: str) -> str:
    """Return a message in Chinese, with notices in its fields; unchanged if the catalog does not have it."""
    notice = sentence if isinstance(sentence, Notice) and sentence.fields else _read_back(sentence)
    if notice is None:
        return _in_parts(sentence)
    chinese = catalog().get(notice.template)
    return _CHINESE.vformat(chinese, (), notice.fields) if chinese and notice.fields else chinese or sentence


@cache
def catalog() -> Mapping[str, str]:
    """Return the Chinese of every template."""
    return tomllib.loads((files(__package__) / "zh.toml").read_text(encoding="utf-8"))


class _Filled(str):
    """The content of a field in a stored sentence: already formatted."""

    __slots__ = ()

    def __format__(self, format_spec: str) -> str:
        return self

    def __repr__(self) -> str:
        return str(self)


class _Chinese(Formatter):
    """Renders the fields of a Chinese template: notices in Chinese too, lists with Chinese commas."""

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, tuple):
            return _SEPARATORS[format_spec].join(self.format_field(part, "") for part in value)
        if isinstance(value, _Filled):
            return _separated(in_chinese(value.strip()), format_spec)
        said = in_chinese(value) if isinstance(value, Notice) else value
        return format(said, "" if format_spec in SEPARATORS else format_spec)


_CHINESE = _Chinese()


def _separated(listed: str, kind: str) -> str:
    if kind == "files":
        return re.sub(r"(\.\w{2,5}), ", r"\1、", listed)
    return listed.replace(SEPARATORS[kind], _SEPARATORS[kind]) if kind in SEPARATORS else listed


def _read_back(sentence: str) -> Notice | None:
    """Return the notice that a stored sentence was made from."""
    if sentence in catalog():
        return Notice(sentence)
    for pattern, template in _patterns():
        if match := pattern.fullmatch(sentence):
            return Notice(template, **{name: _Filled(value) for name, value in match.groupdict().items()})
    return None


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return regular expressions for the templates with fields, those with the most text first."""
    said = {template: "".join(text for text, *_ in Formatter().parse(template)) for template in catalog()}
    templates = (template for template, text in said.items() if sum(map(str.isalpha, text)) >= _FEW_LETTERS)
    in_order = sorted(templates, key=lambda template: -len(said[template]))
    return tuple((_pattern(template), template) for template in in_order if said[template] != template)


def _pattern(template: str) -> re.Pattern[str]:
    looks = ""
    for text, name, _, _ in Formatter().parse(template):
        looks += re.escape(text)
        if name:
            held = r"[\d,.]+" if name == "n" or name.startswith("n_") else ".*"
            looks += f"(?P={name})" if f"(?P<{name}>" in looks else f"(?P<{name}>{held})"
    return re.compile(looks, re.DOTALL)


def _in_parts(sentence: str) -> str:
    """Return a stored sentence in Chinese if its part after a base or file name, or one of its sentences, is known."""
    of, colon, rest = sentence.partition(": ")
    if colon and (said := in_chinese(rest)) != rest:
        return f"{of}：{said}"
    parts = re.split(r"(?<=\.) ", sentence)
    said = "".join(map(in_chinese, parts)) if len(parts) > 1 else ""
    return said if said and said != "".join(parts) else sentence
