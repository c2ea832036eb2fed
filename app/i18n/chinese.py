"""What accompanies an answer, in Chinese: the notes and reasons that the stages say in English.

Comes in: an English sentence of ours. Goes out: the Chinese one, with the same names and numbers in it. Never: a change to
text that came from a document or a model.
"""

from __future__ import annotations

import re

from .errors import ERRORS
from .reasons import REASONS

# Patterns of the sentences in retrieval/search/search.py, retrieval/lanes/dense.py, prompts/ground.py, app/answers/notes.py,
# app/base/notes.py, app/base/embedders.py, app/cli/show.py and app/answers/log.py; tests/app/i18n/test_chinese.py fails when
# one of those changes and is not said here any more.
_SAID = (
    (r"(.+) cannot read the language of this question; searched by keywords and TF-IDF instead\.",
     r"\1 读不懂这个问题所用的语言；改用关键词和 TF-IDF 检索。"),
    (r"(.+) cannot read the language of this question; searched by keywords instead\.",
     r"\1 读不懂这个问题所用的语言；改用关键词检索。"),
    (r"(.+) cannot read the language of (\d+) passages (.+): .+(?:A multilingual model reads them: )(.+), then (.+)",
     r"\1 读不懂其中 \2 个段落 \3 的语言：这些段落靠关键词和 TF-IDF 检索。多语言模型可以读懂：先运行 \4，再运行 \5"),
    (r"No embedder is in use: passages are found by keywords (.+) To search by meaning: (.+), then run this again",
     r"没有使用嵌入模型：段落靠关键词（BM25）和 TF-IDF 检索。要按意思检索：先运行 \2，再运行一次"),
    (r"(\d+) documents were split again from stored text, to fit the embedder\.",
     r"有 \1 篇文档按嵌入模型的要求用已保存的文字重新分段。"),
    (r"The text in pages that are images can be recognised: (.+), then run this again",
     r"可以识别图像页面中的文字：先运行 \1，再运行一次"),
    (r"(\d+) of the (\d+) files that were read from (.+) are not there any more\..+",
     r"从 \3 读取过的 \2 个文件中有 \1 个不见了。已保留，因为可能只是磁盘没有挂载；确实要移除时请加上 --prune 再运行。"),
    (r"Links that lead out of the folder were not followed: (.+)\. Give kb ingest what they lead to\.",
     r"没有跟随指向文件夹之外的链接：\L1。请直接导入它们指向的文件或文件夹。"),
    (r"Not in UTF-8: (.+)\.", r"不是 UTF-8 编码：\L1。"),
    (r"(\d+) more notes on files: (.+)", r"还有 \1 条关于文件的说明：\2"),
    (r"Read before, and not redacted as asked now: (.+)\. Give their folders .+",
     r"以前读取过，没有按现在的要求脱敏：\1。请重新导入所在的文件夹，或者用 kb rm 删除。"),
    (r"none \(BM25 \+ TF-IDF\)", "无（BM25 + TF-IDF）"),
    (r"By meaning (\d+) of (\d+) passages so far, all of them by keywords; (?:.+)",
     r"\2 个段落都能按关键词检索，其中 \1 个已经能按意思检索；其余的由 kb ingest、kb ui 或 kb serve 继续处理。"),
    (r"Every vector was looked at, without the index: (.+)", r"没有使用向量索引，逐个比较了所有向量：\1"),
    (r"looked at (\d+) documents, (\d+) passages \((.*)\); nearest: (.+)",
     r"查找了 \1 篇文档、\2 个段落（\L3）；最接近的：\F4"),
    (r"looked at (\d+) documents, (\d+) passages \((.*)\)", r"查找了 \1 篇文档、\2 个段落（\L3）"),
    (r"Searched by keywords and TF-IDF only\. (.+)", r"只用关键词和 TF-IDF 检索。\1"),
    (r"(\d+) of (\d+) pages of (.+) could not be read: (.+)\.", r"\3 的 \2 页中有 \1 页无法读取：第 \L4 页。"),
    (r"(\d+) passages did not fit the model's context and were left out: (.+)\.",
     r"有 \1 个段落超出模型的上下文而未使用：\F2。"),
    (r"What (.+) wrote (.+): these are quoted sentences\.", r"\1 写的内容\2，下面是引用的原文。"),
    (r"went on in circles", r"陷入了重复"),
    (r"recited the request", r"只是复述要求"),
    (r"changed language", r"换了语言"),
    (r"was marks only", r"只有编号"),
    (r"was empty", r"是空的"),
    (r"did not say what the passages say", r"没有说出原文的内容"),
    (r"(.+) is too small to summarise or compare: these are quoted sentences\.",
     r"\1 太小，不能总结或比较，下面是引用的原文。"),
    (r"No language model is configured: these are quoted sentences\. For a written answer: (.+)",
     r"没有配置语言模型：以上是原文摘句。要得到撰写的回答：\1"),
    (r"This answer was not recorded: (.+)\.", r"这个回答没有被记录：\1。"),
    (r"The documents do not seem to say anything on: (.+)\.", r"文档中似乎没有关于这一点的内容：\1。"),
    (r"The passages do not mention (.+)\.", r"段落中没有提到\L1。"),
    (r"This is a summary of (.+)\.", r"这是对 \1 的总结。"),
    (
        r"Other documents are called so too: (.+); name one to have that one summarised\.",
        r"还有名称相近的文档：\1；说出文件名即可总结那一份。",
    ),
    (r"The documents do not agree: (.+) and (.+) give other figures\.", r"文档说法不一：\1 和 \2 给出的数字不同。"),
    (r"Made from (\d+) of (\d+) passages\.", r"依据 \2 个段落中的 \1 个写成。"),
    (r"Made from (\d+) of (\d+) passages: (.+)\.", r"依据 \2 个段落中的 \1 个写成：\L3。"),
    (r"The answer was cut at (\d+) tokens; for more: (.+)", r"回答在 \1 个词元处被截断；要更长：\2"),
    (r"(.+) reads the passage as denying this\.", r"\1 认为段落否定了这一点。"),
    (r"(.+) does not find this in the passage\.", r"\1 在段落中没有找到这一点。"),
    (r"Logs of other bases still quote what was forgotten in this one; once they can be written to, run (.+) again\.",
     r"其他知识库的记录里还引用着这里已经删除的内容；等它们可以写入时，请再运行 \1。"),
    (r"Looked at (\d+) of (\d+) documents\.?", r"查看了 \2 篇文档中的 \1 篇。"),
    (r"No passage says this\.", "没有段落这样说。"),
    (r"The passage says only part of this\.", "段落只说了其中一部分。"),
    (r"The passage does not say this\.", "段落没有这样说。"),
    (r"The passage has these words, but not in this order\.", "段落里有这些词，但不是这样组合的。"),
    (r"A bare yes or no cannot be looked up\.", "单独的是或否无法核对。"),
    (r"The passage says part of this of (“.+”)\.", r"段落这样说的一部分是关于\1的。"),
    (r"The passage says this without the negation\.", "段落这样说，但没有否定。"),
    (r"The passage negates this\.", "段落否定了这一点。"),
    (r"The passage does not hold the words (.+)\.", r"段落中没有\1这些字。"),
    (r"The passage does not name (.+)\.", r"段落没有提到\L1。"),
    (r"The passage says (“.+”) where this says (“.+”)\.", r"段落说的是\1，这里说的是\2。"),
    (r"The passage does not say (“.+”) as one name\.", r"段落没有把\1作为一个名称。"),
    (r"The passage does not say (.+)\.", r"段落没有说到\L1。"),
)  # fmt: skip
_PATTERNS = tuple((re.compile(english, re.DOTALL), chinese) for english, chinese in (*_SAID, *REASONS, *ERRORS))
_PLACE = re.compile(r"\\([LF]?)(\d)")
"""Where a part stands in the Chinese; with L it is a list, with F one of files, in whose names there may be commas."""
_COMMA = {
    "L": re.compile(r", "),
    "F": re.compile(r"(?<=\w\.\w{2}), |(?<=\w\.\w{3}), |(?<=\w\.\w{4}), |(?<=\w\.\w{5}), "),
}


def in_chinese(sentence: str) -> str:
    """Return one of our sentences in Chinese, with those that stand in it; unchanged if it is none that is known here."""
    for pattern, chinese in _PATTERNS:
        if match := pattern.fullmatch(sentence):
            told = [in_chinese(part.strip()) for part in match.groups(default="")]
            return _PLACE.sub(lambda place, told=told: _listed(told[int(place[2]) - 1], place[1]), chinese)  # type: ignore[misc]
    base, colon, rest = sentence.partition(": ")  # of one base, where several were searched together
    if colon and (said := in_chinese(rest)) != rest:
        return f"{base}：{said}"
    return sentence


def _listed(part: str, kind: str) -> str:
    return _COMMA[kind].sub("、", part) if kind else part
