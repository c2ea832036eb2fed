"""Letters that are shown as other signs: an ``m`` in the font Symbol is ``μ``, a raised 6 makes a million of 10.

Comes in: text and how it is set. Goes out: the signs that are shown, so that 5 μg is not 5 mg, and 10⁶ not 106.
The codes are those of Adobe's Symbol encoding (unicode.org, ADOBE/symbol.txt) and of Microsoft's Wingdings.
"""

from __future__ import annotations

import re

_SYMBOL = {
    0x20: " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    0xA0: "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪",
    0xF1: "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
}
_WINGDINGS = {
    0x20: " ✏✂✁", 0x28: "☎✆✉", 0x41: "✌👌👍👎", 0x4A: "☺😐☹", 0x6C: "●❍■☐", 0x71: "❑❒⬧⧫◆❖⬥", 0x80: "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿",
    0x9E: "·•▪○", 0xA7: "▪☐", 0xAB: "★", 0xD8: "➢", 0xDF: "←→↑↓↖↗↙↘", 0xE8: "➔", 0xEF: "⇦⇨⇧⇩⬄", 0xFB: "✗✓☒☑",
}  # fmt: skip
_WINGDINGS_2 = {0x20: " ", 0x4F: "✗✓☒☑☒☒", 0x97: "●", 0xA3: "☐"}
_RAISED = str.maketrans("0123456789+-−–=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾")
_RAISABLE = re.compile(r"[\s,]*(?:[0-9+−–=()-]+[\s,]*)+")
_FONTS = {
    name: {first + at: sign for first, signs in ranges.items() for at, sign in enumerate(signs)}
    for name, ranges in {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2}.items()
}
_FONTS["symbol mt"] = _FONTS["symbolps"] = _FONTS["symbol"]
_PRIVATE = 0xF000
"""Where Office puts the letters of such fonts: ``m`` is U+F06D."""


def raised(text: str) -> str:
    """Return a superscript: digits and signs as those of Unicode, so that they run into no number; words as they are."""
    return text.translate(_RAISED) if _RAISABLE.fullmatch(text) else text


def as_shown(text: str, font: str) -> str:
    """Return a text as its font shows it; of Symbol and Wingdings, signs that Unicode lacks are left out.

    Letters beyond Latin-1, which such fonts do not have, stay, and so do line breaks.
    """
    signs = _FONTS.get(font.strip().casefold())
    if signs is None:
        return text
    return "".join(_sign(letter, signs) for letter in text)


def _sign(letter: str, signs: dict[int, str]) -> str:
    code = ord(letter)
    if _PRIVATE + 0x20 <= code <= _PRIVATE + 0xFF:
        return signs.get(code - _PRIVATE, "")
    return signs.get(code, "") if 0x20 <= code <= 0xFF else letter  # noqa: PLR2004
