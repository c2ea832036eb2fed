"""The numbers of list items as office programs show them: ``b``, ``IV``, ``十二``, ``①``, ``甲``, ``2nd``.

The dot or bracket after them is not included.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"),
    (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_ONES = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    ),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_CYRILLIC = "абвгдежзиклмнопрстуфхцчшщыэюя"


def numeral(number: int, style: str) -> str:
    """Return a number in a form of ECMA-376 part 1, 17.18.59; in digits if the form is unknown, or not for it."""
    made = _FORMS.get(style, str)
    return (made(number) if number > 0 else "") or str(number)


def _letters(alphabet: str) -> Callable[[int], str]:
    """Return a form that repeats its letters when they run out: ``a``, ``b`` ... ``aa``, ``bb``."""
    return lambda number: alphabet[(number - 1) % len(alphabet)] * min((number - 1) // len(alphabet) + 1, 50)


def _cycled(signs: str) -> Callable[[int], str]:
    """Return a form whose signs start over when they run out."""
    return lambda number: signs[(number - 1) % len(signs)]


def _signs(*ranges: tuple[int, int, int]) -> Callable[[int], str]:
    """Return a form with its own signs: ranges of first number, last number and first sign."""
    return lambda number: next((chr(sign + number - low) for low, high, sign in ranges if low <= number <= high), "")


def _roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        text += letters * min(count, 10)
    return text


def _ordinal(number: int) -> str:
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _words(number: int) -> str:
    if number < len(_ONES):
        return _ONES[number]
    if number < 100:  # noqa: PLR2004
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    if number < 1000:  # noqa: PLR2004
        hundreds, rest = divmod(number, 100)
        return f"{_ONES[hundreds]} hundred" + (f" {_words(rest)}" if rest else "")
    return ""


def _ordinal_words(number: int) -> str:
    words = _words(number)
    last = re.split("[- ]", words)[-1]
    return words.removesuffix(last) + (
        _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else last and f"{last}th")
    )


def _capital(form: Callable[[int], str]) -> Callable[[int], str]:
    return lambda number: form(number)[:1].upper() + form(number)[1:]


def _digits(signs: str) -> Callable[[int], str]:
    """Return a form that writes digit by digit."""
    return lambda number: "".join(signs[int(digit)] for digit in str(number))


def _counted(digits: str, units: str, *, zero: str = "", ten: bool = True, one: bool = True) -> Callable[[int], str]:
    """Return a form that counts in tens, hundreds, thousands and ten thousands.

    Args:
        digits: for 0 to 9.
        units: for 10, 100, 1,000 and 10,000, optionally 100,000,000.
        zero: stands for zeros between other digits.
        ten: whether 10 to 19 begin with the unit alone.
        one: whether a 1 precedes a hundred and a thousand.
    """

    def made(number: int, *, first: bool = True) -> str:
        if number >= 10_000:  # noqa: PLR2004
            size, unit = (10**8, units[4]) if number >= 10**8 and len(units) > 4 else (10_000, units[3])  # noqa: PLR2004
            high, low = divmod(number, size)
            between = zero if 0 < low < size // 10 else ""
            return made(high) + unit + between + (made(low, first=False) if low else "")
        text, gap = "", False
        for power in (3, 2, 1, 0):
            digit, number = divmod(number, 10**power)
            if not digit:
                gap = bool(text)
                continue
            bare = digit == 1 and ((power == 1 and ten and first and not text) or (power > 0 and not one))
            text += (zero if gap else "") + ("" if bare else digits[digit]) + (units[power - 1] if power else "")
            gap = False
        return text

    return made


def _below_hundred(form: Callable[[int], str], digits: Callable[[int], str]) -> Callable[[int], str]:
    """Return a form that counts to 99 and then writes digit by digit, as Word does."""
    return lambda number: form(number) if number < 100 else digits(number)  # noqa: PLR2004


_CHINESE = "零一二三四五六七八九"
_PLAIN = _counted(_CHINESE, "十百千万", zero="零")
_CIRCLED = _signs((1, 20, 0x2460), (21, 35, 0x3251), (36, 50, 0x32B1))
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_FORMS: dict[str, Callable[[int], str]] = {
    "decimalZero": "{:02d}".format,
    "lowerLetter": _letters(_LATIN),
    "upperLetter": _letters(_LATIN.upper()),
    "lowerRoman": lambda number: _roman(number).lower(),
    "upperRoman": _roman,
    "russianLower": _letters(_CYRILLIC),
    "russianUpper": _letters(_CYRILLIC.upper()),
    "ordinal": _ordinal,
    "cardinalText": _capital(_words),
    "ordinalText": _capital(_ordinal_words),
    "hex": "{:X}".format,
    "chicago": _letters("*†‡§"),
    "numberInDash": "- {} -".format,
    "decimalFullWidth": _digits("０１２３４５６７８９"),
    "decimalFullWidth2": _digits("０１２３４５６７８９"),
    "decimalEnclosedCircle": _CIRCLED,
    "decimalEnclosedCircleChinese": _CIRCLED,
    "decimalEnclosedParen": _signs((1, 20, 0x2474)),
    "decimalEnclosedFullstop": _signs((1, 20, 0x2488)),
    "ideographEnclosedCircle": _signs((1, 10, 0x3280)),
    "chineseCounting": _below_hundred(_PLAIN, _digits("○一二三四五六七八九")),
    "taiwaneseCounting": _below_hundred(_PLAIN, _digits("○一二三四五六七八九")),
    "chineseCountingThousand": _PLAIN,
    "chineseAmount": _counted(_CHINESE, "十百千万亿", zero="零", ten=False),
    "taiwaneseCountingThousand": _counted(_CHINESE, "十百千萬", zero="零"),
    "koreanDigital2": _digits("零一二三四五六七八九"),
    "japaneseCounting": _counted(_CHINESE, "十百千万", one=False),
    "ideographDigital": _digits("〇一二三四五六七八九"),
    "japaneseDigitalTenThousand": _digits("〇一二三四五六七八九"),
    "taiwaneseDigital": _digits("○一二三四五六七八九"),
    "chineseLegalSimplified": _counted("零壹贰叁肆伍陆柒捌玖", "拾佰仟万亿", zero="零", ten=False),
    "ideographLegalTraditional": _counted("零壹貳參肆伍陸柒捌玖", "拾佰仟萬", zero="零", ten=False),
    "japaneseLegal": _counted("〇壱弐参四伍六七八九", "拾百阡萬", ten=False),
    "ideographTraditional": _cycled(_STEMS),
    "ideographZodiac": _cycled(_BRANCHES),
    "ideographZodiacTraditional": lambda number: _cycled(_STEMS)(number) + _cycled(_BRANCHES)(number),
    "aiueoFullWidth": _letters(_KANA),
    "aiueo": _letters(_KANA),
    "irohaFullWidth": _letters(_IROHA),
    "iroha": _letters(_IROHA),
    "ganada": _letters("가나다라마바사아자차카타파하"),
    "chosung": _letters("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
    "koreanDigital": _digits("영일이삼사오육칠팔구"),
    "koreanCounting": _counted("영일이삼사오육칠팔구", "십백천만", one=False),
}
_BY_CODE = """
decimal upperRoman lowerRoman upperLetter lowerLetter ordinal cardinalText ordinalText hex chicago ideographDigital
japaneseCounting aiueo iroha decimalFullWidth decimalHalfWidth japaneseLegal japaneseDigitalTenThousand
decimalEnclosedCircle decimalFullWidth2 aiueoFullWidth irohaFullWidth decimalZero bullet ganada chosung
decimalEnclosedFullstop decimalEnclosedParen decimalEnclosedCircleChinese ideographEnclosedCircle ideographTraditional
ideographZodiac ideographZodiacTraditional taiwaneseCounting ideographLegalTraditional taiwaneseCountingThousand
taiwaneseDigital chineseCounting chineseLegalSimplified chineseCountingThousand decimal koreanDigital koreanCounting
koreanLegal koreanDigital2 hebrew1 arabicAlpha hebrew2 arabicAbjad hindiVowels hindiConsonants hindiNumbers hindiCounting
thaiLetters thaiNumbers thaiCounting vietnameseCounting numberInDash russianLower russianUpper
"""
_NONE = 255


def form_of(code: int) -> str:
    """Return the form that a number stands for in .doc and RTF files (MSONFC, [MS-OSHARED] 2.2.1.3)."""
    forms = _BY_CODE.split()
    return "none" if code == _NONE else forms[code] if 0 <= code < len(forms) else "decimal"
