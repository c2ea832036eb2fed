"""What a document says about itself: its file and folders, title, front matter, and for mail, who wrote when.

Comes in: where a document is and what its reader found. Goes out: lines of words, dates and numbers that can name it.
Never: its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from pathlib import PurePath

NAMES_VERSION = 3
"""Raised when a document would get different names."""

MAIL = frozenset(["message/rfc822", "application/vnd.ms-outlook"])
"""Media types whose text begins with a mail header."""
HEAD = 1_000
"""Characters of such a text searched for the header."""

_TOLD = frozenset("title aliases alias tags tag keywords category categories subject author authors date".split())  # noqa: SIM905
_HEADER = re.compile(r"^(?:From|To|Date): (.+)$", re.MULTILINE)
_MOST_PLACES = 4
_LONGEST = 300

_SEPARATORS = re.compile(r"[-_.+~#()\[\]{},;!@&\s]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z]{3})(?=\d)|(?<=\d)(?=[A-Za-z]{3})")
_NAMES = "January February March April May June July August September October November December".split()  # noqa: SIM905
_MONTH, _DAY = r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12]\d|3[01])"
_WHEN = re.compile(
    rf"(?:\d{{1,2}} )?(?:(?:{'|'.join(_NAMES)}) )?(?:\d{{1,2}}, )?(?<!\d)(?:19|20)\d\d(?!\d)"
    r"(?:[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?!\d)"
    r"| ?年(?: ?\d{1,2} ?月(?: ?\d{1,2} ?日)?|第?[一二三四]季度|[上下]半年)?|[年财]?[度年])?"
    r"|\b(?:FY ?['’]?\d\d(?:\d\d)?|[QH][1-4] ?['’]?\d\d(?:\d\d)?|[1-4][QH]\d\d(?:\d\d)?)\b"
)
"""A year, with what belongs to it."""
_HEADLINE, _HEADLINES, _MOST_DATES = 80, 5, 3
_PROSE = re.compile(r"[|。！？]|[.!?]$")
_HOLDS = re.compile(
    r"(?<!replaces the )(?<!supersedes the )(?<!replacing the )(?:\b(?:edition|version|effective|in force|valid|applies"
    r"|applicable|last updated|updated|revised|issued|dated)\b|版本|修订|生效|发布|更新|施行|执行|适用)"
    rf"(?:日期)?[^.;,。；，\n]{{0,16}}?(?P<since>{_WHEN.pattern})"
    rf"|(?P<from>{_WHEN.pattern})(?:版|(?:日|月)?起?(?:施行|生效|执行|实施|修订|发布|更新))",
    re.IGNORECASE,
)
"""When a document says it takes effect."""
_LAPSED = re.compile(
    r"(?:^|[.;!(\[*]\s*)(?:this \w+ (?:is|was|has been) )?"
    r"(?:no longer (?:valid|in force|applicable|applies)|superseded|obsolete"
    r"|withdrawn|replaced|expired|repealed|void|outdated|out of date)"
    r"(?=[.,;!)\]*]|$| (?:since|by|on|from|as of)\b)"
    r"|(?:^|[。；！;!(（【\[\s*])(?:本[^。；，\n]{0,10}?)?"
    r"(?:已经?(?:废止|失效|作废|停用)|不再(?:有效|适用|执行)|停止执行|作废(?=[。）)】\]\s*]|$))",
    re.IGNORECASE | re.MULTILINE,
)
_DATES = (
    re.compile(rf"(?<!\d)(?P<year>(?:19|20)\d\d)[-_. ]?{_MONTH}(?:[-_. ]?{_DAY})?(?!\d)"),
    re.compile(rf"(?<!\d)(?P<day>1[3-9]|2\d|3[01])[-_. ]{_MONTH}[-_. ](?P<year>(?:19|20)\d\d)(?!\d)"),
    re.compile(rf"(?<!\d)(?<!\d[-_. ]){_MONTH}-?{_DAY}(?P<year>)(?![-_. ]?\d)"),
)


def document_names(
    places: Sequence[tuple[str, str]],
    title: str,
    metadata: Iterable[Mapping[str, str]] = (),
    mail_head: str = "",
    top: str = "",
) -> str:
    """Return the names of a document, one per line.

    Args:
        places: (source, the argument it was found under) for each of its places.
        title: of the document.
        metadata: what the file says about itself; what the user says about each place.
        mail_head: for mail, the beginning of its text.
        top: for others, the beginning of the text: dates and periods above the prose are the document's, as is what its
            first lines say of its validity.
    """
    own, *given = [*metadata] or [{}]
    lines = [line for source, root in sorted(places)[:_MOST_PLACES] for line in _of_place(source, root)]
    lines += [title, *(value for key, value in own.items() if key in _TOLD)]
    lines += [value for said in given for value in said.values()]
    lines += _HEADER.findall(mail_head[:HEAD])
    lines += [f"{title} {said}" for said in (*_dates_above(top), *_standing(top))]
    return "\n".join(dict.fromkeys(line[:_LONGEST].strip() for line in lines if line.strip()))


def file_words(name: str) -> str:
    """Return the words, numbers and dates of a file name: ``Q3Report_2025-03`` gives Q3 Report 2025 03 March 2025."""
    words = _SEPARATORS.sub(" ", _CAMEL.sub(" ", name)).strip()
    return " ".join([words, *_dates(name)])


def _of_place(source: str, root: str) -> Iterator[str]:
    """Yield a file's name, its words, and those of its folders below the given one."""
    *folders, name = _below(source, root)
    stem = PurePath(name).stem
    yield name
    yield stem
    yield file_words(stem)
    yield " ".join(map(file_words, folders))


def _below(source: str, root: str) -> tuple[str, ...]:
    """Return a path's parts from the given folder down; archive members are inside the archive."""
    outside, *members = source.split("!")
    path, start = PurePath(outside), PurePath(root)
    parts = (start.name, *path.relative_to(start).parts) if path.is_relative_to(start) else (path.name,)
    return (*parts, *(part for member in members for part in PurePath(member).parts)) if parts else (source,)


def _dates_above(top: str) -> Iterator[str]:
    """Yield the dates in a text's opening short lines, as one: *Annual report / FY2022* gives FY2022."""
    lines = (line.strip("#*_> \t") for line in top[:HEAD].splitlines())
    above = takewhile(lambda line: len(line) <= _HEADLINE and not _PROSE.search(line), filter(None, lines))
    found = dict.fromkeys(match.group() for line in islice(above, _HEADLINES) for match in _WHEN.finditer(line))
    if 0 < len(found) <= _MOST_DATES:
        yield " ".join(found)


def _standing(top: str) -> Iterator[str]:
    """Yield when a document takes effect, and that it has lapsed, if its first lines say so."""
    lines = islice(filter(str.strip, top[:HEAD].splitlines()), _HEADLINES)
    first = "\n".join(line.strip("#*_> \t") for line in lines)
    for match in islice(_HOLDS.finditer(first), 1):
        yield match["since"] or match["from"]
    if _LAPSED.search(first):
        yield "(superseded)"


def _dates(name: str) -> Iterator[str]:
    for pattern in _DATES:
        for match in pattern.finditer(name):
            parts = match["day"] or "", _NAMES[int(match["month"]) - 1], match["year"]
            yield " ".join(filter(None, parts))
        if pattern.search(name):
            return
