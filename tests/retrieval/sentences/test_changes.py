"""What a later text takes back, and how texts say so."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.retrieval.sentences.changes import changes_of, values

FORMS = tomllib.loads(files("kb.retrieval.sentences").joinpath("changes.toml").read_text("utf-8"))["form"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["examples"][0][:30])
def test_each_form_is_what_its_examples_say(form: dict[str, str | list[str]]) -> None:
    """Every example is matched by its form, and none of the others is taken for a change."""
    pattern = re.compile(str(form["pattern"]), re.IGNORECASE)
    assert all(pattern.search(example) for example in form["examples"])
    assert not any(changes_of(other) for other in form["others"])


def test_a_change_says_what_was_and_what_is() -> None:
    """Dates are known with and without a year, and a number is not a part of a date."""
    (change,) = changes_of("The start of sales moves from 5 October to 26 October 2026.")
    assert (change.old, change.new) == (frozenset({"10-05"}), frozenset({"10-26"}))
    (change,) = changes_of("原定4月17日（周五）的春游因为下雨，改到4月25日（周六）。")
    assert (change.old, change.new) == (frozenset({"04-17", "五"}), frozenset({"04-25", "六"}))
    assert values("26 October 2026") == values("10月26日") == frozenset({"10-26"})


FOLDER = {
    "2026-03-02 committee.md": "# Minutes 2 March 2026\n\nThe harbour fair is on 6 June 2026, in the boat hall.\n\n"
    "Ferris Boats gets 12 stands at the fair.\n",
    "2026-04-20 committee.md": "# Minutes 20 April 2026\n\nThe harbour fair moves from 6 June to 20 June 2026.\n\n"
    "Ferris Boats takes 8 stands instead of 12.\n",
    "2026-05-11 committee.md": "# Minutes 11 May 2026\n\nThe harbour fair is postponed from 20 June to 4 July 2026.\n",
    "Staff meeting 2026-03-04.md": "# Staff meeting\n\nThe first aid course is booked for Friday 12 June.\n",
    "Staff meeting 2026-05-06.md": "# Staff meeting\n\nThe trainer is ill. The first aid course moves to Friday 26 June.\n",
    "群聊.txt": "2026-11-12 09:30 若琳：村里通知20号停水，早上八点到下午三点\n\n2026-11-13 10:00 小何：好的\n\n"
    "2026-11-15 16:45 若琳：更正，停水改到22号，时间不变\n",
    "2026-03-05 例会.md": "# 例会纪要 2026年3月5日\n\n运动会定在5月16日举行，每人经费80元。\n",
    "2026-04-09 例会.md": "# 例会纪要 2026年4月9日\n\n运动会由5月16日改到5月23日。经费由每人80元提到95元。\n",
}


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("When is the harbour fair?", "4 July"),
        ("How many stands does Ferris Boats get at the fair?", "8 stands"),
        ("运动会哪天举行？", "5月23日"),
        ("When is the first aid course?", "26 June"),
        ("停水是哪一天？", "22号"),
        ("运动会每人经费多少？", "95元"),
    ],
)
def test_what_holds_now_is_said_first(tmp_path: Path, question: str, holds: str) -> None:
    """A date or number that later minutes take back is not the answer; what they say instead is, with the older one behind."""
    for name, text in FOLDER.items():
        (tmp_path / name).write_text(text, "utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        answer = kb.ask(question)
    assert holds in answer.sentences[0].text, answer.text


OLD_AND_NEW = {
    "handbook 2023.md": "# Handbook\n\nEdition of 1 March 2023. No longer valid since 1 January 2026.\n\n## Leave\n\n"
    + "Leave is asked for in writing. " * 40
    + "\n\n## Notice\n\nProbation is 3 months with one week of notice; after that the notice period is 4 weeks.\n",
    "handbook 2026.md": "# Handbook\n\nEdition of 1 January 2026; replaces the edition of 2023.\n\n## Leave\n\n"
    + "Leave is asked for in the portal. " * 40
    + "\n\n## Notice\n\nWhen probation has ended, notice is 8 weeks for both sides.\n",
}


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("What is the notice period after probation?", "8 weeks"),
        ("What was the notice period after probation in 2023?", "4 weeks"),
        ("What was the old notice period after probation?", "4 weeks"),
    ],
)
def test_what_a_superseded_edition_says_is_no_answer(tmp_path: Path, question: str, holds: str) -> None:
    """An edition that says in its first lines that it holds no longer answers only questions of that time."""
    for name, text in OLD_AND_NEW.items():
        (tmp_path / name).write_text(text, "utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        answer = kb.ask(question)
    assert holds in answer.sentences[0].text, answer.text
