"""The encodings tried for a text: what is written in each, how common it is, what it is called.

Comes in: nothing. Goes out: tables. Never: an encoding that turns any bytes into plausible text, as ISO-8859-1 does.
"""

from __future__ import annotations

_LATIN_WEST = ("en", "fr", "de", "es", "pt", "it", "sv", "da", "fi", "nl", "is")
_LATIN_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr")
_CYRILLIC = ("ru", "bg", "uk")
CJK = ("hans", "hant", "ja", "ko")
ANY = (*CJK, "en", "fr", "de", "pl", "tr", "ru", "uk", "el", "he", "ar", "th")
"""What is looked for in encodings that can write everything; others are near enough to one of these."""

# Encoding -> what is written in it, and the logarithm of how much rarer it is than the common ones.
CANDIDATES: dict[str, tuple[tuple[str, ...], float]] = {
    "utf-8": (ANY, 9.0),
    "gb18030": (("hans", "hant"), 1.0),
    "big5": (("hant",), 0.0),
    "shift_jis": (("ja",), 0.0),
    "euc-jp": (("ja",), 0.0),
    "euc-kr": (("ko",), 0.0),
    "johab": (("ko",), -8.0),
    "utf-16-le": (ANY, -2.0),
    "utf-16-be": (ANY, -2.5),
    "utf-32-le": (ANY, -3.0),
    "utf-32-be": (ANY, -3.0),
    "windows-1252": (_LATIN_WEST, 0.0),
    "windows-1250": (_LATIN_CENTRAL, -1.0),
    "iso-8859-2": (_LATIN_CENTRAL, -2.0),
    "windows-1251": (_CYRILLIC, 0.0),
    "koi8-r": (("ru",), -1.0),
    "koi8-u": (("uk",), -2.0),
    "iso-8859-5": (_CYRILLIC, -2.0),
    "cp866": (_CYRILLIC, -2.0),
    "mac-cyrillic": (_CYRILLIC, -4.0),
    "cp855": (_CYRILLIC, -4.0),
    "windows-1253": (("el",), -1.0),
    "iso-8859-7": (("el",), -1.5),
    "windows-1254": (("tr",), -1.0),
    "windows-1255": (("he",), -1.0),
    "windows-1256": (("ar",), -1.0),
    "iso-8859-6": (("ar",), -2.0),
    "windows-1257": (("et", "lv", "lt"), -2.0),
    "windows-1258": (("vi",), -3.0),
    "tis-620": (("th",), -1.0),
    "mac-roman": (_LATIN_WEST, -5.0),
    "cp850": (_LATIN_WEST, -5.0),
    "cp437": (_LATIN_WEST, -6.0),
    "cp852": (_LATIN_CENTRAL, -6.0),
    "cp500": (("en",), -12.0),
}

# The codecs Python decodes a name with, first one that fits: the registered tables lack vendors' extensions.
CODECS = {
    "gb18030": ("gb18030", "gbk"),
    "big5": ("cp950", "big5hkscs"),
    "shift_jis": ("cp932", "shift_jis_2004"),
    "euc-jp": ("euc_jp", "euc_jis_2004"),
    "euc-kr": ("cp949",),
    "tis-620": ("cp874",),
}

# Labels that mean another encoding in practice: https://encoding.spec.whatwg.org/#names-and-labels
LABELS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
    "iso-8859-1": "windows-1252", "latin1": "windows-1252", "latin-1": "windows-1252", "us-ascii": "windows-1252",
    "ascii": "windows-1252", "cp1252": "windows-1252", "iso-8859-9": "windows-1254", "iso-8859-11": "tis-620",
    "windows-874": "tis-620", "shift-jis": "shift_jis", "sjis": "shift_jis", "x-sjis": "shift_jis",
    "windows-31j": "shift_jis", "cp932": "shift_jis", "eucjp": "euc-jp", "x-euc-jp": "euc-jp", "euckr": "euc-kr",
    "ks_c_5601-1987": "euc-kr", "windows-949": "euc-kr", "cp949": "euc-kr", "uhc": "euc-kr", "big5-hkscs": "big5",
    "cp950": "big5", "x-x-big5": "big5", "utf8": "utf-8", "utf-16": "utf-16-le", "ucs-2": "utf-16-le",
    "hz-gb-2312": "hz", "iso-2022-jp": "iso2022_jp_ext", "iso-2022-kr": "iso2022_kr", "unicode": "utf-16-le",
}  # fmt: skip


def codec_of(encoding: str) -> str:
    """Return the first codec that Python decodes an encoding with."""
    return CODECS.get(encoding, (encoding,))[0]
