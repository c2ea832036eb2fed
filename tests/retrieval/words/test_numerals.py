"""Numbers and dates: what is read as one, what is left alone, and that a base finds and answers by any form of it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb import KnowledgeBase
from kb.ingest.store.catalog import Catalog, Tokenizer
from kb.ingest.store.schema import SCHEMA
from kb.retrieval.words.chinese_numbers import value_of
from kb.retrieval.words.numerals import in_digits, numerals
from kb.retrieval.words.question import asked_tokens, figures, match_query, terms, unheld
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens, written_tokens

DATES = (
    "2024-03-05", "2024/3/5", "2024年3月5日", "2024 年 3 月 5 日", "二〇二四年三月五日", "５ March 2024", "5th of March, 2024",
    "March 5, 2024", "Mar. 5th, 2024", "march 5 2024", "2024年03月05号",
    "05.03.2024", "2024.03.05",
)  # fmt: skip
TWELVE_THOUSAND = ("12000", "12,000", "１２０００", "一万二千", "一萬兩千", "壹万贰仟", "1.2万", "1.2 萬")
MONTH = ("2018年4月", "April 2018", "2018-04", "April, 2018", "Apr 2018", "2018/04", "4/2018", "二〇一八年四月")
MILLIONS = (
    "1.5 million",
    "1,500,000",
    "150万",
    "一百五十万",
    "1.5-million",
    "one and a half million",
    "1500000.00",
    "$1.5m",
)
TWELVE = ("12 people", "twelve people", "a dozen people", "Twelve people")
FIVE_PERCENT = ("5%", "five percent", "5 per cent", "百分之五", "5.0%", "five per cent", "５％")
SCALED = ("一亿二千万", "1.2亿", "120 million", "120,000,000", "1亿2000万", "壹亿贰仟万")
SHORT = ("三百五", "三百五十", "350", "three hundred and fifty")
CENTURY = ("21st century", "twenty-first century")
HALF = ("50%", "50 %", "50 percent", "50 per cent", "百分之五十", "百分之50", "５０％")


@pytest.mark.parametrize(
    "forms",
    [DATES, TWELVE_THOUSAND, HALF, MONTH, MILLIONS, TWELVE, FIVE_PERCENT, SCALED, SHORT, CENTURY],
)
def test_all_forms_find_each_other(forms: tuple[str, ...]) -> None:
    """Whatever the question's form, its figures and terms are tokens of a text with any other form, in FTS5 too."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        for text in forms:
            connection.execute("INSERT INTO bm25 (tokens) VALUES (?)", (" ".join(tokens(text)),))
        for question in forms:
            for text in forms:
                assert figures(question) <= set(tokens(text)), (question, text)
                assert all(term.within(set(tokens(text))) for term in terms(question)), (question, text)
            found = connection.execute(
                "SELECT count(*) FROM bm25 WHERE bm25 MATCH ?", (match_query(asked_tokens(question)),)
            )
            assert found.fetchone() == (len(forms),)


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("March 2024", "2024-03-05"),
        ("5 March", "2024年3月5日"),
        ("三月五日", "5 March 2024"),
        ("3月", "on March 5, 2024"),
        ("2024", "二〇二四年三月五日"),
        ("5 march", "5 March 2024"),
        ("第123条", "第一百二十三条"),
        ("3个月", "试用期为三个月"),
        ("3年", "每三年一次"),
        ("20世纪90年代", "二十世纪九十年代"),
        ("3个国家", "三个国家"),
        ("第3章", "第三章"),
        ("chapter 5", "the fifth chapter"),
        ("5-year plan", "a five-year plan"),
        ("24-hour service", "24 hours a day"),
        ("first floor", "1st floor"),
        ("€12.50", "12.50"),
        ("12.5 EUR", "€12.50"),
        ("1/3", "三分之一 of it"),
        ("one third", "三分之一"),
        ("2024-05-03", "3/5/2024"),
        ("2024-03-05", "3/5/2024"),
    ],
)
def test_a_part_finds_the_whole(part: str, whole: str) -> None:
    """A month finds its days, a number its written form."""
    assert figures(part) <= set(tokens(whole))
    assert set(tokens(part)) & set(tokens(whole))


@pytest.mark.parametrize(
    "text",
    [
        "二百五", "千万不要", "数十万人", "一个", "三亚", "十分", "三五十", "15月3日", "三点五分", "v2.3.1",
        "you may 3", "march 5 miles", "report-2024-03-05.pdf", "10.0.0.1", "1,2,3", "12,34", "万一", "2024-13-05", "",
        "several hundred people", "the one who", "per second", "月", "%", "12k", "mid-2022", "FY", "h1", "三体人",
    ],
)  # fmt: skip
def test_what_is_not_sure_is_left_alone(text: str) -> None:
    """Ambiguous dates, idioms, versions, identifiers and lists have only the tokens that they had."""
    assert numerals(text) == []
    assert in_digits(text) == text


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("十", 10), ("十二", 12), ("二十", 20), ("三百五十", 350), ("一百零八", 108), ("一千零一", 1001), ("一万零五", 10_005),
        ("一百三十四万", 1_340_000), ("一亿二千万", 120_000_000), ("十万八千", 108_000), ("二〇二四", 2024), ("两百", 200),
        ("二百五", None), ("一百百", None), ("百万", None), ("三五十", None), ("十百", None), ("一万万", None), ("零", 0),
        ("三百五", 350), ("一万五", 15_000), ("一亿三", 130_000_000), ("壹万贰仟", 12_000), ("两千〇五", 2005),
    ],
)  # fmt: skip
def test_a_chinese_numeral_has_this_value(written: str, value: int | None) -> None:
    """Well-formed ones; of others nothing is said."""
    assert value_of(written) == value


def written(number: int) -> str:
    """Return a number in Chinese numerals, as it is taught."""
    digits, units = "零一二三四五六七八九", ("", "十", "百", "千")

    def section(value: int) -> str:
        places = [(int(digit), units[len(str(value)) - at - 1]) for at, digit in enumerate(str(value))]
        text = "".join(digits[digit] + (unit if digit else "") for digit, unit in places)
        return re.sub("零+", "零", text).rstrip("零")

    if number < 10_000:
        return section(number)
    head, rest = divmod(number, 10_000)
    return f"{written(head)}万{'零' if rest and rest < 1000 else ''}{section(rest) if rest else ''}"


@given(st.integers(1, 99_999_999))
def test_every_number_is_read_back(number: int) -> None:
    """All up to a hundred million."""
    assert value_of(written(number)) == number


def spelt(number: int) -> str:
    """Return a number in English words, as it is taught."""
    small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ]  # fmt: skip
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    for scale, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= scale:
            head, rest = divmod(number, scale)
            link = " and " if rest < 100 else " "
            return f"{spelt(head)} {name}{link + spelt(rest) if rest else ''}"
    if number < 20:
        return small[number]
    return tens[number // 10 - 2] + (f"-{small[number % 10]}" if number % 10 else "")


@given(st.integers(2, 10**12 - 1))
def test_every_number_in_words_is_read_back(number: int) -> None:
    """All of a trillion, alone and in a sentence."""
    assert in_digits(spelt(number)) == str(number)
    assert in_digits(f"There were {spelt(number)} of them.") == f"There were {number} of them."


def test_what_a_question_only_counts_is_not_demanded() -> None:
    """What lists them answers it; a large number, a measure in digits or a percentage has to be there."""
    assert figures("What are the two kinds?") == figures("有哪三个国家？") == frozenset()
    assert figures("Who were the twenty-one members?") == {"21"}
    assert figures("What costs five percent?") == {"5"}


def test_a_month_with_its_year_is_one_figure() -> None:
    """It is not held where another year has this month; year and month apart are enough where nothing says otherwise."""
    asked = figures("2018年4月的销售额是多少？")
    assert "2018-04" in asked
    assert not unheld(asked, tokens("Sales in April 2018"))
    assert unheld(asked, tokens("2018年3月的销售额，2019年4月的销售额")) == {"2018-04"}
    assert not unheld(asked, tokens("Report of 2018. April: 5"))
    assert unheld(asked, tokens("Sales in 2018 were 5 million.")) == {"2018-04"}


@given(st.text("0123456789年月日号三十百千万零.,%-/ MarchtTQFYonetw季度第", max_size=40))
def test_any_text_is_read_without_losing_any(text: str) -> None:
    """Readings are in order, do not overlap, and what is between them stays."""
    found = numerals(text)
    stops = [0, *(one.stop for one in found)]
    assert all(one.start >= stop for one, stop in zip(found, stops, strict=False))
    rest = "".join(text[stop : one.start] for one, stop in zip(found, stops, strict=False)) + text[stops[-1] :]
    assert set(rest) <= set(in_digits(text)) | {" "}


def test_a_base_answers_whatever_the_form(tmp_path: Path) -> None:
    """A question in digits is answered from numerals and the other way round; a quoted phrase still matches to the letter."""
    (tmp_path / "contract.md").write_text("合同自二〇二四年三月五日起生效，违约金为一万二千元。", "utf-8")
    (tmp_path / "notice.md").write_text("The museum was closed to the public on 7 June 2023 for repairs.", "utf-8")
    with KnowledgeBase.open(embedder="tfidf", llm="extractive") as kb:
        kb.ingest([tmp_path])
        for question, source in (
            ("2024-03-05 哪份合同生效？", "contract.md"),
            ("违约金 12,000 元的合同何时生效？", "contract.md"),
            ("Which museum was closed on 2023-06-07?", "notice.md"),
        ):
            answer = kb.ask(question)
            assert not answer.abstained, question
            assert Path(answer.citations[0].source).name == source
        assert [Path(hit.chunk.source).name for hit in kb.search('"三月五日起"')] == ["contract.md"]
        assert [Path(hit.chunk.source).name for hit in kb.search('"万二千"')] == ["contract.md"]
        assert kb.search('"2024-03-05"') == ()


def test_an_older_base_learns_the_new_tokens_when_it_is_opened(tmp_path: Path) -> None:
    """Its keyword index was made without them; nothing is read or asked for again."""
    (tmp_path / "rule.md").write_text("押金为一万二千元。", "utf-8")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        folder = kb.config.folder
    with closing(Catalog(folder, Tokenizer(written_tokens, TOKENS_VERSION - 1))) as older:
        assert older.get("tokens") == str(TOKENS_VERSION - 1)
    with KnowledgeBase.open(embedder="tfidf") as kb:
        assert [hit.chunk.source for hit in kb.search("12,000", lanes=["bm25"])] == [str(tmp_path / "rule.md")]
