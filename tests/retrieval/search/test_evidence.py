"""Whether to answer is decided by what the passages hold, and by nothing else."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.document import Chunk
from kb.retrieval.hit import Hit, Lane
from kb.retrieval.search.evidence import READ_WEIGHTS, WEIGHTS, Evidence, Signs, weigh
from kb.retrieval.words.answer_kind import expected_answer, new_matches
from kb.retrieval.words.question import asked_phrases, figures, phrases, terms
from kb.retrieval.words.tokens import tokens

ENGLISH = (
    "The hotel allowance is 120 euros a night in Berlin and 140 euros in Paris.",
    "Expenses are filed in the portal within 30 days of the trip.",
    "Exit code 130 means that the run was interrupted by the user.",
    "Parental leave lasts 14 weeks and is paid in full.",
)
CHINESE = (
    "员工每年有十五天年假，入职满一年后可以使用。",
    "出差住宿标准为每晚一千二百元，超出部分自理。",
    "报销单须在出差结束后三十天内提交给财务部。",
)


def weighed(question: str, texts: tuple[str, ...], *lanes: Lane, counts: Mapping[str, int] | None = None) -> Evidence:
    """The evidence when every text is a hit, in this order, and the base holds nothing else."""
    hits = [
        Hit(Chunk(str(n), "d", "/a", text, 0, len(text), (), (), 9), -n, "fused", lanes) for n, text in enumerate(texts)
    ]
    known = Counter(token for text in texts for token in set(tokens(text))) if counts is None else counts
    return weigh(question, hits, lambda wanted: {one: known[one] for one in wanted if one in known})


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("What is the hotel allowance in Berlin?", ENGLISH),
        ("How long does parental leave last?", ENGLISH),
        ("What does exit code 130 mean?", ENGLISH),
        ("parental leave", ENGLISH),
        ("expenses", ENGLISH),
        ("员工每年有几天年假？", CHINESE),
        ("出差住宿的标准是多少？", CHINESE),
        ("年假", CHINESE),
    ],
)
def test_what_a_passage_says_is_enough(question: str, texts: tuple[str, ...]) -> None:
    """Long and short questions, Chinese and English, are answered when a passage holds what they name."""
    assert weighed(question, texts).sufficient
    assert weighed(question, texts, Lane("tfidf", 1, 0.3)).sufficient
    assert weighed(question, texts, Lane("dense", 1, 0.6)).sufficient


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("Who won the world cup in football last summer?", ENGLISH),
        ("When is the company picnic?", ENGLISH),
        ("Which mountain is the highest in South America?", ENGLISH),
        ("世界上最高的山峰是哪一座？", CHINESE),
        ("公司的年会在哪里举行？", CHINESE),
    ],
)
def test_what_no_passage_says_is_not(question: str, texts: tuple[str, ...]) -> None:
    """Questions on other topics are not answered from the words that they happen to share."""
    assert not weighed(question, texts, Lane("tfidf", 1, 0.08)).sufficient
    assert not weighed(question, texts, Lane("dense", 1, 0.2)).sufficient


@pytest.mark.parametrize("question", ["首都在哪里", "首都是哪里？", "国歌叫什么", "国歌叫做什么？"])
def test_a_short_chinese_question_is_answered_by_the_sentence_that_holds_it(question: str) -> None:
    """A city needs no 市 to be a place, and 叫 only asks."""
    texts = ("中华人民共和国首都是北京。中华人民共和国国歌是《义勇军进行曲》。", *CHINESE)
    assert weighed(question, texts, Lane("tfidf", 1, 0.1)).sufficient


def test_a_figure_that_no_passage_holds_forbids_an_answer() -> None:
    """Exit code 130 is no evidence on exit code 5, however alike the words are."""
    evidence = weighed("What does exit code 5 mean?", ENGLISH, Lane("dense", 1, 0.9))
    assert evidence.missing == ("5",)
    assert not evidence.sufficient


def test_a_figure_of_another_document_is_no_evidence() -> None:
    """Five minutes say nothing about exit code 5."""
    hits = [
        Hit(Chunk(str(n), str(n), f"/{n}", text, 0, len(text), (), (), 9), -n, "fused")
        for n, text in enumerate(
            ("Exit code 130 means that the run of the program was interrupted.", "It takes 5 minutes.")
        )
    ]
    assert weigh("What does exit code 5 of the program mean?", hits, lambda _: {}).verdict() == "unsure"


def test_a_question_in_another_language_needs_a_close_vector() -> None:
    """Without a shared word only the dense lane can tell, and it must be sure."""
    question = "住宿津贴是多少？"
    assert weighed(question, ENGLISH, Lane("dense", 1, 0.8)).sufficient
    assert not weighed(question, ENGLISH, Lane("dense", 1, 0.3)).sufficient
    assert not weighed(question, ENGLISH, Lane("tfidf", 1, 0.8)).sufficient


def test_in_a_base_of_one_passage_a_whole_question_is_enough() -> None:
    """No word is rare there and no score high; that one sentence holds all that is asked still counts."""
    receipt = ("Receipt\n\nParking 10.00\nBreakfast 24.00\n\nThank you for your stay",)
    assert weighed("How much was the parking?", receipt, Lane("tfidf", 1, 0.05)).sufficient
    assert not weighed("How much was the sauna?", receipt, Lane("tfidf", 1, 0.05)).sufficient


def test_strictness_asks_for_more_evidence() -> None:
    """What is answered strictly is answered as usual too, and with less than no evidence still only what has its figures."""
    question = "What is the allowance for hotels in Berlin?"
    evidence = weighed(question, ENGLISH, Lane("tfidf", 1, 0.3))
    assert evidence.suffices(evidence.score)
    assert not evidence.suffices(evidence.score + 0.1)
    assert not weighed("What does exit code 5 mean?", ENGLISH).suffices(-99)


@pytest.mark.parametrize(
    ("question", "texts", "absent"),
    [
        ("When does the lease in King Street end?", ("The lease in Queen Street ends in May.",), ("King",)),
        ("When does the lease in Queen Street end?", ("The lease in Queen Street ends in May.",), ()),
        ("How much is the sauna and the finest breakfast?", ("Breakfast is 24 euros.",), ("sauna",)),
        ("人民路的租约什么时候到期？", ("女王街的租约五月到期。",), ("人民路",)),
        ("女王街的租约什么时候到期？", ("女王街的租约五月到期。",), ()),
        ("這裡有三件事嗎？", ("这里有3件事。",), ()),
        ("住宿费每晚最多多少钱？", ("住宿费每晚不超过四百五十元。",), ()),
        ("租房要多少押金？", ("房屋出租，押金八百元。",), ()),
        ("Who is the landlord?", ("The lessor is Ana.",), ()),
        ("桑拿房每晚大概多少钱？", ("住宿费每晚不超过四百五十元。",), ("桑拿房",)),
    ],
)
def test_names_and_things_that_no_passage_mentions_are_told(
    question: str, texts: tuple[str, ...], absent: tuple[str, ...]
) -> None:
    """What the passages say may be about something else; adjectives and words that only ask say nothing of that."""
    assert weighed(question, texts).absent == absent


def test_nothing_found_and_nothing_asked_are_not_evidence() -> None:
    """No hits, or a question of question words only, are not answered."""
    assert not weighed("What is the hotel allowance?", ()).sufficient
    assert not weighed("what is it", ENGLISH).sufficient
    assert not weighed("？？？", ENGLISH).sufficient


def test_cosines_that_start_high_are_read_from_where_they_start() -> None:
    """An embedder that gives 0.7 to texts that have nothing in common does not make everything an answer."""
    hits = [Hit(Chunk("1", "d", "/a", ENGLISH[0], 0, 9, (), (), 9), 1, "fused", (Lane("dense", 1, 0.76),))]
    evidence = weigh("Who painted the ceiling?", hits, lambda _: {}, unrelated=0.72)
    assert evidence.similarity == pytest.approx((0.76 - 0.72) / (1 - 0.72))
    assert not evidence.sufficient


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=16, max_size=16), st.integers(0, 6))
def test_more_evidence_never_counts_for_less(values: list[float], more: int) -> None:
    """The score grows with what speaks for an answer, with the reader and without."""
    signs = Signs(*values)
    name = ("coverage", "own", "near", "phrases", "margin", "meaning", "read")[more]
    best = weighed("parental leave", ENGLISH).best
    raised = dataclasses.replace(signs, **{name: getattr(signs, name) + 0.5})
    for weights in (READ_WEIGHTS,) if name == "read" else (WEIGHTS, READ_WEIGHTS):
        assert Evidence(raised, best=best, weights=weights).score > Evidence(signs, best=best, weights=weights).score


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("What is the hotel allowance in Berlin?", ENGLISH),
        ("When is the company picnic?", ENGLISH),
        ("出差住宿的标准是多少？", CHINESE),
        ("公司的年会在哪里举行？", CHINESE),
    ],
)
def test_a_verdict_does_not_depend_on_what_else_a_base_holds(question: str, texts: tuple[str, ...]) -> None:
    """300 passages on other things are no reason to answer, nor not to."""
    other = tuple(f"Chapter {n} tells of the {n} rivers and lakes of a far country." for n in range(300))
    beside = (*texts, *other[: 8 - len(texts)])
    counts = Counter(token for text in (*texts, *other) for token in set(tokens(text)))
    alone = weighed(question, texts)
    assert weighed(question, beside, counts=counts).verdict() == alone.verdict()


def test_a_chinese_character_is_held_by_either_of_its_bigrams() -> None:
    """Where one word ends and the next begins need not be known."""
    found = {term.forms: term for term in terms("报销单提交期限是几天？")}
    assert ("报销", "销单") in found
    assert found["报销", "销单"].within({"销单"})
    assert not found["报销", "销单"].within({"提交"})


def test_phrases_do_not_reach_across_the_question_word() -> None:
    """Words that only stood on either side of "what" are no phrase."""
    assert "red plane" not in asked_phrases("the red what plane")
    assert asked_phrases("hotel allowance in Berlin") <= phrases("The hotel allowance in Berlin is high.")
    assert "住宿标" in phrases("出差住宿標準")


def test_figures_are_whole() -> None:
    """A version and a year are figures; a word is not."""
    assert figures("What changed in 2.3.1 of kb since 1999?") >= {"2.3.1", "1999"}
    assert figures("What changed?") == frozenset()


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        ("When was it founded?", "It was founded on March 5, 1999 by Ann Lee.", ["March 5, 1999"]),
        ("In what year was it founded?", "It was founded on 5 March 1999 by Ann.", ["1999"]),
        ("How many people work there?", "In 1999 some 1,200 people worked there.", ["1,200"]),
        ("公司成立于哪一年？", "公司于1999年在上海成立。", ["1999年"]),
        ("Who founded it in Berlin?", "In Berlin it was founded by Ann Lee.", ["Ann Lee"]),
    ],
)
def test_the_kind_of_answer_is_found_in_a_sentence(question: str, sentence: str, expected: list[str]) -> None:
    """Dates, numbers, years and names are found whole, and those of the question are not an answer to it."""
    kind = expected_answer(question)
    assert kind is not None
    assert [sentence[start:stop] for start, stop in new_matches(kind, sentence, question)] == expected


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("When was the bridge opened?", "The bridge was opened in 1931.", False),
        ("When was the bridge opened?", "The bridge was opened by the mayor. It is green.", True),
        ("How many cars does the ferry carry?", "The ferry carries many cars.", True),
        ("公司成立于哪一年？", "公司成立于1999年。", False),
        ("公司成立于哪一年？", "公司成立于上海。", True),
        ("What is the bridge made of?", "The bridge is made of steel.", False),
    ],
)
def test_a_passage_without_the_kind_of_thing_asked_for_is_less_evidence(
    question: str,
    text: str,
    lacks: bool,  # noqa: FBT001
) -> None:
    """A date, number, name or place that was asked for must stand somewhere."""
    evidence = weighed(question, (text,))
    assert bool(evidence.signs.no_kind) is lacks
    other = dataclasses.replace(evidence, signs=dataclasses.replace(evidence.signs, no_kind=float(not lacks)))
    assert (evidence.score < other.score) is lacks


def test_what_is_not_so_is_not_answered_by_what_is() -> None:
    """Who did *not* sign is not told by a sentence on who did."""
    text = "The treaty was signed by France and Spain in 1763."
    assert weighed("Who signed the treaty in 1763?", (text,)).sufficient
    assert weighed("Who did not sign the treaty in 1763?", (text,)).signs.affirms
    assert not weighed("Who did not sign the treaty in 1763?", (text,)).sufficient
    denied = "The treaty of 1763 was not signed by Portugal."
    assert not weighed("Who did not sign the treaty in 1763?", (denied,)).signs.affirms


def test_a_sentence_that_holds_it_all_is_better_than_one_here_and_one_there() -> None:
    """What one sentence says counts for more than words that are strewn over a passage."""
    together = "The hotel allowance in Berlin is 120 euros. Trains are booked early."
    strewn = "The hotel is closed. Berlin is large. An allowance was asked for. Trains are booked early."
    question = "What is the hotel allowance in Berlin?"
    assert weighed(question, (together,)).score > weighed(question, (strewn,)).score


@pytest.mark.parametrize(
    ("cosine", "verdict"), [(0.4, "sure"), (0.25, "unsure"), (0.1, "nothing")]
)  # of what lies beyond the cosine with what is off topic
def test_across_languages_the_cosine_decides(cosine: float, verdict: str) -> None:
    """Passages in another script, an English name in them or not, are weighed by meaning; without it there is nothing."""
    texts = (*CHINESE, "新的版本由 Python 基金会于十月发布，修正了多处错误。")
    question = "When was the new version published?"
    assert weighed(question, texts, Lane("dense", 1, cosine)).verdict() == verdict
    assert weighed(question, texts, Lane("tfidf", 1, cosine)).verdict() == "nothing"
    assert weighed("保修期有多长？", ENGLISH, Lane("dense", 1, cosine)).verdict() == verdict


def test_a_direction_is_not_weighed() -> None:
    """What a question says of the answer is not looked for in the passages."""
    plain = weighed("How long does parental leave last?", ENGLISH)
    told = weighed(
        "How long does parental leave last? If the documents do not say, state that and explain why.", ENGLISH
    )
    assert told.score == plain.score


RATES = "| Site | Rate |\n| --- | --- |\n| East | 9 % |\n| North | 7 % |\n"


@pytest.mark.parametrize(
    ("question", "text", "struck", "word"),
    [
        ("What is the rate of the site South?", f"{RATES}{{}}", "| ~~South~~ | ~~8 %~~ |", "South"),
        ("rate of South", f"{RATES}{{}}", "| ~~(hidden) South~~ | ~~(hidden) 8 %~~ |", "South"),
        ("Is there a discount for the Kestrel?", "There is a discount of 5 %.{}", " ~~The Kestrel too.~~", "Kestrel"),
        ("What does the kayak cost?", "What is rented costs 5 euros.{}", " ~~So does the kayak.~~", "kayak"),
        ("皮划艇的租金是多少？", "自行车的租金是每天三十元。{}", "~~皮划艇也是。~~", "皮划艇"),
    ],
)  # fmt: skip
def test_what_is_struck_out_is_no_evidence(question: str, text: str, struck: str, word: str) -> None:
    """A word that holds no longer counts as if it were not there, for the answer and for what the passages lack."""
    with_it, without = weighed(question, (text.format(struck),)), weighed(question, (text.format(""),))
    assert (with_it.signs, with_it.missing, with_it.absent) == (without.signs, without.missing, without.absent)
    assert with_it.absent == (word,)
    assert with_it.verdict() == without.verdict()


def test_a_figure_that_is_struck_out_is_no_evidence() -> None:
    """Neither for what the question names, nor as what it asks for."""
    evidence = weighed("What does exit code 131 mean?", ("Exit code ~~131~~ 130 means that it was interrupted.",))
    assert evidence.missing == ("131",)
    evidence = weighed("What is the phone number of Ann?", ("The phone number of Ann is ~~030 1234567~~ unknown.",))
    assert evidence.lacking


def test_what_new_text_replaces_says_what_it_is_about() -> None:
    """Not what it says: its figures, and text that nothing replaces, are no evidence."""
    evidence = weighed(
        "Who provides the laptop?", ("~~The client lends a laptop for 3 years.~~ The consultant brings her own.",)
    )
    assert evidence.best
    assert "The consultant" in evidence.best.candidate.text
    assert not evidence.absent
    assert evidence.verdict() != "nothing"
    replaced = ("~~The day rate is 640 euros.~~ It is 710 euros.",)
    assert weighed("What has a day rate of 640?", replaced).missing == ("640",)
    assert weighed("Who provides the laptop?", ("~~The client lends a laptop.~~", "The client is Ann.")).absent == (
        "laptop",
    )


def test_titles_and_heads_that_are_struck_out_are_no_evidence() -> None:
    """Nor is text beside the marks struck out, or an example of them in code."""
    chunk = Chunk("1", "d", "/a", "It costs 5 euros.", 0, 17, (), ("~~Kayak~~ Canoe",), 9)
    assert weigh("What does a Kayak cost?", [Hit(chunk, 1.0, "fused")], lambda _: {}).absent == ("Kayak",)
    assert weigh("What does a Canoe cost?", [Hit(chunk, 1.0, "fused")], lambda _: {}).absent == ()
    for text in ("Use `~~Kayak~~` for it.", "~~~\nx = Kayak\n~~~", "a = ~~b + Kayak + ~~c"):
        assert weighed("What is a Kayak?", (text,)).absent == ()
