"""How well a question that names a company finds that company's handbook among many that say the same with other figures.

Comes in: a number of companies and a seed. Goes out: nDCG@10, how often the right passage and the right handbook are first, and
how often a company without a handbook is told to be absent. Names come in pairs that share a word (InnovateTech Solutions,
InnovateTech Inc.), and only the first section of a handbook names its company. Never: tuning.

Run: python benchmarks/lookalikes.py --companies 40 --embedder tfidf
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kb import KnowledgeBase
from kb.retrieval.metrics import ndcg_at

_HEADS = (
    "Innovate",
    "Health",
    "Green",
    "Northern",
    "Silver",
    "Bright",
    "Harbor",
    "Summit",
    "Crystal",
    "Golden",
    "River",
)
_TAILS = ["Tech", "Pro", "Fields", "Light", "Works", "Point", "Bridge", "Gate", "Wave", "Line"]
_KINDS = ("Solutions", "Inc.", "Holdings", "Logistics Ltd", "Innovations", "Foods", "Media Group", "Energy")
_ZH_HEADS = (
    "真实",
    "阳光",
    "宏远",
    "华丰",
    "金桥",
    "天润",
    "恒信",
    "瑞祥",
    "东海",
    "云帆",
    "中泰",
    "博雅",
    "明德",
    "新锐",
)
_ZH_KINDS = ("制造有限公司", "传媒有限公司", "物流股份有限公司", "科技有限公司", "食品集团", "医药有限公司")


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence of every handbook, with a figure that differs, and how people ask for it."""

    heading: str
    sentence: str
    question: str
    low: int
    high: int


_EN = (
    Fact("Annual leave", "Every employee has {n} days of paid leave a year; leave is asked for two weeks ahead.",
         "How many days of annual leave do employees of {name} get?", 20, 38),
    Fact("Notice", "The contract ends with a notice of {n} days, which is given in writing.",
         "What is the notice period at {name}?", 14, 120),
    Fact("Travel", "For meals on a journey the company pays {n} euros a day; receipts are handed in within a month.",
         "How much does {name} pay for meals when travelling?", 18, 90),
    Fact("Survey", "In the survey of 2020 the satisfaction of employees was {n} of 100 points.",
         "How satisfied were the employees of {name} in 2020?", 50, 99),
    Fact("Sick leave", "Who is ill tells the office by nine o'clock; from day {n} on a certificate is needed.",
         "From which day on does {name} want a sick note?", 2, 9),
    Fact("Probation", "Probation lasts {n} weeks, in which either side may leave with short notice.",
         "How long is probation at {name}?", 4, 26),
)  # fmt: skip
_ZH = (
    Fact("年休假", "员工每年享有{n}天带薪年休假，请假须提前两周申请。", "{name}的员工有多少天年假？", 5, 30),
    Fact("离职", "员工离职须提前{n}天书面通知公司。", "{name}离职要提前几天通知？", 7, 90),
    Fact("差旅", "出差期间的餐费补助为每天{n}元，凭票报销。", "{name}出差每天补多少餐费？", 50, 300),
    Fact(
        "满意度调查", "2020年度的员工满意度为{n}分，比上一年度有所提高。", "{name}2020年度的员工满意度是多少？", 50, 99
    ),
    Fact("病假", "连续病假超过{n}天的，须提交医院证明。", "{name}请病假几天要交证明？", 1, 9),
    Fact("试用期", "新员工的试用期为{n}周，期间双方可随时解除合同。", "{name}的试用期多长？", 4, 26),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the file that answers it and what stands only in the right passage of that file."""

    text: str
    file: str
    sentence: str
    """Empty: no handbook is of this company."""


def names(n: int, dice: random.Random) -> tuple[list[str], list[str]]:
    """Return ``n`` English and ``n`` Chinese names of companies; each shares a word with another one."""
    english = [f"{head}{tail} {kind}" for head in _HEADS for tail in _TAILS for kind in dice.sample(_KINDS, 2)]
    chinese = [f"{head}{kind}" for head in _ZH_HEADS for kind in _ZH_KINDS]
    dice.shuffle(chinese)
    pairs = [english[at : at + 2] for at in range(0, len(english), 2)]
    dice.shuffle(pairs)
    return [name for pair in pairs for name in pair][:n], chinese[:n]


def write(folder: Path, companies: int, seed: int) -> list[Asked]:
    """Write the handbooks; return the questions, of which one in seven is of a company that has none."""
    dice = random.Random(seed)
    asked: list[Asked] = []
    english, chinese = names(companies + companies // 6, dice)
    for language, pool, facts in (("en", english, _EN), ("zh", chinese, _ZH)):
        for number, name in enumerate(pool):
            path = folder / f"{language}-{number:03}.md"
            said = {fact: fact.sentence.format(n=dice.randint(fact.low, fact.high)) for fact in facts}
            if number < companies:
                path.write_text("\n\n".join(_handbook(language, name, said)), "utf-8")
            fact = dice.choice(facts)
            asked.append(Asked(fact.question.format(name=name), path.name, said[fact] if number < companies else ""))
    return asked


def _handbook(language: str, name: str, said: dict[Fact, str]) -> Iterator[str]:
    if language == "en":
        yield f"# Employee handbook\n\nThis handbook holds for all who work at {name}. It takes the place of all earlier rules."
    else:
        yield f"# 员工手册\n\n本手册适用于{name}的全体员工，自发布之日起执行。"
    filler = "Questions are answered by the office. " if language == "en" else "本条由人力资源部负责解释。"
    for fact, sentence in said.items():
        yield f"## {fact.heading}\n\n{sentence} {filler * 8}"


def main() -> None:
    """Make, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--embedder", default="tfidf")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        files = Path(temporary) / "files"
        files.mkdir()
        asked = write(files, given.companies, given.seed)
        with KnowledgeBase.open("look", home=Path(temporary) / "home", embedder=given.embedder) as base:
            base.ingest([files])
            for language in ("en", "zh"):
                of_language = [one for one in asked if one.file.startswith(language)]
                print(measure(base, language, [one for one in of_language if one.sentence]))
                unknown = [one for one in of_language if not one.sentence]
                told = sum(bool(base.searcher.rank(one.text, 10).naming.absent) for one in unknown)
                print(f"{language}: {told} of {len(unknown)} companies without a handbook told to be absent")


def measure(base: KnowledgeBase, language: str, asked: list[Asked]) -> str:
    """Return a line with the figures of one language."""
    gains, first, file_first = [], 0, 0
    for one in asked:
        hits = base.search(one.text, 10)
        right = [hit.chunk.id for hit in hits if hit.chunk.source.endswith(one.file) and one.sentence in hit.chunk.text]
        gains.append(ndcg_at(10, [hit.chunk.id for hit in hits], dict.fromkeys(right[:1] or ["missing"], 1.0)))
        first += bool(hits) and hits[0].chunk.id in right
        file_first += bool(hits) and hits[0].chunk.source.endswith(one.file)
    n = len(asked)
    return f"{language}: n {n}, nDCG@10 {sum(gains) / n:.3f}, first: passage {first / n:.2f}, handbook {file_first / n:.2f}"


if __name__ == "__main__":
    main()
