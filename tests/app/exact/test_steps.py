"""How many steps an instruction has, which, and what comes before or after one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kb import KnowledgeBase
from kb.app.answers.answer import Asked
from kb.app.exact.steps import asked_step, data, steps_of, stepwise

FILES = {
    "kettle.md": "# Descaling the kettle\n\n## Step 1: Fill in the vinegar\n\nBe careful.\n\n## Step 2: Boil once\n\n"
    "Be careful.\n\n## Step 3: Rinse with cold water\n\nBe careful.\n",
    "请假流程.md": "# 请假流程\n\n## 一、填写申请单\n\n## 二、组长同意\n\n## 三、人事登记\n\n存档。\n",
    "tent.txt": "Putting up the tent\n\n1. Lay out the sheet.\n2. Put in the poles.\n3. Pull the ropes.\n4. Hang the lamp.\n",
    "list.txt": "Shopping\n\n1. milk\n2. bread\n",
}


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of instructions."""
    folder = tmp_path_factory.mktemp("docs")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf", llm="extractive") as made:
        made.ingest([folder])
        yield made


@pytest.mark.parametrize(
    ("question", "held"),
    [
        ("How many steps are there to descale the kettle?", "3 steps, from “Step 1: Fill in the vinegar”"),
        ("How many steps are there to put up the tent?", "4 steps"),
        ("What comes after boiling once?", "Step 3: Rinse with cold water [1]"),
        ("What comes before pulling the ropes?", "2. Put in the poles. [1]"),
        ("请假流程一共有几步？", "共 3 步"),
        ("组长同意之后是哪一步？", "三、人事登记 [1]"),
        ("What are the steps to descale the kettle?", "- Step 2: Boil once [2]"),
        ("How do I descale the kettle?", "- Step 2: Boil once [2]"),
        ("What is the last step of putting up the tent?", "4. Hang the lamp. [1]"),
        ("请假怎么办理", "- 二、组长同意 [2]"),
    ],
)
def test_steps_are_counted_listed_and_followed(kb: KnowledgeBase, question: str, held: str) -> None:
    """Headings and numbered lines that count on from 1, each cited where it stands."""
    answer = kb.ask(question)
    assert held in answer.text
    assert all(kb.document_text(one.source)[one.start : one.stop] == one.quote for one in answer.citations)


def test_nothing_comes_after_the_last_step(kb: KnowledgeBase) -> None:
    """Such a question is left to ordinary answering, as is one of what has no steps."""
    library = kb.answering.library
    assert stepwise(library, Asked("What comes after boiling once?"))
    assert not stepwise(library, Asked("What comes after rinsing with cold water?"))
    assert not stepwise(library, Asked("How many steps are there in the shopping?"))
    assert not steps_of(FILES["list.txt"])


@pytest.mark.parametrize("form", data()["form"], ids=lambda form: form["pattern"][:20])
def test_every_pattern_means_what_it_says(form: dict[str, list[str]]) -> None:
    """Each has examples, and what looks like it but is not."""
    assert all(asked_step(example)[0] == form["means"] for example in form["examples"]), [
        *map(asked_step, form["examples"])
    ]
    assert not any(asked_step(other)[0] == form["means"] for other in form["others"])


def test_items_below_a_step_and_numbers_of_sections_are_no_steps() -> None:
    """An indented list is one of its own; 1.1 and 1.3.2026 number something else."""
    nested = "# Descaling\n\n1. Prepare\n   1. Unplug\n   2. Empty\n2. Pour in vinegar\n3. Wait\n4. Rinse\n"
    (steps,) = steps_of(nested)
    assert [step.line for step in steps] == ["1. Prepare", "2. Pour in vinegar", "3. Wait", "4. Rinse"]
    assert steps_of("## 1.1 Scope\n\n## 1.2 Terms\n\n## 2.1 Fees\n\n## 3.1 Safety\n") == ()
    assert steps_of("1.3.2026 Pack\n2.3.2026 Drive\n3.3.2026 Unpack\n") == ()


def test_a_step_that_is_struck_out_is_none() -> None:
    """The others keep their numbers."""
    (steps,) = steps_of(
        "1. Unplug it\n2. ~~Add salt~~\n3. Pour in vinegar\n4. ~~(hidden) Wait~~\n5. Rinse ~~once~~ twice\n"
    )
    assert [step.line for step in steps] == ["1. Unplug it", "3. Pour in vinegar", "5. Rinse ~~once~~ twice"]
