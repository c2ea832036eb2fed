"""A sentence is borne out by what it cites, or the reason why not is named."""

from __future__ import annotations

import random
import time

import pytest
from kb.ingest.document import Chunk
from kb.prompts.claims import compound_names, figures, names, negations, quotations
from kb.prompts.fill import fill
from kb.prompts.ground import locate
from kb.prompts.prompt import Prompt
from kb.prompts.read import read
from kb.retrieval.hit import Hit

TESLA = (
    "Tesla moved to Budapest in January 1881 to work under Ferenc Puskás at the Budapest Telephone Exchange. "
    "The exchange was not working when he arrived. He was paid 1,500 florins, about 2.5 million today."
)
FIRM = (
    "公司成立于1999年3月，总部在上海。员工每年有十五天年假，不可以转到下一年。张伟担任《晨报》的主编，负责三百名记者。"
)


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("The exchange was not working when he arrived.", TESLA),
        ("In January 1881 Tesla moved to Budapest to work under Ferenc Puskás.", TESLA),
        ("He was paid 1500 florins.", TESLA),
        ("He was paid about 2,500,000 today.", TESLA),
        ("公司于1999年三月成立，总部在上海。", FIRM),
        ("员工每年有15天年假。", FIRM),
        ("張偉擔任《晨報》的主編。", FIRM),
    ],
)
def test_what_the_passage_says_is_supported(sentence: str, passage: str) -> None:
    """Quoted, turned round, with figures and characters written another way: it is all the same claim."""
    assert locate(sentence, passage).support == "supported"


@pytest.mark.parametrize(
    ("sentence", "passage", "reason"),
    [
        ("Tesla moved to Budapest in January 1882.", TESLA, "1882"),
        ("Tesla moved to Budapest in June 1881.", TESLA, "June"),
        ("He was paid 1,600 florins.", TESLA, "1,600"),
        ("He was paid about 2.5 billion today.", TESLA, "2.5 billion"),
        ("Tesla moved to Prague in January 1881.", TESLA, "Prague"),
        ("The exchange was working when he arrived.", TESLA, "negates"),
        ("Tesla never moved to Budapest.", TESLA, "negation"),
        ("He worked at the “Royal Exchange of Telephones”.", TESLA, ""),
        ("公司成立于1998年3月，总部在上海。", FIRM, "1998"),
        ("公司成立于1999年五月。", FIRM, "五"),
        ("员工每年有二十天年假。", FIRM, "二十"),
        ("员工每年有十五天年假，可以转到下一年。", FIRM, "negates"),
        ("李强担任《晚报》的主编。", FIRM, "晚报"),
        ("公司不成立于1999年3月，总部在上海。", FIRM, "negation"),
        ("张伟负责四百名记者。", FIRM, "四百"),
    ],
)
def test_a_changed_claim_is_not_supported(sentence: str, passage: str, reason: str) -> None:
    """A figure, date, name, quotation or negation that the passage does not hold is named in the reason."""
    place = locate(sentence, passage)
    assert place.support == "unsupported"
    assert reason in place.reason
    assert passage[place.start : place.stop]


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("李明担任《晨报》的主编，负责三百名记者。", FIRM),
        ("公司成立于1999年3月，总部在北京。", FIRM),
        (
            "Edison moved to Budapest in January 1881 to work under Ferenc Puskás at the Budapest Telephone Exchange.",
            TESLA,
        ),
    ],
)
def test_a_word_put_in_the_place_of_another_shows(sentence: str, passage: str) -> None:
    """In what is else a quote, another name is seen even where nothing marks it as a name."""
    place = locate(sentence, passage)
    assert place.support == "partly"
    assert "where this says" in place.reason


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        (
            "The prince's long-term loan was organised by the seven member states in the spring of that year.",
            "The prince 's long term loan was organized by the 7 member states in the spring of that year.",
        ),
        ("However, the small ferry also crosses the bay at night.", "The small ferry crosses the bay at night."),
        ("She moved to Oslo and later wrote three books there about the sea.",
         "Ann moved to Oslo in 1990. The town is large. It rains. There she wrote three books about the sea."),
        ("``The Sea 's Song'' is a song by the singer Ann Lee.", "The sea's song is a song by the singer Ann Lee."),
    ],
)  # fmt: skip
def test_other_spellings_and_links_are_no_other_claim(sentence: str, passage: str) -> None:
    """Hyphens, apostrophes, British endings, words that only link, and pronouns change nothing that is claimed."""
    assert locate(sentence, passage).support == "supported"


@pytest.mark.parametrize(
    "sentence", ["The limit is 30 days.", "It was never more than 90 days.", "It never was more than 90."]
)
def test_what_is_struck_out_bears_nothing_out(sentence: str) -> None:
    """Neither by its figures nor word by word; what is left of the sentence does, at its place."""
    passage = "~~It was never more than 90 days.~~ The limit is ~~30~~ 14 days. Ask the clerk."
    assert locate(sentence, passage).support == "unsupported"
    place = locate("The limit is 14 days.", passage)
    assert place.support == "supported"
    assert passage[place.start : place.stop] == "The limit is ~~30~~ 14 days."


def test_words_picked_from_here_and_there_are_not_a_statement() -> None:
    """That a short sentence's words are all there does not mean that the passage says it."""
    passage = "Der Mond is an opera by Orff. Orff was a composer, best known for his cantata Carmina Burana."
    assert "order" in locate("Orff is best known for his opera Der Mond.", passage).reason


def test_a_statement_is_not_put_together_from_two_subjects() -> None:
    """What one sentence says of one thing and another of another is not said of both, also where a space is missing."""
    passage = (
        "Stanford University is in California.Boston College is a university in Chestnut Hill. It was founded in 1863. "
        "Stanford was founded later, by Leland Stanford, a senator."
    )
    place = locate("Stanford University is in Chestnut Hill.", passage)
    assert (place.support, place.reason) == ("partly", "The passage says part of this of “Boston College”.")
    assert locate("Boston College, a university in Chestnut Hill, was founded in 1863.", passage).support == "supported"


def test_the_heading_may_be_named_where_the_passage_says_he() -> None:
    """Who is spoken of stands in the title; a name from nowhere is still seen."""
    passage = "Later he moved to Oslo and wrote three books about the cold northern sea and its fishermen there."
    named = "Later Lee moved to Oslo and wrote three books about the cold northern sea and its fishermen there."
    assert locate(named, passage, "Ann Lee").support == "supported"
    assert locate(named, passage, "Tom Ford").support == "unsupported"


def test_a_bare_yes_or_no_is_neither_supported_nor_denied() -> None:
    """Words cannot tell; strict answers keep it, and it is told."""
    prompt = chunked(["Ann Lee was born in Oslo."], random.Random(1))
    reading = read("Yes. 不是。", prompt, lambda _document, _offset: None, strict=True)
    assert [(sentence.text, sentence.support) for sentence in reading.sentences] == [
        ("Yes.", "partly"),
        ("不是。", "partly"),
    ]
    assert locate("Yes.", TESLA).reason == "A bare yes or no cannot be looked up."


def test_a_figure_is_not_quoted_out_of_a_longer_one() -> None:
    """That the passage says 1500 does not bear out 150."""
    assert locate("It costs 150", "It costs 1500 a year.").support == "unsupported"
    assert locate("It costs 1500", "It costs 1500 a year.").support == "supported"


def test_headings_count_as_said() -> None:
    """A name that stands only in the heading is not an invented one."""
    text = "It was opened in 1931 and carries 40,000 cars."
    sentence = "The bridge Aurora was opened in 1931 and carries 40,000 cars."
    assert locate(sentence, text).support == "unsupported"
    assert locate(sentence, text, "The bridge Aurora").support == "supported"


def test_a_name_must_be_whole() -> None:
    """Lake Erie and a State Park in the same passage do not make a Lake Erie State Park."""
    passage = "Presque Isle is a State Park near Erie. The beaches lie on the lake: Lake Erie."
    assert "as one name" in locate("Presque Isle is near Erie State Park.", passage).reason


def test_claims_are_read_whatever_they_are_written_in() -> None:
    """Numbers, months, names, quotations and negations, in both languages."""
    assert set(figures("1,500 and 2.5 million on 3 March")) == {"1500", "2500000", "3", "month 3"}
    assert set(figures("三百二十一名，1.5亿，十二月")) == {"321", "150000000", "month 12"}
    assert figures("一个人千万不要去第一次", claimed=True) == {}
    assert names("Yesterday Ann Lee met NASA people") == ("Ann", "Lee", "NASA")
    assert compound_names("The Golden Gate opened") == ("Golden Gate",)
    assert quotations("他在《晨报》说“不可能”") == ("晨报", "不可能")
    assert [negation.word for negation in negations("It isn't red, no, not at all. 他不去，非常好，不仅如此")] == [
        "n't",
        "not",
        "不",
    ]


SENTENCES = (
    "The moon has no air.", "Mars has two moons!", "Is it red?", "第一章讲述历史。", "员工有15天年假！",
    "v2.3.1 runs e.g. on Linux.",
    "| a | b |", "- an item", "1. First.", "## Heading", "“引文”在此。", "5 %", "\n\n", " ", "…", "x" * 70,
)  # fmt: skip


def test_ten_thousand_citations_are_exact() -> None:
    """Of random documents and answers, every citation is a place in its document, and the place holds the quote."""
    chance = random.Random(5)
    n = said = 0
    while n < 10_000:
        documents = [
            chance.choice(["", " ", "\n"]).join(chance.choices(SENTENCES, k=chance.randint(0, 12))) for _ in range(3)
        ]
        prompt = chunked(documents, chance)
        raw = " ".join(
            chance.choice(SENTENCES) + chance.choice(["", "[1]", " [2]", "【3】", "[1, 2]", "[9]", "[", "[0]"])
            for _ in range(chance.randint(1, 12))
        )
        reading = read(raw, prompt, lambda _document, _offset: None, strict=chance.random() < 0.2)
        for sentence in reading.sentences:
            for citation in sentence.citations:
                n += 1
                text = documents[int(citation.source)]
                assert 0 <= citation.start <= citation.stop <= len(text)
                assert text[citation.start : citation.stop] == citation.quote
                said += any(map(str.isalnum, citation.quote)) and citation.start > 0
    assert said > n / 3  # an empty quote, or one at the very start, would be right by chance


def chunked(documents: list[str], chance: random.Random) -> Prompt:
    """A prompt over random stretches of these documents."""
    hits = []
    for number, text in enumerate(documents):
        start, stop = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        hits.append(Hit(Chunk(f"c{number}", "d", str(number), text[start:stop], start, stop, (), (), 9), 1.0, "fused"))
    return fill("Q?", hits, count_tokens=len, room_tokens=1 << 20)


def test_strict_leaves_out_what_nothing_bears_out() -> None:
    """Unsupported sentences go, and the marks are counted again."""
    prompt = fill(
        "Q?",
        [
            Hit(Chunk(str(n), "d", str(n), text, 0, len(text), (), (), 9), 1.0, "fused")
            for n, text in enumerate([TESLA, FIRM])
        ],
        count_tokens=len,
        room_tokens=1 << 20,
    )
    raw = "Tesla moved to Budapest in 1999 [1]. Cheese is a kind of soup. 公司成立于1999年3月，总部在上海。[2]"
    reading = read(raw, prompt, lambda _document, _offset: None, strict=True)
    assert reading.text == "公司成立于1999年3月，总部在上海。 [1]"
    assert [sentence.citations[0].source for sentence in reading.sentences] == ["1"]


def test_judging_is_quick() -> None:
    """A sentence takes milliseconds at first sight, and none when a streamed answer is read again."""
    passage = " ".join(TESLA.replace("1881", str(year)) for year in range(1881, 1885))
    sentences = [f"Tesla had moved to Budapest by {year}, to work at the Exchange." for year in range(1800, 1900)]
    began = time.perf_counter()
    for sentence in sentences:
        locate(sentence, passage)
    first = time.perf_counter() - began
    began = time.perf_counter()
    for sentence in sentences:
        locate(sentence, passage)
    assert first / len(sentences) < 0.02
    assert (time.perf_counter() - began) / len(sentences) < 0.001
