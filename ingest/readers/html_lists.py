"""The numbers of a web page's lists, counted and written as a browser shows them (HTML 4.4.5, CSS Counter Styles 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..office.list_numbers import numeral
from .html_tree import Node, Tree, children, number_of, write_rules

_BULLET = "- "
_TYPES = {"1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_LETTERS = {
    "lower-alpha": _LATIN, "lower-latin": _LATIN, "upper-alpha": _LATIN.upper(), "upper-latin": _LATIN.upper(),
    "lower-greek": "αβγδεζηθικλμνξοπρστυφχψω",
}  # fmt: skip
_FORMS = {
    "decimal": "decimal", "decimal-leading-zero": "decimalZero", "lower-roman": "lowerRoman", "upper-roman": "upperRoman",
    "simp-chinese-informal": "chineseCountingThousand", "cjk-ideographic": "taiwaneseCountingThousand",
    "trad-chinese-informal": "taiwaneseCountingThousand", "simp-chinese-formal": "chineseLegalSimplified",
    "trad-chinese-formal": "ideographLegalTraditional", "cjk-decimal": "ideographDigital",
    "japanese-informal": "japaneseCounting", "cjk-heavenly-stem": "ideographTraditional",
    "cjk-earthly-branch": "ideographZodiac",
}  # fmt: skip
_NO_NUMBERS = ("none", "disc", "circle", "square")
_NAMES = "|".join(sorted((*_FORMS, *_LETTERS), key=len, reverse=True))
_DECLARED = re.compile(
    rf"\blist-style(?:-type)?\s*:(?:[^;]*?\s)??\s*({_NAMES}|{'|'.join(_NO_NUMBERS)})(?![\w-])", re.IGNORECASE
)


def number_by_rules(tree: Tree) -> None:
    """Write into elements which numbers the page's own style sheets give them; that they give none is not believed.

    Style sheets take the marks away to put others in their place.
    """
    write_rules(tree, _numbers)


def _numbers(rule: str) -> str:
    named = [name for name in _DECLARED.findall(rule) if name.lower() not in _NO_NUMBERS]
    return f"list-style-type:{named[-1]}" if named else ""


@dataclass(slots=True)
class List:
    """A list that is open: counts its items."""

    form: str
    number: int
    step: int
    marker: str
    """What precedes the last item."""

    @classmethod
    def of(cls, node: Node) -> List:
        """Begin a list."""
        is_reversed = node.tag == "ol" and "reversed" in node.attributes
        n_items = sum(child.tag == "li" for child in children(node)) if is_reversed else 1
        step = -1 if is_reversed else 1
        form = _form(node, "decimal" if node.tag == "ol" else "")
        return cls(form, number_of(node, "start", n_items) - step, step, _BULLET)

    def begin_item(self, node: Node) -> None:
        """Count an item."""
        self.number = number_of(node, "value", self.number + self.step)
        form = _form(node, self.form) if node.tag == "li" else ""
        self.marker = _numbered(self.number, form) if form else _BULLET


def _form(node: Node, default: str) -> str:
    """Return the form of an element's numbers, as its style or else its type says; "" for bullets."""
    declared = _DECLARED.findall(node.attributes.get("style") or "")
    named = node.attributes.get("type") or ""
    form = declared[-1].lower() if declared else _TYPES.get(named, named.lower())
    return "" if form in _NO_NUMBERS else form if form in _FORMS or form in _LETTERS else default


def _numbered(number: int, form: str) -> str:
    letters = _LETTERS.get(form, "")
    if letters and number > 0:
        text = ""
        while number:
            number, at = divmod(number - 1, len(letters))
            text = letters[at] + text
    else:
        text = numeral(number, _FORMS.get(form, "decimal"))
    return f"{text}、" if _is_chinese(form) else f"{text}. "


def _is_chinese(form: str) -> bool:
    """Return whether a browser writes a comma behind the numbers of a form, and no dot."""
    return form.startswith(("simp-", "trad-", "cjk-", "japanese-"))
