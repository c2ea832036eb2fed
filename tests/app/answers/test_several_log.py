"""Answers from several bases are recorded, summarised, compared, talked about and forgotten like those of one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bases import close, make, open_up
from commands import run
from kb import KnowledgeBase, KnowledgeBases
from kb.app.answers.record import answer_of
from kb.app.base.config import load_config
from kb.app.hosting.bases import Bases
from kb.ingest.errors import InputError
from kb.ingest.run.sync import Selection
from kb.ingest.store.purge import OWED
from kb.llm.generator import Sampling
from kb.prompts.prompt import Topic
from kb.prompts.task import task_of
from mortal import kb as as_user
from needs import needs

HR = {
    "travel.md": "# Travel\n\nA hotel night may cost 120 dollars. Taxis are refunded up to 40 dollars.\n",
    "差旅.md": "# 差旅\n\n住宿费每晚最多报销四百五十元。\n",
}
PLANT = {
    "valve.md": "# Valves\n\nValve V12 is closed with 84 Nm. The torque wrench hangs beside the pump.\n",
    "crew.md": "# Crew\n\nA hotel night of the crew may cost 90 dollars, and two workers share a room.\n",
    "差旅.md": "# 差旅\n\n住宿费每晚最多报销三百元，由厂长批准。\n",
}
VALVE = "With which torque is valve V12 closed?"
ZH = "住宿费每晚最多报销多少？"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[KnowledgeBases]:
    """Two bases that both speak of hotels, in both languages."""
    with make(tmp_path, "hr", HR) as hr, make(tmp_path, "plant", PLANT) as plant:
        yield KnowledgeBases([hr, plant])


def parts(two: KnowledgeBases) -> list[KnowledgeBase]:
    """Return the two bases."""
    return list(two._bases.values())


def ask(two: KnowledgeBases, question: str) -> int:
    """Return the number of the record of an answer."""
    number = two.ask(question).id
    assert number
    return number


def on_disk(base: KnowledgeBase) -> bytes:
    """Return all that the files of a base's catalog hold."""
    return b"".join(file.read_bytes() for file in base.catalog.path.parent.glob("catalog.sqlite*"))


@pytest.mark.parametrize("question", [VALVE, ZH, "How many files mention hotel night?", "summarise everything"])
def test_an_answer_is_recorded_with_the_first_base(two: KnowledgeBases, question: str) -> None:
    """With the name and fingerprint of each; the others are not written to, and a replay is the same from either way in."""
    hr, plant = parts(two)
    before = plant.catalog.generation
    answer = two.ask(question)
    assert answer.id
    assert not answer.abstained
    record = hr.log.get(answer.id)
    assert record.bases == (("hr", hr.status().fingerprint), ("plant", plant.status().fingerprint))
    assert (plant.log.records(), plant.catalog.generation) == ((), before)
    assert two.replay(answer.id).identical
    again = hr.replay(answer.id)
    assert (again.identical, again.changes, again.diff) == (True, (), ())
    catalogs = {"hr": hr.catalog, "plant": plant.catalog}
    shown = answer_of(record, catalogs.get)
    assert [(hit.base, hit.chunk) for hit in shown.hits] == [(hit.base, hit.chunk) for hit in answer.hits]
    assert shown.citations == answer.citations
    lost = answer_of(record, {"hr": hr.catalog}.get)
    assert lost.citations == answer.citations
    assert {hit.base for hit in lost.hits} <= {"hr"}


def test_one_base_asked_through_the_class_of_several_replays_too(tmp_path: Path) -> None:
    """It names its base, as it did."""
    with make(tmp_path, "hr", HR) as hr:
        number = ask(KnowledgeBases([hr]), ZH)
        assert hr.log.get(number).bases == (("hr", hr.status().fingerprint),)
        assert hr.replay(number).identical


def test_a_replay_says_which_base_changed_or_is_missing(two: KnowledgeBases, tmp_path: Path) -> None:
    """After an edit of the second, after one of the first, and after the second was deleted."""
    hr, plant = parts(two)
    number = ask(two, VALVE)
    (tmp_path / "plant" / "valve.md").write_text(PLANT["valve.md"].replace("84", "90"))
    plant.ingest([tmp_path / "plant"])
    changed = hr.replay(number)
    assert not changed.identical
    assert changed.changes[0].startswith("The index of plant was ")
    assert not any("hr" in change for change in changed.changes)
    assert any(line.startswith("+") and "90 Nm" in line for line in changed.diff)
    (tmp_path / "hr" / "new.md").write_text("# New\n\nNothing of note.\n")
    hr.ingest([tmp_path / "hr"])
    assert {change[:18] for change in hr.replay(number).changes} >= {"The index of hr wa", "The index of plant"}
    plant.close()
    shutil.rmtree(plant.config.folder)
    missing = hr.replay(number)
    assert "The knowledge base plant is not there any more." in missing.changes
    assert missing.answer.abstained
    assert missing.diff


def test_a_record_is_judged_and_compared(two: KnowledgeBases) -> None:
    """By the commands, on the base that keeps it; the record names the bases and their indexes."""
    hr, plant = parts(two)
    numbers = ask(two, VALVE), ask(two, ZH)
    hr.ask(ZH)
    fingerprints = [base.status().fingerprint[:16] for base in (hr, plant)]
    shown = run("log", numbers[0], "--name", "hr").stdout
    assert f"hr {fingerprints[0]}, plant {fingerprints[1]}" in shown
    assert 'from="plant &gt;' in shown or 'from="plant >' in shown
    assert run("feedback", numbers[1], "up", "--name", "hr").exit_code == 0
    assert hr.log.get(numbers[1]).feedback == "up"
    told = run("diff", numbers[1], 3, "--name", "hr").stdout
    assert "The list of other bases was plant and is none." in told
    assert (run("replay", numbers[0], "--name", "hr").stdout, run("log", "--name", "plant").stdout) == (
        "identical\n",
        "",
    )


def test_nothing_is_recorded_where_that_is_off_or_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is given all the same, with word of it where the first base cannot be written to; the others need not be."""
    with make(tmp_path, "hr", HR), make(tmp_path, "plant", PLANT):
        pass
    close(tmp_path / "home" / "hr")
    try:
        done = as_user("ask", VALVE, "--name", "hr", "--name", "plant", cwd=tmp_path)
        assert "84 Nm" in done.stdout
        assert "not recorded: the knowledge base cannot be written to" in done.stderr
        done = as_user("ask", VALVE, "--name", "plant", "--name", "hr", cwd=tmp_path)
        assert "not recorded" not in done.stderr
        assert as_user("replay", "1", "--name", "plant", cwd=tmp_path).stdout == "identical\n"
    finally:
        open_up(tmp_path / "home")
    monkeypatch.setenv("KB_LOG", "off")
    with KnowledgeBases.open(["hr", "plant"], embedder="tfidf") as two:
        answer = two.ask(VALVE)
        assert (answer.id, any("recorded" in note for note in answer.notes)) == (None, False)
        chat = two.chat()
        chat.ask("How much is refunded for hotel nights?")
        assert chat.ask("And for taxis?").question == "How much is refunded for taxis?"


@pytest.mark.parametrize(
    ("question", "asked", "sides"),
    [
        ("Compare hr and plant", None, [("", "hr"), ("", "plant")]),
        ("compare the hotel night in hr and plant", None, [("the hotel night", "hr"), ("the hotel night", "plant")]),
        ("Compare hr's taxis with plant's valves", None, [("taxis", "hr"), ("valves", "plant")]),
        ("What is the difference between plant and hr on hotels?", None, [("hotels", "plant"), ("hotels", "hr")]),
        ("比较 hr 和 plant 的住宿费", None, [("住宿费", "hr"), ("住宿费", "plant")]),
        ("hr 和 plant 中的住宿费有什么区别？", None, [("住宿费", "hr"), ("住宿费", "plant")]),
        ("compare the hotel night", "compare", [("the hotel night", "hr"), ("the hotel night", "plant")]),
        ("住宿费", "compare", [("住宿费", "hr"), ("住宿费", "plant")]),
        ("compare the two bases", "compare", [("", "hr"), ("", "plant")]),
        ("Compare taxis and valves", None, [("taxis", ""), ("valves", "")]),
        ("Compare hr's hotels and hr's taxis", None, [("hr's hotels", ""), ("hr's taxis", "")]),
        ("summarise plant", None, [("", "plant")]),
        ("总结 plant 的住宿费", None, [("住宿费", "plant")]),
        ("summarise the hotel costs", None, [("hotel costs", "")]),
    ],
)
def test_a_topic_may_name_a_base(question: str, asked: str | None, sides: list[tuple[str, str]]) -> None:
    """In both languages; a comparison that names no two things is of what each base says."""
    task = task_of(question, asked, ["hr", "plant"])  # type: ignore[arg-type]
    assert [(topic.text, topic.base) for topic in task.topics] == sides


def test_a_base_asked_alone_is_no_topic() -> None:
    """Its name is a word like any other, and there is nothing to compare it with."""
    assert task_of("summarise plant").topics == (Topic("plant"),)
    with pytest.raises(InputError, match="two things"):
        task_of("the hotel night", "compare", ["hr"])


@pytest.mark.parametrize(
    ("question", "quotes", "note"),
    [
        ("compare the hotel night in hr and plant", {"hr": "120 dollars", "plant": "90 dollars"}, "Made from "),
        ("比较 hr 和 plant 的住宿费", {"hr": "四百五十元", "plant": "三百元"}, "依据 "),
    ],
)
def test_bases_are_compared(two: KnowledgeBases, question: str, quotes: dict[str, str], note: str) -> None:
    """Under the name of each, what it says, cited there; and from how many passages of which base."""
    answer = two.ask(question)
    first, second = (answer.text.index(f"**{name}**") for name in quotes)
    assert first < answer.text.index(quotes["hr"]) < second < answer.text.index(quotes["plant"])
    for citation in answer.citations:
        text = {base.config.name: base for base in parts(two)}[citation.base].document_text(citation.source)
        assert text[citation.start : citation.stop] == citation.quote
    (made,) = (told for told in answer.notes if told.startswith(note))
    assert all(f"{name} " in made for name in quotes)


def test_a_base_that_says_nothing_on_it_is_named(two: KnowledgeBases) -> None:
    """One side is an answer with a note, in the language of the question; none is an abstention."""
    answer = two.stream("valve V12", task="compare")
    *_, last = answer
    assert {citation.base for citation in last.citations} == {"plant"}
    assert "hr: The documents do not seem to say anything on: valve V12." in last.notes
    *_, chinese = two.stream("比较 hr 和 plant 的年会节目")
    assert chinese.abstained
    assert "hr：文档中似乎没有关于这一点的内容：年会节目。" in chinese.notes


def test_a_summary_says_what_it_was_made_from(two: KnowledgeBases) -> None:
    """Of all bases, or of the one that it names; each of their documents has its say."""
    everything = two.ask("summarise everything")
    assert "Made from 5 of 5 passages: hr 2/2, plant 3/3." in everything.notes
    assert {citation.base for citation in everything.citations} == {"hr", "plant"}
    one = two.ask("总结 plant")
    assert "依据 3 个段落中的 3 个写成：plant 3/3。" in one.notes
    assert {citation.base for citation in one.citations} == {"plant"}
    named = two.ask("summarise valve.md")
    assert "Made from 1 of 1 passages: plant 1/1." in named.notes


def test_files_of_all_bases_are_counted(two: KnowledgeBases) -> None:
    """Each under its base, though two have one name."""
    answer = two.ask("哪些文件提到住宿费？")
    assert answer.text.startswith("5 个文件中有 2 个提到“住宿费”。")
    assert {(cited.base, Path(cited.source).name) for cited in answer.citations} == {
        ("hr", "差旅.md"),
        ("plant", "差旅.md"),
    }


def test_a_conversation_is_about_all_of_them(two: KnowledgeBases) -> None:
    """What leans on earlier turns is found in whichever base has it; it is gone on with from the first one's log."""
    chat = two.chat()
    assert {cited.base for cited in chat.ask("What may a hotel night of the crew cost?").citations} == {"plant"}
    assert "40 dollars" in two.chat(chat.id).ask("And taxis, up to what are they refunded?").text
    hr, plant = parts(two)
    (session,) = hr.log.sessions()
    assert (session.n_turns, plant.log.sessions()) == (2, ())
    turns = two.log.session("last")
    assert [turn.asked.session for turn in turns] == [chat.id] * 2
    assert all(hr.replay(turn.id).identical for turn in turns)


def test_the_command_talks_to_several(two: KnowledgeBases) -> None:
    """``kb chat`` takes the names that ``kb ask`` takes, and exports the quotes with their bases."""
    names = ("--name", "hr", "--name", "plant", "--embedder", "tfidf", "--llm", "extractive")
    done = subprocess.run(
        [sys.executable, "-m", "kb", "chat", *names],
        input=f"{VALVE}\n住宿费由谁批准？\n", capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    assert "plant: " in done.stdout, done.stderr
    assert "厂长" in done.stdout
    (session,) = two.log.sessions()
    assert "- [1] plant: " in run("chat", "--export", session.id, "--name", "hr", "--name", "plant").stdout


def test_what_one_base_forgets_all_logs_forget(two: KnowledgeBases, tmp_path: Path) -> None:
    """Answers drawn from a removed file go from the log of the base that was asked first, off its disk; the others stay."""
    hr, plant = parts(two)
    ask(two, VALVE)
    kept = ask(two, "How many dollars may a hotel night cost?")
    of_hr = hr.ask(ZH).id
    plant.remove([tmp_path / "plant" / "valve.md"])
    left = [record.id for record in hr.log.records()]
    assert of_hr in left
    assert b"84 Nm" not in on_disk(hr)
    plant.ingest([tmp_path / "plant" / "crew.md"], selection=Selection(redact=("email",)))
    assert [record.id for record in hr.log.records()] == [of_hr], "redaction forgets all that was drawn from a base"
    assert kept != of_hr
    ask(two, "What may a hotel night of the crew cost?")
    hr.ingest([tmp_path / "hr"])  # a file of another base is not missing because this one does not have it
    (tmp_path / "hr" / "travel.md").write_text("# Travel\n\nTaxis are refunded up to 50 dollars.\n")
    hr.ingest([tmp_path / "hr"])
    assert len(hr.log.records()) == 2


def test_a_log_that_cannot_be_written_to_is_owed(tmp_path: Path) -> None:
    """What it quotes of a removed file is said until it can be forgotten, and then is."""
    with make(tmp_path, "hr", HR) as hr, make(tmp_path, "plant", PLANT) as plant:
        ask(KnowledgeBases([hr, plant]), VALVE)
    close(tmp_path / "home" / "hr")
    try:
        done = as_user("rm", "plant/valve.md", "--name", "plant", cwd=tmp_path)
    finally:
        open_up(tmp_path / "home")
    assert "Logs of other bases still quote" in done.stderr
    assert "Logs of other bases still quote" in as_user("status", "--name", "plant", cwd=tmp_path).stderr
    assert as_user("log", "--name", "hr", cwd=tmp_path).stdout
    done = as_user("ingest", "plant/crew.md", "--name", "plant", cwd=tmp_path)
    assert (done.returncode, "still quote" in done.stderr) == (0, False)
    assert as_user("log", "--name", "hr", cwd=tmp_path).stdout == ""


DEAD = """
import os, signal, sys
from kb import KnowledgeBase, KnowledgeBases
from kb.app.base import upkeep
from kb.app.answers.log import Log
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "recording":
    insert = Log._insert
    Log._insert = lambda *given: (insert(*given), die())
    with KnowledgeBases.open(["hr", "plant"], embedder="tfidf", llm="extractive") as two:
        two.ask(sys.argv[2])
else:
    upkeep.forget_elsewhere = die
    with KnowledgeBase.open("plant", embedder="tfidf") as plant:
        plant.remove([sys.argv[2]])
"""


def test_a_kill_leaves_a_whole_log_and_nothing_owed_for_good(tmp_path: Path) -> None:
    """Killed before a record was committed there is none; killed before another log forgot, the next ingest sees to it."""
    with make(tmp_path, "hr", HR) as hr, make(tmp_path, "plant", PLANT) as plant:
        two = KnowledgeBases([hr, plant])
        before = two.log.fingerprints()

        def killed(*arguments: str) -> bool:
            done = subprocess.run([sys.executable, "-c", DEAD, *arguments], env=dict(os.environ), check=False, cwd="/")
            return done.returncode == -signal.SIGKILL

        assert killed("recording", VALVE)
        assert (hr.log.records(), two.log.fingerprints()) == ((), before)
        number = ask(two, VALVE)
        assert hr.replay(number).identical
        valve = tmp_path / "plant" / "valve.md"
        assert killed("forgetting", str(valve))
        assert len(hr.log.records()) == 1
        valve.unlink()
        plant.ingest([tmp_path / "plant"])
        assert hr.log.records() == ()
        assert b"84 Nm" not in on_disk(hr)
        assert plant.catalog.get(OWED) == ""


def test_a_base_with_a_new_name_is_known_by_it(tmp_path: Path) -> None:
    """In the log of the base that was asked first, whichever of the two was renamed; deleted, its answers go."""
    home = tmp_path / "home"
    with make(tmp_path, "hr", HR) as hr, make(tmp_path, "plant", PLANT) as plant:
        number = ask(KnowledgeBases([hr, plant]), VALVE)
        ask(KnowledgeBases([hr, plant]), ZH)
    bases = Bases(load_config(home=home, name="hr", embedder="tfidf", llm="extractive"))
    for old, new in (("plant", "工厂"), ("hr", "staff")):
        bases.rename(old, new)
    staff = bases.get("staff")
    bases.get("工厂")
    record = staff.log.get(number)
    assert [name for name, _ in record.bases] == ["staff", "工厂"]
    again = staff.replay(number)
    assert (again.diff, again.changes) == ((), ("The prompt is another one.",))
    assert again.answer.citations[0].base == "工厂"
    bases.delete("工厂")
    assert staff.log.records() == ()
    bases.close()


@pytest.mark.slow
@pytest.mark.usefixtures("two")
def test_a_model_is_told_which_base_a_passage_is_from() -> None:
    """A real model, random as its weights are, gets both sides under their names, and writes the same in a replay."""
    needs("xllamacpp", "gguf", extra="llama,test")
    from models import gguf_file

    with KnowledgeBases.open(["hr", "plant"], embedder="tfidf", llm=f"gguf:{gguf_file('llama')}") as asked:
        *_, answer = asked.stream(
            "compare the hotel night in hr and plant", sampling=Sampling(max_tokens=16, temperature=0.9, seed=7)
        )
        assert answer.id
        prompt = asked.log.get(answer.id).written.messages[-1].content
        assert 'from="hr > travel.md' in prompt
        assert 'from="plant > crew.md' in prompt
        assert asked.replay(answer.id).identical
