"""Suggested questions of a real base: of different kinds, answered surely, and made once for each state of the base."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kb.app.answers.answer import Asked
from kb.app.api import KnowledgeBase
from kb.app.suggestions import suggestions as module
from kb.app.suggestions.suggestions import Suggestions, suggested
from kb.app.suggestions.templates import Language

FILES = {
    "garden.md": "# Garden plan\n\nOwner: Ana Ruiz\nStart: 2026-03-14\n\n## Tools\n\n1. Spade\n2. Rake\n3. Hose, 25 m\n\n"
    "## Watering\n\nWater the beds every second evening from May to September.\n",
    "plants.csv": "Plant,Price (EUR),Sown\nTomato,3.20,2026-03-20\nCarrot,1.10,2026-04-02\nBasil,2.40,2026-05-01\n",
    "help.md": "# Printer help\n\n## How to replace the toner\n\nTo replace the toner, open the cover and pull the lever.\n",
    "notes.md": "# Quarterly review\n\nSales rose by four percent in the second quarter, mostly in Portugal.\n",
    "会议纪要.md": "# 春季会议纪要\n\n时间：2026年3月5日\n地点：三楼会议室\n主持人：李明\n"
    "\n## 待办\n\n- 王芳：联系供应商\n- 赵强：更新考勤制度\n"
    "- 李明：预订会场\n",
    "价目表.csv": "品名,单价,库存\n订书机,25,40\n打印纸,18,300\n墨盒,120,12\n",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of a few short files in both languages."""
    folder = tmp_path_factory.mktemp("suggestions")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=folder / "home", embedder="tfidf", llm="extractive") as kb:
        kb.ingest([folder / name for name in FILES])
        yield kb


@pytest.mark.parametrize(("language", "kinds"), [("en", {"cell", "fact", "how", "summary"}), ("zh", {"cell", "fact"})])
def test_they_differ_in_kind_and_are_answered(base: KnowledgeBase, language: Language, kinds: set[str]) -> None:
    """A figure, a fact, a heading that says how, a summary: kb is sure of each, and cites the document it was made from."""
    found = [*suggested(base, language)]
    assert kinds <= {one.question.kind for one in found}
    for one in found:
        *_, answer = base.answering.answers(Asked(one.question.text))
        assert answer[0].sure, one
        assert one.source in {cited.source for cited in answer[0].citations}, one


def test_they_are_made_once_for_each_state_of_the_base(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes next gets them at once; an answer that is recorded changes nothing."""
    made = Suggestions()
    *_, first = made.of(base, "en")
    base.ask("Who is the owner of Garden plan?")
    monkeypatch.setattr(module, "answers", lambda *_: pytest.fail("asked again"))
    assert [*made.of(base, "en")] == [first]


def test_what_kb_does_not_answer_is_not_suggested(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, unsure or answered from elsewhere: it is left out, and no more than a few are tried."""
    asked = []
    monkeypatch.setattr(module, "answers", lambda _, one: asked.append(one.question.text))
    assert [*suggested(base, "en")] == []
    assert 4 < len(asked) == len(set(asked)) <= 24
