"""The numbers of list items as office programs show them: ``b``, ``IV``, ``十二``.

Comes in: a number and the name that Word gives its form. Goes out: its text. Never: the dot or bracket behind it.
"""

from __future__ import annotations

_CHINESE_DIGITS = "零一二三四五六七八九"


def numeral(number: int, style: str) -> str:
    """Return a number in a form of ECMA-376 part 1, 17.18.59; in digits where the form is not known."""
    if style in ("lowerLetter", "upperLetter"):
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters.upper() if style == "upperLetter" else letters
    if style in ("lowerRoman", "upperRoman"):
        return _roman(number) if style == "upperRoman" else _roman(number).lower()
    if style.startswith(("chinese", "ideograph", "japanese", "taiwanese")) and 0 < number < 100:  # noqa: PLR2004
        return _chinese(number)
    return f"{number:02d}" if style == "decimalZero" else str(number)


def _roman(number: int) -> str:
    pairs = (
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    )
    text = ""
    for value, letters in pairs:
        count, number = divmod(number, value)
        text += letters * min(count, 10)
    return text


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_CHINESE_DIGITS[tens]}十"
    return head + (_CHINESE_DIGITS[ones] if ones else "")
