"""What a document says that is repealed or superseded is no sure answer, in a table and a list of steps as in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from kb import Answer, KnowledgeBase

FEES = "| Room | Fee | Seats |\n|---|---|---|\n| Blue room | {} EUR | 9 |\n| Green room | {} EUR | 3 |\n| Hall | {} EUR | 5 |\n"
OLD = FEES.format(20, 25, 80)
STEPS = "# Descaling the kettle\n\nSteps:\n\n1. {} it\n2. Pour in vinegar\n3. Wait an hour\n"
ROOMS = "| 房间 | 费用 | 座位 |\n|---|---|---|\n| 蓝厅 | 20元 | 12 |\n| 绿厅 | 25元 | 30 |\n"


def asked(tmp_path: Path, files: dict[str, str], question: str) -> Answer:
    """Return the answer from these files."""
    for name, text in files.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf", llm="extractive") as kb:
        kb.ingest([tmp_path / "docs"])
        return kb.ask(question)


@pytest.mark.parametrize(
    ("files", "question"),
    [
        ({"fees_superseded.md": OLD}, "What is the fee of the Green room?"),
        ({"fees_superseded.csv": "Room,Fee,Seats\nBlue room,20,12\nGreen room,25,30\n"}, "What is the fee of the Green room?"),
        ({"fees.md": f"# Fees (superseded)\n\n{OLD}"}, "Which room has the highest fee?"),
        ({"fees.md": f"# Fees\n\nStatus: superseded\n\n{OLD}"}, "What is the sum of the fees?"),
        ({"fees.md": f"# Fees\n\nThis version has been withdrawn.\n\n{OLD}"}, "which room is the dearest"),
        ({"收费.md": f"# 收费标准（已废止）\n\n{ROOMS}"}, "绿厅的费用是多少？"),
        ({"kettle.md": f"Status: superseded\n\n{STEPS.format('Unplug')}"}, "How many steps are there to descaling the kettle?"),
    ],
)  # fmt: skip
def test_alone_it_is_never_sure(tmp_path: Path, files: dict[str, str], question: str) -> None:
    """Whether its name, its title or a line says so, and whether a cell is looked up, computed or a step is counted."""
    answer = asked(tmp_path, files, question)
    assert not answer.sure, answer.text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the fee of the Green room?", "35 EUR"),
        ("Which room has the highest fee?", "95 EUR"),
        ("how much is the blue room", "30 EUR"),
    ],
)
def test_the_one_that_holds_answers(tmp_path: Path, question: str, text: str) -> None:
    """Surely, and by itself, as if the old one were not there."""
    files = {"a/fees 2022 (superseded).md": OLD, "b/fees.md": FEES.format(30, 35, 95)}
    answer = asked(tmp_path, files, question)
    assert answer.sure
    assert text in answer.text
    assert {Path(one.source).name for one in answer.citations} == {"fees.md"}


def test_steps_that_hold_answer(tmp_path: Path) -> None:
    """The old instruction is passed over."""
    files = {"old.md": f"Status: superseded\n\n{STEPS.format('Boil')}", "new.md": STEPS.format("Unplug")}
    answer = asked(tmp_path, files, "What is the first step of descaling the kettle?")
    assert answer.sure
    assert "Unplug it" in answer.text


@pytest.mark.parametrize(
    "question", ["What was the old fee of the Green room?", "What was the fee of the Green room in 2022?"]
)
def test_whoever_asks_about_that_time_is_told(tmp_path: Path, question: str) -> None:
    """Then it is what is meant."""
    answer = asked(tmp_path, {"fees 2022 (superseded).md": OLD}, question)
    assert "25 EUR" in answer.text
