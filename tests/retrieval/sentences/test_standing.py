"""Whether a document says that it no longer holds, and since when it holds."""

from __future__ import annotations

import pytest
from kb.ingest.document import Chunk
from kb.retrieval.sentences.standing import day_of, is_final, is_out_of_date


def chunk(text: str = "", names: str = "", *titles: str) -> Chunk:
    """A passage of a document that is called so."""
    return Chunk("1", "1", "/1", text, 0, len(text), (), titles, 9, names)


@pytest.mark.parametrize(
    "one",
    [
        chunk("Status: superseded by 2024-7"),
        chunk("状态：已废止"),
        chunk("This policy has been repealed."),
        chunk("本办法自2021年1月1日起废止。"),
        chunk("", "policy_2022_superseded"),
        chunk("", "travel rules (obsolete)"),
        chunk("", "", "考勤制度（已废止）"),
        chunk("", "", "Leave policy [withdrawn]"),
        chunk("", "员工手册 旧版"),
    ],
)
def test_a_mark_is_seen(one: Chunk) -> None:
    """In brackets, at the end of a name, as a status, or in a sentence about the document itself."""
    assert is_out_of_date(one)
    assert not is_final(one)


@pytest.mark.parametrize(
    "one",
    [
        chunk("Note: the discount is withdrawn for orders under 50 EUR."),
        chunk("注：发票作废后须重新开具。"),
        chunk("状态：有效"),
        chunk("Status: open, the old contract is superseded"),
        chunk("", "Obsolete parts list"),
        chunk("", "when a cheque is void"),
        chunk("", "失效分析报告"),
        chunk("", "", "作废发票的处理"),
        chunk("", "", "Expired passports"),
        chunk("本合同期满后，旧钥匙须交还。"),
    ],
)
def test_what_is_about_it_is_no_mark(one: Chunk) -> None:
    """A document about what lapsed has not lapsed."""
    assert not is_out_of_date(one)


@pytest.mark.parametrize(
    ("one", "day"),
    [
        (chunk("", "rules 2022"), "2022"),
        (chunk("Effective 1 May 2023."), "2023-05-01"),
        (chunk("Born on 4 May 1980."), ""),
    ],
)
def test_the_day_is_that_of_its_name_or_since_when_it_holds(one: Chunk, day: str) -> None:
    """Any other date tells nothing of the document."""
    assert day_of(one) == day
