"""Judge and clean the characters that come out of a PDF."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import lru_cache

_CID = re.compile(r"\(cid:\d+\)")
_WORD = re.compile(r"[^\W\d_]{3,}")
_SYMBOL_FONTS = {
    "\uf0b7": "•",
    "\uf0a7": "▪",
    "\uf0d8": "➢",
    "\uf0fc": "✓",
    "\uf06e": "■",
    "\uf0a8": "◻",
    "\uf0e0": "→",
}
_REPLACED = str.maketrans(_SYMBOL_FONTS | dict.fromkeys("\u00ad\u200b\u2060\ufeff\u200e\u200f"))
_FOLDED = re.compile("[\ufb00-\ufb06\u2e80-\u2fdf\uf900-\ufaff]")
"""Ligatures, CJK radicals and compatibility ideographs: fonts use them for the plain letters people type."""
_BAD = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffd\uffff\ud800-\udfff\U000f0000-\U0010ffff]"
    f"|(?![{''.join(_SYMBOL_FONTS)}])[\ue000-\uf8ff]"
)
_NEITHER_LATIN_NOR_CJK = re.compile(r"[^\W\d_A-Za-z\u00c0-\u024f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_OTHER_LETTERS = re.compile(r"[^\W\d_A-Za-z]+")
_LATIN, _VOWELS = string.ascii_letters.encode(), b"aeiouyAEIOUY"
_ACCENTED_WORD = re.compile("[\u00c0-\u00ff]{3,}")
"""Three letters, all accented: no Latin-script language has many such words, but Cyrillic in windows-1251, Greek in
windows-1253 and the like look so when a font passes its bytes off as Latin-1."""
_ACCENTED_WORDS, _LEAST_ACCENTED = 0.3, 3
_MIXED_WORDS, _FEW_VOWELS, _ENOUGH_LETTERS, _MOSTLY = 0.3, 0.18, 200, 0.9


def clean(text: str) -> str:
    """Return text with plain spaces, ligatures and radicals as the letters meant, and no invisible characters."""
    if not text.isascii():
        text = _FOLDED.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text.translate(_REPLACED))
    return " ".join(text.replace("\0", "").split())


def garbled_share(text: str) -> float:
    """Return the share of a text that is senseless, from 0 (none) to 1 (all).

    Counts replacement, private-use and control characters and ``(cid:12)``; a text whose words mix scripts, or that is long,
    Latin and almost vowelless, or whose words are all in accented letters, counts as a whole.
    """
    visible = "".join(text.split()).replace("\ufffe", "")
    if not visible:
        return 0.0
    n_bad = sum(map(len, _CID.findall(visible))) if "(cid:" in visible else 0
    if "\ufffd" in visible or not visible.isprintable():
        n_bad += len(_BAD.findall(visible))
    if n_bad < len(visible) and (_mixes_scripts(text) or _lacks_vowels(visible) or _is_of_another_code_page(text)):
        return 1.0
    return n_bad / len(visible)


def _mixes_scripts(text: str) -> bool:
    if text.isascii() or not _NEITHER_LATIN_NOR_CJK.search(text):
        return False
    words = _WORD.findall(text)
    others = (word for word in words if not word.isascii())
    mixed = sum(len({_script(c) for c in word} - {""}) > 1 for word in others)
    return len(words) >= 10 and mixed / len(words) > _MIXED_WORDS  # noqa: PLR2004  too few words say nothing


def _is_of_another_code_page(text: str) -> bool:
    if text.isascii():
        return False
    words = _WORD.findall(text)
    accented = sum(_ACCENTED_WORD.fullmatch(word) is not None for word in words)
    return accented >= _LEAST_ACCENTED and accented > _ACCENTED_WORDS * len(words)


def _lacks_vowels(visible: str) -> bool:
    ascii_only = visible.encode("ascii", "ignore")
    n_latin = len(ascii_only) - len(ascii_only.translate(None, _LATIN))
    if n_latin < _ENOUGH_LETTERS:
        return False
    if not visible.isascii() and n_latin < _MOSTLY * (n_latin + sum(map(len, _OTHER_LETTERS.findall(visible)))):
        return False
    return (len(ascii_only) - len(ascii_only.translate(None, _VOWELS))) / n_latin < _FEW_VOWELS


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """Return a letter's script from its Unicode name; scripts written together are one."""
    if character < "\x7f":
        return "LATIN"
    first = unicodedata.name(character, "").split(" ")[0]
    if first in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"):
        return ""  # Latin words mix in without spaces
    return first if first in ("LATIN", "CYRILLIC", "ARABIC", "HEBREW", "THAI", "DEVANAGARI", "ARMENIAN") else ""
