"""Which language a text is written in.

Comes in: text. Goes out: an ISO 639-1 code, by script and by the commonest words. Never: a guess from a few letters.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

SAMPLE_CHARACTERS = 8_000
_SCRIPTS = (
    ("latin", 0x41, 0x24F),
    ("el", 0x370, 0x3FF),
    ("cyrillic", 0x400, 0x4FF),
    ("he", 0x590, 0x5FF),
    ("ar", 0x600, 0x6FF),
    ("hi", 0x900, 0x97F),
    ("th", 0xE00, 0xE7F),
    ("latin", 0x1E00, 0x1EFF),
    ("kana", 0x3041, 0x30FA),
    ("han", 0x3400, 0x9FFF),
    ("hangul", 0xAC00, 0xD7A3),
    ("han", 0x20000, 0x323AF),
)
_WORDS = {
    "en": "the of and to in is that for it with as on are be this was by or an at from not have you which",
    "de": "der die und das von den zu des mit sich ist nicht ein eine für auf dem im auch als werden wird bei",
    "fr": "le la les de des et du un une est que dans pour qui sur au par plus pas ne sont avec ce il",
    "es": "el la los las de que y en un una por con para se del es no al lo como más su sus este",
    "pt": "o a os as de que e do da em um uma para com não por no na se dos das mais ao como",
    "it": "il la lo gli le di che e un una per con non del della sono si da nel alla più dei come",
    "nl": "de het een en van in is dat op te zijn met voor niet aan er die door ook als bij naar",
    "sv": "och att det i en som är av för på med den till inte har de ett om var jag från",
    "da": "og at det i en som er af for på med den til ikke har de et om var jeg fra der",
    "pl": "i w na z do się nie że to jest jak o od po przez dla są oraz ale był tym",
    "cs": "a v na se je že s z do o ve pro jako by ale jsou podle byl nebo jeho není",
    "hu": "a az és hogy nem is egy ez van volt de meg csak mint el ki már vagy még",
    "ro": "și de la în a cu nu din pe că o un este pentru mai care se au sau fi",
    "tr": "ve bir bu da de için ile olarak çok daha gibi olan var ne kadar en değil",
    "fi": "ja on ei se että oli hän joka mutta ovat kun niin myös tai sen ole jos",
    "vi": "và của là có không được các trong cho một những người với đã này khi để",
    "id": "yang dan di ini dengan untuk tidak dari dalam akan pada juga saya ke karena",
}
# Single letters are list markers and variables more often than words.
_STOP_WORDS = {
    language: frozenset(word for word in words.split() if len(word) > 1 or not word.isascii())
    for language, words in _WORDS.items()
}
_LATIN_WORD = re.compile("[a-z\u00df-\u024f\u1e00-\u1eff]+")
_ALPHABETS = ("latin", "cyrillic", "el", "he", "ar", "th", "hi")
_MIN_LETTERS = 6
_MIN_STOP_WORDS = 2
_MIN_STOP_SHARE = 0.05


def detect(text: str) -> str:
    """Return the language of ``text`` (``zh``, ``en``, ``ja``, ...); ``""`` when there is too little to tell.

    A Chinese text full of English terms is Chinese: one Han character counts as three Latin letters.
    """
    sample = _sample(text)
    counts = _by_script(sample)
    counts["latin"] //= 3
    east = counts["han"] + counts["kana"] + counts["hangul"]
    best = max(_ALPHABETS, key=lambda script: counts[script])
    if max(3 * east, 3 * counts["latin"], counts[best]) < _MIN_LETTERS:
        return ""
    if east >= counts[best]:
        return _east_asian(counts)
    if best == "latin":
        return _latin(sample)
    return _cyrillic(sample) if best == "cyrillic" else best


def _by_script(sample: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for character, n in Counter(sample).items():
        counts[_script(character)] += n
    return counts


@lru_cache(maxsize=65_536)
def _script(character: str) -> str:
    code = ord(character)
    if not character.isalpha():
        return ""
    return next((script for script, first, last in _SCRIPTS if first <= code <= last), "")


def _sample(text: str) -> str:
    """Return the beginning and the middle, so that a long preface in another language does not decide alone."""
    if len(text) <= SAMPLE_CHARACTERS:
        return text
    half = SAMPLE_CHARACTERS // 2
    return text[:half] + text[len(text) // 2 : len(text) // 2 + half]


def _east_asian(counts: Counter[str]) -> str:
    if counts["hangul"] > counts["han"] // 2 and counts["hangul"] >= counts["kana"]:
        return "ko"
    return "ja" if counts["kana"] > counts["han"] // 10 else "zh"


def _latin(sample: str) -> str:
    words = Counter(_LATIN_WORD.findall(sample.lower()))
    scores = {language: sum(words[word] for word in stop) for language, stop in _STOP_WORDS.items()}
    best = max(scores, key=lambda language: scores[language])
    distinct = sum(word in words for word in _STOP_WORDS[best])
    return best if distinct >= _MIN_STOP_WORDS and scores[best] >= _MIN_STOP_SHARE * words.total() else ""


def _cyrillic(sample: str) -> str:
    counts = Counter(sample.lower())
    if counts["і"] + counts["ї"] + counts["є"] > counts["ы"]:
        return "uk"
    return "bg" if counts["ъ"] > counts["ы"] and not counts["э"] else "ru"
