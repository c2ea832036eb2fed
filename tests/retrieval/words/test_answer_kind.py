"""What kind of thing a question asks for, and where a text has one."""

from __future__ import annotations

import pytest
from kb.retrieval.words.answer_kind import expected_answer, likely_answer, new_matches


@pytest.mark.parametrize(
    ("question", "text", "found"),
    [
        ("搬家哪天？", "报价 1800 元，日期定在2026年5月16日。", ["2026年5月16日"]),
        ("展会是哪一年？", "2019人参加，2021年举办。", ["2021年"]),
        ("When is the fair?", "1500 people came, in 1998.", ["1998"]),
        ("When did it open?", "It cost $1900 and weighs 1200 kg.", []),
        ("In which year did he leave?", "He left in 2014 with 2000 EUR.", ["2014"]),
        ("When was it signed?", "Signed 2015-03-04, order 1,800.", ["2015-03-04"]),
    ],
)
def test_an_amount_is_no_year(question: str, text: str, found: list[str]) -> None:
    """A number of four digits with a currency or what is counted beside it says no time."""
    kind = likely_answer(question)
    assert kind
    assert [text[start:stop].strip() for start, stop in new_matches(kind, text, question)] == found


@pytest.mark.parametrize(
    ("question", "text", "found"),
    [
        ("后门钥匙放哪了", "改放在收银台第二个抽屉", True),
        ("周六在哪踢", "场地换成体校二号场", True),
        ("退货寄到哪", "寄往溪口镇老粮站3号仓", True),
        ("钥匙放哪了", "明天上午十点集合", False),
        ("放哪个文件里", "在柜台上", False),
        ("where is the brass lamp kept", "It lives in the locked cupboard under the stairs.", True),
    ],
)
def test_a_place_may_be_a_piece_of_furniture(question: str, text: str, found: bool) -> None:  # noqa: FBT001  a case
    """Where asks for a drawer as well as for a town; which one asks for something else."""
    kinds = [kind for kind in (expected_answer(question), likely_answer(question)) if kind]
    assert any(new_matches(kind, text, question) for kind in kinds) is found


@pytest.mark.parametrize(
    ("question", "text", "found"),
    [
        ("货车几点到？", "预计十一点到，司机下午两点半走。", ["十一点", "下午两点半"]),
        ("What time does the gym open?", "It opens at 6:30, Sundays at eight, later 10 am.", ["6:30", "at eight", "10 am"]),
        ("When does the ferry leave?", "It leaves at half past nine.", ["half past nine"]),
        ("营业时间是？", "早上8点到晚上9点", ["早上8点", "晚上9点"]),
        ("几点开会", "会上提了三点意见，提前一点，下午3点前交。", ["下午3点"]),
        ("What time is lunch?", "Version 10.30 of 12 pages, logged 09:15:22.", []),
    ],
)  # fmt: skip
def test_a_time_of_day_is_found(question: str, text: str, found: list[str]) -> None:
    """三点意见 are three points and 一点 is a little; a second in a log is when it was logged."""
    for kind in (expected_answer(question), likely_answer(question)):
        assert kind
        assert [text[start:stop].strip() for start, stop in new_matches(kind, text, question)] == found
