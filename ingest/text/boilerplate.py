"""Boilerplate on every page of a site and under every mail is left out on request.

Comes in: a ``Reading``. Goes out: the same without blocks that are nothing but cookie notices, copyright and registration
lines, prompts to share or subscribe, and legal notes under e-mail. Never: part of a block, a heading, a table or code, or a
block left out without being counted.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from ..notice import Notice
from ..reading import Reading, without
from .fences import lines_and_code

_LONGEST = 1500
"""Characters; a longer block says something."""
_MARK = re.compile(r"^\s*(?:[-*+>•·|]|\d+[.)])?\s*")
_BLOCK = re.compile(r"[^\n].*?(?=\n\s*\n|\Z)", re.DOTALL)

_SITES = r"(?:facebook|twitter|x|linkedin|whatsapp|reddit|pinterest|instagram|youtube|wechat|weibo|rss|e-?mail)"
_LINES = (
    r"(?:©|\(c\) ?[12]\d{3}|copyright(?: ©| \(c\))? ?[12]\d{3}|版权所有).{0,160}",
    r".{0,120}(?:all rights reserved|保留所有权利|版权所有)[.。！!]?",
    r".{0,40}(?:\w{1,2}ICP[备證证]|公网安备).{0,60}",
    rf"(?:share|tweet|pin|like|follow|print|e-?mail)(?: (?:this|us|it|on|via|with|by|page|article|post|friends|{_SITES}))*",
    _SITES,
    r"(?:subscribe|sign up)(?: (?:to|for) (?:our|the) .{0,60}|(?: now| today)?[.!]?)",
    r"(?:skip to (?:main )?content|back to top|read more|read next|learn more|load more|show more|click here)[ .!»›→]*",
    r"(?:related|recommended|popular|recent) (?:posts|articles|stories|topics)",
    r"(?:leave a (?:comment|reply)|log ?in|sign in|log ?out|register|home|menu|search|close)",
    r"(?:accept(?: all)?|reject(?: all)?|manage)(?: cookies| preferences)?",
    r".{0,120}\bunsubscribe\b.{0,120}",
    r"(?:sent from|get outlook for) .{0,40}",
    r"(?:分享(?:到|至|给|本文)?|转发|点赞|收藏|关注(?:我们|公众号)?|扫[一码]|扫描二维码|长按识别).{0,40}",
    r"(?:上一篇|下一篇|上一页|下一页|返回顶部|返回首页|回到顶部|相关(?:文章|阅读|推荐)|热门(?:文章|推荐)|猜你喜欢|阅读原文|查看更多|加载更多).{0,60}",
    r"(?:首页|登录|注册|退出登录|联系我们|关于我们|网站地图|友情链接|免责声明|隐私政策|使用条款)",
    r".{0,60}(?:退订|取消订阅).{0,60}",
    r"(?:发自我的|来自我的).{0,30}",
)
_BLOCKS = (
    r".*\b(?:we|(?:this|our) (?:web ?)?sites?|and our partners)(?: \w+)? uses? (?:\w+ )?cookies\b",
    r".*(?:本网站|本站|我们)(?:的网站)?(?:会|将)?使用 ?cookies?",
    r"(?=.*\bthis (?:e-?mail|message)\b)(?=.*\b(?:confidential|privileged|intended (?:only|solely)|intended recipient)\b)",
    r"(?=.*\bplease consider the environment before printing\b)",
    r"(?=.*(?:本邮件|此邮件|本电子邮件|此电子邮件))(?=.*(?:保密|机密|收件人|收信人))",
)


def without_boilerplate(reading: Reading) -> Reading:
    """Return the reading without its boilerplate, and a note that counts the blocks."""
    spans = list(_boilerplate(reading))
    if not spans:
        return reading
    left = without(reading, spans)
    return replace(left, notes=(*left.notes, Notice("{n} blocks of boilerplate were left out", n=len(spans))))


def _boilerplate(reading: Reading) -> Iterator[tuple[int, int]]:
    """Yield where blocks of boilerplate are, with the white space after them."""
    headings = {heading.start for heading in reading.headings}
    text, code = reading.text, _code(reading.text)
    for block in _BLOCK.finditer(text):
        if bisect_left(code, block.start()) < bisect_left(code, block.end()):
            continue
        if block.start() not in headings and is_boilerplate(block.group()):
            stop = block.end()
            while stop < len(text) and text[stop] == "\n":
                stop += 1
            yield block.start(), stop


def _code(text: str) -> list[int]:
    """Return where lines of code begin; code may hold blank lines, and so be several blocks."""
    starts, at = [], 0
    for line, is_code in lines_and_code(text):
        if is_code:
            starts.append(at)
        at += len(line) + 1
    return starts


def is_boilerplate(block: str) -> bool:
    """Return whether a paragraph or list is nothing but boilerplate."""
    if len(block) > _LONGEST or block.lstrip().startswith(("#", "|")):
        return False
    lines = [stripped for line in block.splitlines() if (stripped := _MARK.sub("", line).strip())]
    if lines and all(map(_any_of(_LINES).fullmatch, lines)):
        return True
    return bool(_any_of(_BLOCKS).match(" ".join(lines)))


@cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
