"""What is compared: both sides with all that is asked of them, in both languages, and what of the passages is whose."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files
from typing import Literal

import pytest
from kb.ingest.document import Chunk
from kb.prompts.belonging import of_side
from kb.prompts.prompt import Topic
from kb.prompts.sides import forms, sides_of, two_of
from kb.retrieval.hit import Hit

FORMS = tomllib.loads(files("kb.prompts").joinpath("sides.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("Compare the fees of Ash and Elm", (("the fees of Ash", "the fees"), ("the fees of Elm", "the fees"))),
        (
            "What is the difference between the rent in Bonn and that in Kiel?",
            (("the rent in Bonn", "the rent"), ("the rent in Kiel", "the rent")),
        ),
        ("Compare leave in Bonn and on ships", (("leave in Bonn", "leave"), ("leave on ships", "leave"))),
        ("Ash's fees vs. Elm's fees", (("Ash's fees", "fees"), ("Elm's fees", "fees"))),
        (
            "Which is cheaper, the red bike or the blue one?",
            (("the red bike", "is cheaper"), ("the blue bike", "is cheaper")),
        ),
        ("Is the ferry faster than the train?", (("the ferry", "faster"), ("the train", "faster"))),
        ("compare ferry.md and train.md", (("ferry.md", ""), ("train.md", ""))),
        ("比较甲公司和乙公司的付款期限", (("甲公司的付款期限", "付款期限"), ("乙公司的付款期限", "付款期限"))),
        ("甲方案的价格和乙方案有什么区别？", (("甲方案的价格", "价格"), ("乙方案的价格", "价格"))),
        ("外地客户和本地客户运费差多少", (("外地客户运费", "运费"), ("本地客户运费", "运费"))),
        ("红车和蓝车哪个更便宜？", (("红车", "更便宜"), ("蓝车", "更便宜"))),
        ("供货合同甲和供货合同乙哪个更贵", (("供货合同甲", "更贵"), ("供货合同乙", "更贵"))),
        (
            "How did the notice period change from the 2023 handbook to the 2026 one?",
            (("the 2023 handbook", "the notice period"), ("the 2026 handbook", "the notice period")),
        ),
        ("What was the fee in 2024 and 2025?", (("2024", "the fee"), ("2025", "the fee"))),
        ("rent 2025 vs 2026", (("2025", "rent"), ("2026", "rent"))),
        ("how much dearer is the tandem than the road bike?", (("the tandem", "dearer"), ("the road bike", "dearer"))),
        ("三者险2025年和2026年的保额分别是多少", (("2025年", "三者险 保额"), ("2026年", "三者险 保额"))),
        ("公积金比例2025年和2026年有什么不一样", (("2025年", "公积金比例"), ("2026年", "公积金比例"))),
        ("套房平日价2026年比2025年贵多少", (("2026年", "套房平日价 贵"), ("2025年", "套房平日价 贵"))),
        ("how much dearer did a crown get from 2025 to 2026", (("2025", "a crown"), ("2026", "a crown"))),
        ("志愿者须知新版的押金跟旧版有啥不一样", (("新版", "志愿者须知 押金"), ("旧版", "志愿者须知 押金"))),
        ("新旧两份杯子合同的质保期有什么不同", (("新版", "杯子合同 质保期"), ("旧版", "杯子合同 质保期"))),
        ("新旧版员工手册有什么区别", (("新版", "员工手册"), ("旧版", "员工手册"))),
        ("新版好不好", ()),
        ("how much has the bus cost so far", ()),
        ("Who is older?", ()),
        ("What does the contract of Ash and Elm say?", ()),
        ("甲公司和乙公司在哪里？", ()),
    ],
)
def test_what_is_asked_of_one_side_is_asked_of_both(question: str, sides: tuple[tuple[str, str], ...]) -> None:
    """The head of the first name, and the tail of the last one, hold for both; what does not compare has no sides."""
    assert tuple((side.text, side.aspect) for side in sides_of(question)) == sides


@pytest.mark.parametrize("question", ["club fee last year vs this year", "会费去年和今年各多少钱"])
def test_last_year_and_this_year_are_years(question: str) -> None:
    """Both named in one question are the two years that they are today."""
    this = date.today().year  # noqa: DTZ011
    assert [side.text.strip("年") for side in sides_of(question)] == [str(this - 1), str(this)]


@pytest.mark.parametrize(
    ("question", "called"),
    [
        ("compare the two Brightwell quotes", "Brightwell quotes"),
        ("What is the difference between the two leases?", "leases"),
        ("两家装修报价差多少？", "装修报价"),
        ("这两份合同有什么区别", "合同"),
        ("Compare the fees of Ash and Elm", ""),
        ("compare ferry.md and train.md", ""),
        ("两个人一间多少钱", ""),
    ],
)
def test_two_of_a_name_are_compared(question: str, called: str) -> None:
    """Two documents may be called the same, and the question names both at once."""
    pair = two_of(question)
    assert (pair.text if pair else "") == called


def hit(text: str, source: str = "/a.md", headings: tuple[str, ...] = ()) -> Hit:
    """A hit."""
    return Hit(Chunk("c", "d", source, text, 0, len(text), (), headings, 9), 1.0, "bm25")


ASH, ELM = Topic("fees of Ash", aspect="fees"), Topic("fees of Elm", aspect="fees")


def shares(one: Hit, sides: tuple[Topic, Topic] = (ASH, ELM)) -> list[str]:
    """What of a passage each side is left with."""
    return [" ".join(part.chunk.text.split()) if part else "" for side in sides for part in of_side([one], side, sides)]


def test_a_sentence_belongs_to_whom_it_its_heading_or_its_document_is_about() -> None:
    """The nearest of these decides; a row of a table says nothing of the next, but its head is for all."""
    assert shares(hit("Ash takes 3 percent. It is due at once. Elm takes 5 percent.")) == [
        "Ash takes 3 percent. It is due at once.", "Elm takes 5 percent.",
    ]  # fmt: skip
    assert shares(hit("The fee is 3 percent.", headings=("Fees", "Elm"))) == ["", "The fee is 3 percent."]
    assert shares(hit("| Name | Fee |\n|---|---|\n| Ash | 3 |\n| Elm | 5 |\n| Oak | 7 |")) == [
        "| Name | Fee | |---|---| | Ash | 3 |", "| Name | Fee | |---|---| | Elm | 5 |",
    ]  # fmt: skip
    of_documents = (
        Topic("fees of Ash", aspect="fees", sources=("/ash.md",)),
        Topic("fees of Elm", aspect="fees", sources=("/elm.md",)),
    )
    assert shares(hit("The fee is 3 percent.", "/ash.md"), of_documents) == ["The fee is 3 percent.", ""]
    assert shares(hit("The fee is 3 percent.", "/other.md"), of_documents) == ["", ""]


@pytest.mark.parametrize("kind", ["sides", "two"])
def test_patterns_fit_their_examples_and_not_the_others(kind: Literal["sides", "two"]) -> None:
    """Each pattern of sides.toml is the first that fits its examples, and fits none of what looks like them."""
    found = forms(kind)
    for at, form in enumerate(FORMS[kind]):
        for example in form["examples"]:
            assert next((n for n, one in enumerate(found) if one.fullmatch(example)), None) == at, example
        for other in form["others"]:
            assert not found[at].fullmatch(other), other
