"""A passage is taken apart once, and one score says which of its sentences answers."""

from __future__ import annotations

import pytest
from kb.ingest.document import Chunk
from kb.retrieval.hit import Hit
from kb.retrieval.sentences.background import RARE, common
from kb.retrieval.sentences.editions import differs
from kb.retrieval.sentences.scorer import ranked
from kb.retrieval.sentences.units import candidates, taken_apart

CALL = "Lena: The budget is tight.\nMarek: Then let us print two hundred.\nLena: Fine. I also book the van.\n"
CHAT = (
    "2026-03-02 09:15 老周\n货车几点到？\n2026-03-02 09:16 小袁\n十点半。\n2026-03-02 09:25 梁姐\n卸货我安排四个人。\n"
)


def best(question: str, *texts: str, names: str = "") -> str:
    """The sentence that comes first, of passages of as many documents."""
    hits = [
        Hit(Chunk(str(n), str(n), f"/{n}", text, 0, len(text), (), (), 9, names if n == 0 else ""), -n / 9, "fused")
        for n, text in enumerate(texts)
    ]
    return ranked(question, list(candidates(list(enumerate(hits, 1)))))[1][0].candidate.text


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        (
            "When is invoice 7003 due?",
            "Invoice 7003\n\nBank: GLS, please state the invoice number 7003.\n\nDue date: 5 August 2026\n",
            "Due date: 5 August 2026",
        ),
        ("Where are pets not allowed?", "Pets are allowed in flats. Pets are not allowed here.", "Pets are not allowed here."),
        ("哪些费用不能报销？", "以下费用可以报销：交通费。罚款不能报销。", "罚款不能报销。"),
        ("Who owns the policy?", "# Policy\n\n1. Read the policy and pass the quiz.\n\nOwner: Ivo Rask", "Owner: Ivo Rask"),
        ("什么是 RPO？", "# 备份\n\nRPO 可以配置。恢复点目标（RPO）规定丢多少。", "恢复点目标（RPO）规定丢多少。"),
        ("When is the visit?", "Date: Tue, 5 May 2026\nSubject: Visit\n\nIt is on 28 May.", "It is on 28 May."),
        ("Where does Ann live?", "Ann is a friend.\n\nAnn, Lindenallee 4, 10115 Berlin", "Ann, Lindenallee 4, 10115 Berlin"),
        ("When did the lease end?", "The lease may end.\n\nThe lease ended in May.", "The lease ended in May."),
        ("房租多少？", "房间有三十平方米。\n\n月租金为3000元。", "月租金为3000元。"),
        ("Who owns the policy?", "# Policy\n\nOwner: Lukas Brandt\n\nRead the text.", "Owner: Lukas Brandt"),
    ],
)  # fmt: skip
def test_the_sentence_that_answers_comes_first(question: str, text: str, answer: str) -> None:
    """Records, forms, negations: what stands around a line counts for it, and a figure may stand in another line."""
    assert best(question, text) == answer


def test_the_name_of_a_file_speaks_for_its_sentences() -> None:
    """Of two contracts that say the same the one is quoted whose file bears the name."""
    own, other = "The notice period is 30 days.", "The notice period is six weeks."
    assert best("notice period in the Northwind contract", own, other, names="contract Northwind.docx") == own


@pytest.mark.parametrize(("text", "line", "speaker"), [(CALL, "I also book the van.", "Lena"), (CHAT, "卸货", "梁姐")])
def test_who_speaks_is_known_of_each_line(text: str, line: str, speaker: str) -> None:
    """In calls and chats the speaker stands before the colon, or on the line above."""
    unit = next(unit for unit in taken_apart(text, (), "").units if line in unit.text)
    assert unit.speaker == speaker
    assert speaker in text[unit.turn : unit.turn + 40]


def test_who_speaks_and_when_is_not_what_is_said() -> None:
    """The time at which a question was asked does not answer *when*, nor does the question."""
    assert best("货车几点到？", CHAT).endswith("十点半。")


def test_a_form_has_no_speakers() -> None:
    """Lines with colons that name different things each are no conversation."""
    assert not any(unit.speaker for unit in taken_apart("Name: Ann\nCity: Oslo\nPhone: 7\n", (), "").units)


def test_what_is_struck_out_is_no_answer() -> None:
    """A line that holds no longer is never quoted alone."""
    assert (
        best("Which box do the pegs go in?", "- ~~pegs go in the red box~~\n- pegs go in the blue box")
        == "- pegs go in the blue box"
    )
    text = "~~第六条 访客车辆免费停放四小时。超过的按小时收费。~~\n\n第六条 访客车辆免费停放两小时。"
    assert [unit.text for unit in taken_apart(text, (), "").units] == ["第六条 访客车辆免费停放两小时。"]


def test_what_is_struck_out_within_a_sentence_is_no_sign_for_it() -> None:
    """Neither its words, nor a figure of the kind that is asked for; the sentence itself is quoted as it is written."""
    passage = taken_apart(
        "# ~~Kayaks~~ Canoes\n\nThe fee is ~~18 euros~~ 24 euros.\n\n| Site | ~~Key~~ |\n|---|---|\n| A | 1 |", (), ""
    )
    unit, *_, row = passage.units
    assert unit.text == "The fee is ~~18 euros~~ 24 euros."
    assert {"18", "kayak"}.isdisjoint(unit.tokens | unit.above | passage.whole)
    assert "key" not in row.beside
    when, fixed = "The picnic is on ~~5 May~~ another day.", "The guests of the picnic come on 7 May."
    assert best("When is the picnic?", when, fixed) == fixed
    assert not differs("Hotel nights cost up to ~~120~~ 140 dollars.", "Hotel nights cost up to 140 dollars.")


def test_a_row_knows_the_head_of_its_table() -> None:
    """The names of the columns count for a row, those of other rows do not."""
    text = "| Name | Phone |\n| --- | --- |\n| Ann | 17 |\n| Bo | 18 |\n"
    ann = next(unit for unit in taken_apart(text, (), "").units if "Ann" in unit.text)
    assert "phone" in ann.beside
    assert "bo" not in ann.beside


def test_common_words_are_known_without_a_base() -> None:
    """A base of six passages does not make "need" a rare word."""
    assert common("need") > 10 * common("landlord")
    assert common("zzzz") == RARE
