"""What a question compares: two sides, each with all that is asked of it.

Comes in: a question, Chinese or English. Goes out: its sides; *the payment terms of Alder and Birke* are the payment terms of
Alder, and the payment terms of Birke. Never: a look at the documents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from .prompt import Topic

EDGES = " \t\n\"'“”‘’「」『』《》?？.。!！,，:："
"""What may stand around a topic and is none of it."""
_PLEASE = r"^(?:please\s+|can you\s+|could you\s+)*"
_DIFFERENCE = (
    r"(?:what(?:['’]s| is| are) the |(?:list|show|explain)(?: me)? the |the )?(?:main |key )?"
    r"(?:differences?|similarit(?:y|ies)|comparison)"
)
_COMPARATIVE = r"(?:more|less|fewer|better|worse|\w{2,}er)"
_YEAR = r"(?:19|20)\d\d"
_LAST, _THIS = re.compile(r"\blast year\b|去年", re.IGNORECASE), re.compile(r"\bthis year\b|今年", re.IGNORECASE)
_EN = tuple(
    re.compile(rf"{_PLEASE}{form}\s*[?.!]*$", re.IGNORECASE)
    for form in (
        r"compare\s+(?P<a>.+?)\s+(?:and|with|to|against|vs\.?|versus)\s+(?P<b>.+?)",
        rf"{_DIFFERENCE} between (?P<a>.+?) and (?P<b>.+?)",
        r"(?:what(?:['’]s| is) the )?difference in (?P<aspect>.+?) (?:between|of) (?P<a>.+?) and (?P<b>.+?)",
        r"how (?:do|does|is|are) (?P<a>.+?) (?:differ(?:ent)?|compare) (?:from|to|with) (?P<b>.+?)",
        r"how (?:do|are) (?P<a>.+?) and (?P<b>.+?) (?:differ(?:ent)?|compare)(?: in (?P<aspect>.+?))?",
        (
            rf"how much (?:{_COMPARATIVE} )?(?:did|has|have|is|are|was|were) (?P<aspect>.+?)"
            r"(?: (?:get|gotten|got|go|gone|become|rise|risen|drop|dropped|fall|fallen))?(?: up| down)? "
            rf"(?:from|between) (?P<a>{_YEAR}) (?:to|and) (?P<b>{_YEAR})"
        ),
        (
            r"how (?:did|does|do|has|have|will) (?P<aspect>.+?) (?:changed?|develop(?:ed)?|differ(?:ed)?) "
            r"(?:from|between) (?P<a>.+?) (?:to|and) (?P<b>.+?)"
        ),
        (
            r"what (?:has |was |is )?(?:changed|different|new)(?: (?:in|about|for) (?P<aspect>.+?))? "
            r"(?:from|between) (?P<a>.+?) (?:to|and) (?P<b>.+?)"
        ),
        (
            r"(?:what(?:['’]s| is| was| were| are)|how (?:much|many|high|long|big)(?: is| was| are| were)?) "
            rf"(?P<aspect>.+?) (?:in|for|of) (?P<a>{_YEAR}) and (?:in |for |of )?(?P<b>{_YEAR})"
        ),
        rf"(?P<aspect>[^?]{{3,60}}?),? (?P<a>{_YEAR}) (?:vs\.?|versus|compared (?:to|with)|or) (?P<b>{_YEAR})",
        (
            rf"how much (?P<aspect>{_COMPARATIVE}(?: \w+)?) (?:is|are|does|do|did|was|were) "
            r"(?P<a>.+?)(?: cost| take| last| weigh)? than (?P<b>.+?)"
        ),
        r"(?P<aspect>[^:?]{3,60}):\s+(?P<a>[^?]{2,60}?)\s+(?:vs\.?|versus|or)\s+(?P<b>[^?]{2,60}?)",
        r"(?P<a>[^?]{2,60}?)\s+(?:vs\.?|versus)\s+(?P<b>[^?]{2,60}?)",
        (
            rf"(?:which|who|what)(?: one| of the two)?\s+(?P<aspect>(?:[^,:]+\s)?{_COMPARATIVE}(?:\s[^,:]+)?)[,:]\s+"
            r"(?P<a>.+?)\s+or\s+(?P<b>.+?)"
        ),
        (
            r"(?:is|are|does|do|did|was|were)\s+(?P<a>.+?)\s+"
            rf"(?P<aspect>(?:(?:cost|earn|last|weigh|take|pay|run|hold|need|use)s?\s)?{_COMPARATIVE}(?:\s\w+)?)\s+than\s+(?P<b>.+?)"
        ),
    )
)
_ZH_PLEASE = r"^(?:请问|请|帮我|麻烦|能否|可以)*"
_AND = r"(?:和|与|與|跟|(?<![合一相不共])同|以及|(?<!以)及)"
_UNLIKE = r"(?:异同|区别|差别|差异|不同|不一样|異同|區別|差異)"
_MORE = r"(?:便宜|贵|长|短|高|低|大|小|多|少|早|晚|快|慢|好|远|近|重|轻|划算|严格|宽松|优惠)"
_EDITION = "(?:最?新|旧|老|现行|原)版本?|上一版"
_ZH = tuple(
    re.compile(rf"{_ZH_PLEASE}{form}[？?。！!\s]*$")
    for form in (
        rf"(?P<what>.+?)的?(?P<a>{_YEAR}年?度?)比(?P<b>{_YEAR}年?度?)(?P<aspect>{_MORE})(?:了|出)?(?:多少|几|吗|不少).*",
        (
            rf"(?P<what>.*?)的?(?P<a>{_EDITION})的?(?P<aspect>.*?)(?:{_AND}|比)(?P<b>{_EDITION})(?P<rest>.*?)"
            rf"(?:相比|比)?(?:有|的|在)?(?:什么|啥|哪些|何|哪里|哪儿)?(?:{_UNLIKE}|变化|变动|改动|改了什么)"
        ),
        (
            rf"(?P<what>.*?)(?:在|的)?(?P<a>{_YEAR}年?度?)(?:版本?)?的?{_AND}(?P<b>{_YEAR}年?度?)(?:版本?)?(?P<aspect>.*?)"
            rf"(?:分别|各自?|相比|比起来|之间)?(?:是|有|差了?|变了?)?(?:多少[钱元天个万]*|几[天个]|什么|哪些|何)?(?:{_UNLIKE}|变化|变动|调整)?"
        ),
        rf"(?:比较|对比|比較|對比)(?:一下|下)?(?P<a>.+?){_AND}(?P<b>.+?)(?:的{_UNLIKE})?",
        rf"(?P<a>.+?){_AND}(?P<b>.+?)(?:之间|相比|比起来)?(?:在(?P<aspect>.+?)(?:上|方面))?(?:有什么|有哪些|有何|有什麼|有没有|有啥|的|哪里|哪儿){_UNLIKE}(?:是什么|在哪里?|有哪些)?",
        rf"(?P<a>.+?){_AND}(?P<b>.+?)(?:相差|差)(?:多少|几|多久|多远)(?:[钱元块天年个月岁倍小时]*)",
        rf"(?P<a>.+?)(?:{_AND}|还是|，|,)(?P<b>.+?)[，,]?(?:哪(?:一)?[个家种份款台]|谁)的?(?P<aspect>.*?(?:更|最|比较)?{_MORE})(?:一些|一点|些)?",
        rf"(?P<a>.+?)比(?P<b>.+?)(?P<aspect>{_MORE})(?:多少|几|吗|不少).*",
    )
)
_NEW_AND_OLD = re.compile(r"新[旧老](?:两|二|2)?[份版个种]?(?:版本)?的?(?P<what>[^的有]{1,20}?)(?:的|(?=有))")
_SUM = "合计总价"
_NO_SUM, _NO_ASPECT = "(?P<sum>(?!))?", "(?P<aspect>(?!))?"
_TWO = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        *(
            rf"{_PLEASE}{form}{_NO_SUM}\s*[?.!]*$"
            for form in (
                rf"(?:compare|{_DIFFERENCE} between) (?:the|my|our|both) (?:two )?(?P<a>\D+?s)(?: in (?P<aspect>.+?))?",
                r"how (?:do|are) (?:the|my|our) two (?P<a>.+?) (?:differ(?:ent)?|compare)(?: in (?P<aspect>.+?))?",
                (
                    r"which of (?:the|my|our) two (?P<a>.+?) (?:is|are|has|costs?|takes?|lasts?) (?:the )?"
                    rf"(?P<aspect>{_COMPARATIVE}.*?)"
                ),
            )
        ),
        (
            rf"{_ZH_PLEASE}(?:比较|对比)?(?:一下)?这?(?:两|俩|二|2)[家份个种款版次张台套](?P<a>.+?)的?(?:之间)?(?:"
            rf"(?:有什么|有哪些|有何|的)?{_UNLIKE}(?:是什么|在哪)?|哪(?:一)?[个家份种款台](?P<aspect>.*{_MORE})"
            r"|(?P<sum>相?差多少钱?))[？?。！!\s]*$"
        ),
        (
            rf"{_ZH_PLEASE}(?:比较|对比)(?:一下)?这?(?:两|俩|二|2)[家份个种款版次张台套](?P<a>[^和与跟]+?)"
            rf"{_NO_ASPECT}{_NO_SUM}[？?。！!\s]*$"
        ),
    )
)
"""Two things that have one name."""
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
    """Return the two things that a question compares; nothing, if it does not clearly compare."""
    if _LAST.search(text) and _THIS.search(text):
        this = date.today().year  # noqa: DTZ011  as who asks counts years
        text = _THIS.sub(lambda one: _year(this, one), _LAST.sub(lambda one: _year(this - 1, one), text))
    text = _NEW_AND_OLD.sub(r"\g<what>新版和旧版的", text)
    for form in (*_EN, *_ZH):
        if match := form.match(text):
            said = {key: (value or "").strip(EDGES) for key, value in match.groupdict().items()}
            parts = (said.pop("what", ""), said.get("aspect", ""), said.pop("rest", ""))
            said["aspect"] = " ".join(filter(None, (part.removeprefix("的") for part in parts)))
            if said["a"] and said["b"] and said["a"] != said["b"]:
                return _distributed(said)
    return ()


def _year(year: int, said: re.Match[str]) -> str:
    return f"{year}年" if _HAN.search(said.group()) else str(year)


def two_of(text: str) -> Topic | None:
    """Return what two of are compared without their names, and what of them: *the two Brightwell quotes*."""
    for form in _TWO:
        if match := form.match(text):
            said = match["a"].strip(EDGES)
            more = match["aspect"] or ""
            return Topic(said, aspect=more.strip(EDGES) or (_SUM if match["sum"] else ""), said=said) if said else None
    return None


def _distributed(said: Mapping[str, str]) -> tuple[Topic, ...]:
    """Return the sides, with what is asked of one asked of the other too."""
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
    if len(asked) > 1:  # each side has a head of its own
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
