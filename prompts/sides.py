"""Find the two sides that a question compares, each with the full question about it.

*The payment terms of Alder and Birke* are the payment terms of Alder and the payment terms of Birke. Never looks at documents.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from .prompt import Topic

EDGES = " \t\n\"'“”‘’「」『』《》?？.。!！,，:："
"""Characters around a topic that are not part of it."""
_WORD = re.compile(r"%(\w+)%")
_LAST, _THIS = re.compile(r"\blast year\b|去年", re.IGNORECASE), re.compile(r"\bthis year\b|今年", re.IGNORECASE)
_NEW_AND_OLD = re.compile(r"新[旧老](?:两|二|2)?[份版个种]?(?:版本)?的?(?P<what>[^的有]{1,20}?)(?:的|(?=有))")
_SUM = "合计总价"
_HEAD = re.compile(
    r"^(?P<aspect>(?:the |an? )?[^A-Z].*)\s(?P<joint>of|in|for|from|at|with|under|by|during|on|to)\s(?P<name>.+)$"
)
_JOINT = re.compile(
    r"^(?:that |those |the ones? )?(?P<joint>of|in|for|from|at|with|under|by|during|on|to)\s(?P<name>.+)$",
    re.IGNORECASE,
)
_OWNER = re.compile(r"^(?P<name>.+?)['’]s?(?:\s(?P<aspect>.+))?$")
_ONE, _KIND = re.compile(r"(?P<which>.+) (?:one|edition|version)"), re.compile(r"\s(?P<kind>[\w-]+)$")
_HAN_HEAD = re.compile(r"^(?P<name>.+?)的(?P<aspect>.+)$")
_HAN = re.compile(r"[\u3400-\u9fff]")


def sides_of(text: str) -> tuple[Topic, ...]:
    """Return the two things that a question compares; empty if it does not clearly compare."""
    if _LAST.search(text) and _THIS.search(text):
        this = date.today().year  # noqa: DTZ011  the year of the person asking
        text = _THIS.sub(lambda one: _year(this, one), _LAST.sub(lambda one: _year(this - 1, one), text))
    text = _NEW_AND_OLD.sub(r"\g<what>新版和旧版的", text)
    for form in forms("sides"):
        if match := form.fullmatch(text.strip()):
            said = {key: (value or "").strip(EDGES) for key, value in match.groupdict().items()}
            parts = (said.pop("what", ""), said.get("aspect", ""), said.pop("rest", ""))
            said["aspect"] = " ".join(filter(None, (part.removeprefix("的") for part in parts)))
            if said["a"] and said["b"] and said["a"] != said["b"]:
                return _distributed(said)
    return ()


def _year(year: int, said: re.Match[str]) -> str:
    return f"{year}年" if _HAN.search(said.group()) else str(year)


def two_of(text: str) -> Topic | None:
    """Return the shared name of two unnamed things to compare, and the aspect: *the two Brightwell quotes*."""
    for form in forms("two"):
        if match := form.fullmatch(text.strip()):
            parts = match.groupdict()
            said, more = parts["a"].strip(EDGES), (parts.get("aspect") or "").strip(EDGES)
            return Topic(said, aspect=more or (_SUM if parts.get("sum") else ""), said=said) if said else None
    return None


@cache
def forms(kind: Literal["sides", "two"]) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of ``sides.toml`` for two sides with names, or for two things sharing a name."""
    data = tomllib.loads(files(__package__).joinpath("sides.toml").read_text("utf-8"))
    found = []
    for form in data[kind]:
        words = data["words"][form["language"]]
        pattern = _WORD.sub(lambda word: words[word[1]], f"%before%{form['pattern']}%behind%")  # noqa: B023  called here
        found.append(re.compile(pattern, re.IGNORECASE))
    return tuple(found)


def _distributed(said: Mapping[str, str]) -> tuple[Topic, ...]:
    """Return the sides, with the aspect asked of one applied to the other too."""
    first, second, aspect = said["a"], said["b"], said.get("aspect", "")
    if aspect:
        if (one := _ONE.fullmatch(second)) and (kind := _KIND.search(first)):
            second = f"{one['which']} {kind['kind']}"  # the 2023 handbook, the 2026 one
        return tuple(Topic(_without_owner(side), aspect=aspect, said=side) for side in (first, second))
    split = _han if _HAN.search(first + second) else _latin
    return tuple(
        Topic(text, aspect=of, said=side)
        for (text, of), side in zip(split(first, second), (first, second), strict=True)
    )


def _latin(first: str, second: str) -> tuple[tuple[str, str], tuple[str, str]]:
    head, joint, other = _HEAD.match(first), _JOINT.match(second), _HEAD.match(second)
    if head and (joint or not other):
        aspect, name = head["aspect"], joint["name"] if joint else second
        return (first, aspect), (f"{aspect} {joint['joint'] if joint else head['joint']} {name}", aspect)
    if head and other:
        return (first, head["aspect"]), (second, other["aspect"])
    owners = _OWNER.match(first), _OWNER.match(second)
    asked = [owner["aspect"] for owner in owners if owner and owner["aspect"]]
    if len(asked) > 1:  # each side has its own head
        return (first, asked[0]), (second, asked[1])
    if asked:
        texts = [
            f"{owner['name'] if owner else side}'s {asked[0]}"
            for owner, side in zip(owners, (first, second), strict=True)
        ]
        return (texts[0], asked[0]), (texts[1], asked[0])
    return (first, ""), (second, "")


def _han(first: str, second: str) -> tuple[tuple[str, str], tuple[str, str]]:
    heads = _HAN_HEAD.match(first), _HAN_HEAD.match(second)
    if heads[1] and not heads[0]:
        return (f"{first}的{heads[1]['aspect']}", heads[1]["aspect"]), (second, heads[1]["aspect"])
    if heads[0] and heads[1]:
        return (first, heads[0]["aspect"]), (second, heads[1]["aspect"])
    if heads[0]:
        return (first, heads[0]["aspect"]), (f"{second}的{heads[0]['aspect']}", heads[0]["aspect"])
    for size in range(len(first) - 1, 1, -1):  # 试用期员工, 转正员工离职要提前多少天
        if (at := second.find(first[-size:])) > 0 and (aspect := second[at + size :]):
            return (f"{first}{aspect}", aspect), (second, aspect)
    return (first, ""), (second, "")


def _without_owner(side: str) -> str:
    owner = _OWNER.match(side)
    return owner["name"] if owner and not owner["aspect"] else side
