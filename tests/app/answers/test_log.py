"""Answers are recorded with all that it takes to give them again; recording never costs an answer anything."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest
from bases import HOTEL, TRAVEL, ZH
from commands import kb as command
from commands import run
from kb import KnowledgeBase
from kb.app.answers.answer import Asked
from kb.app.answers.record import Written, answer_of, to_json
from kb.app.answers.training import rows
from kb.app.base.config import load_config
from kb.app.cli.main import app
from kb.ingest.errors import CannotDoError, InputError
from kb.ingest.run.sync import Selection
from kb.ingest.store.catalog import Catalog
from kb.ingest.store.database import backups
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.store.schema import VERSION
from kb.llm.generator import Sampling
from kb.prompts.templates import Style
from kb.retrieval.where import Where
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens
from needs import needs
from places import GOLDEN
from typer.main import get_command

OLD = GOLDEN / "catalog-v1.sql"
"""A catalog of schema 1, with one file in it; never to be made again."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file in each language."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "travel.md").write_text(TRAVEL)
    (folder / "差旅.md").write_text(ZH, encoding="utf-8")
    return folder


@pytest.fixture
def base(folder: Path) -> Iterator[KnowledgeBase]:
    """A base of these files."""
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([folder])
        yield kb


def test_an_answer_is_recorded_as_it_was_asked_and_given(base: KnowledgeBase) -> None:
    """Index, settings, prompt, text and times; nothing that a search would see has moved."""
    generation, fingerprint = base.catalog.generation, base.status().fingerprint
    where = Where(sources=("*.md",))
    answer = base.ask(HOTEL, k=3, sampling=Sampling(max_tokens=99), where=where)
    assert answer.id
    record = base.log.get(answer.id)
    assert record.asked == Asked(HOTEL, 3, Sampling(max_tokens=99), where, said=HOTEL)
    assert record.fingerprint == base.status().fingerprint == fingerprint
    assert base.catalog.generation == generation
    assert (record.model, record.model_hash) == ("extractive", "")
    assert HOTEL in record.written.messages[-1].content
    assert (record.text, record.answer, record.timings) == (answer.text, to_json(answer), answer.timings)
    assert base.log.records() == (record,)


def test_an_abstention_is_recorded_too(base: KnowledgeBase) -> None:
    """Without a prompt, for no model was asked."""
    answer = base.ask("Who won the chess championship of 1972?")
    record = base.log.records()[0]
    assert (record.id, record.abstained, record.written.messages) == (answer.id, True, ())
    assert base.replay(record.id).identical


def test_a_stopped_answer_stands_in_its_conversation_only(base: KnowledgeBase, folder: Path) -> None:
    """As far as it was written: whoever asks for it gets it, no list, history or export does; it goes with its sources."""
    chat = base.chat()
    first = chat.ask(HOTEL)
    half = replace(first, text="At most", finished=False, id=None)
    stopped = base.log.record(Asked(HOTEL, session=chat.id), half, Written())
    only = base.log.record(Asked(HOTEL, session="another"), half, Written())
    assert stopped.id
    assert only.id
    assert [one.id for one in base.log.records()] == [one.id for one in base.log.session(chat.id)] == [first.id]
    assert [one.id for one in base.log.session(chat.id, stopped=True)] == [first.id, stopped.id]
    assert [one.id for one in base.log.sessions()] == [chat.id]
    assert {one.id for one in base.log.sessions(stopped=True)} == {chat.id, "another"}
    assert not answer_of(base.log.get(only.id), lambda _: base.catalog).finished
    assert len(base.chat(chat.id).turns) == 1
    base.log.rename_session("another", "Hotels")
    assert base.log.delete_session("another") == 1
    base.remove([str(folder / "travel.md")])
    assert base.log.records(stopped=True) == ()


def test_a_replay_is_the_same_until_something_changes(base: KnowledgeBase, folder: Path) -> None:
    """Byte for byte; after an edit it says that the index and the prompt are others, and shows the new text."""
    number = base.ask(HOTEL).id
    assert number
    again = base.replay(number)
    assert (again.identical, again.changes, again.diff) == (True, (), ())
    assert len(base.log.records()) == 1
    (folder / "travel.md").write_text(TRAVEL.replace("120", "150"))
    base.ingest([folder])
    changed = base.replay(number)
    assert not changed.identical
    assert "The index is another one." in " ".join(changed.changes) or "The index was" in " ".join(changed.changes)
    assert any(line.startswith("+") and "150" in line for line in changed.diff)


def test_a_replay_knows_what_the_conversation_was_about(base: KnowledgeBase) -> None:
    """And the space around a question is not part of it."""
    chat = base.chat()
    chat.ask("Who approves hotel nights?")
    follow_up = chat.ask("and how much is refunded for them?").id
    assert follow_up
    assert base.replay(follow_up).identical
    assert base.log.get(follow_up).asked.about
    spaced = base.ask(f"{HOTEL}\n").id
    assert spaced
    assert base.replay(spaced).identical


def test_a_writer_at_work_costs_an_answer_its_record_and_nothing_else(base: KnowledgeBase) -> None:
    """The answer comes at once, whole, and says that it was not recorded."""
    base.ask(HOTEL)
    writer = sqlite3.connect(base.catalog.path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    began = time.perf_counter()
    answer = base.ask(HOTEL)
    assert time.perf_counter() - began < 2
    writer.close()
    assert answer.id is None
    assert "120" in answer.text
    assert any("not recorded" in note and "written to" in note for note in answer.notes)
    assert len(base.log.records()) == 1


def test_recording_can_be_switched_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the environment or the configuration; a conversation then lives as long as its object."""
    monkeypatch.setenv("KB_LOG", "off")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([folder])
        assert kb.ask(HOTEL).id is None
        chat = kb.chat()
        chat.ask(HOTEL)
        assert "40 dollars" in chat.ask("And for taxis?").text
        assert (kb.log.records(), kb.log.sessions()) == ((), ())
    monkeypatch.setenv("KB_LOG", "maybe")
    with pytest.raises(InputError, match="on or off"):
        load_config()


def test_what_is_forgotten_is_forgotten_here_too(base: KnowledgeBase, folder: Path) -> None:
    """Answers drawn from a removed file go with it, off the disk; the others stay."""
    base.ask(HOTEL)
    kept = base.ask("住宿费每晚最多报销多少？", where=Where(sources=("差旅.md",))).id
    base.remove([folder / "travel.md"])
    assert [record.id for record in base.log.records()] == [kept]
    base.close()
    assert b"120 dollars" not in b"".join(
        file.read_bytes() for file in base.catalog.path.parent.glob("catalog.sqlite*")
    )


@pytest.mark.parametrize("redacted", [False, True])
def test_the_title_of_a_forgotten_conversation_goes_off_the_disk(
    base: KnowledgeBase, folder: Path, *, redacted: bool
) -> None:
    """A conversation loses its last answer with a file, or when all is redacted: the name that it was given goes too."""
    chat = base.chat()
    chat.ask(HOTEL)
    base.log.rename_session(chat.id, "Zanzibar conference")
    if redacted:
        base.ingest([folder], selection=Selection(redact=("email",)))
    else:
        base.remove([folder / "travel.md"])
    assert base.log.sessions() == ()
    base.close()
    assert b"Zanzibar" not in b"".join(file.read_bytes() for file in base.catalog.path.parent.glob("catalog.sqlite*"))


def test_what_is_redacted_is_redacted_here_too(folder: Path) -> None:
    """Answers from before quote what is not to be read any more: they go."""
    (folder / "contact.md").write_text("# Contact\n\nThe hotel desk is reached at desk@example.org every day.\n")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([folder])
        assert "desk@example.org" in kb.ask("Where is the hotel desk reached every day?").text
        kb.ingest([folder], selection=Selection(redact=("email",)))
        assert kb.log.records() == ()
        assert "desk@example.org" not in kb.ask("Where is the hotel desk reached every day?").text


def test_odd_text_is_recorded_or_left_out_but_never_fails(base: KnowledgeBase) -> None:
    """Half a surrogate pair cannot be stored; the answer comes all the same."""
    for question in ("hotel \ud800 nights refunded", "hotel \0 nights", '"; DROP TABLE answers', "😀 hotel nights"):
        base.ask(question)
    assert base.ask(HOTEL).id


def test_feedback_becomes_training_data(base: KnowledgeBase) -> None:
    """Good answers for alpaca and sharegpt, corrections for all three, nothing that nobody judged or called bad."""
    good, bad, corrected, _ = (base.ask(HOTEL).id for _ in range(4))
    assert good and bad and corrected  # noqa: PT018
    base.log.rate(good, "up")
    base.log.rate(bad, "down")
    base.log.rate(corrected, "down", "At most 120 dollars. [1]")
    assert base.log.get(corrected).correction == "At most 120 dollars. [1]"
    records = base.log.records()
    alpaca, sharegpt, dpo = (rows(records, form) for form in ("alpaca", "sharegpt", "dpo"))
    written = base.log.get(good).written.raw
    assert [row["output"] for row in alpaca] == [written, "At most 120 dollars. [1]"]
    assert HOTEL in str(alpaca[0]["instruction"])
    assert [[turn["from"] for turn in row["conversations"]] for row in sharegpt] == [["human", "gpt"]] * 2
    assert [(row["chosen"], row["rejected"]) for row in dpo] == [("At most 120 dollars. [1]", written)]
    assert json.loads(json.dumps([*alpaca, *sharegpt, *dpo], ensure_ascii=False))
    with pytest.raises(InputError, match="no recorded answer"):
        base.log.rate(999, "up")


def test_an_older_catalog_is_backed_up_and_brought_up_to_date(tmp_path: Path) -> None:
    """One of schema 1 answers, records and forgets; its copy is whole, and goes when something is forgotten."""
    path = tmp_path / "home" / "default" / "catalog.sqlite"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for statement in OLD.read_text(encoding="utf-8").split(";\n"):
            old.execute(statement)
    with KnowledgeBase.open(embedder="tfidf") as kb:
        answer = kb.ask("How much is refunded for hotel nights?")
        assert answer.id
        assert "120 dollars" in answer.text
        assert kb.catalog.connection().execute("PRAGMA user_version").fetchone()[0] == VERSION
        (copy,) = backups(path)
        with closing(sqlite3.connect(copy)) as kept:
            assert kept.execute("PRAGMA user_version").fetchone()[0] == 1
            assert kept.execute("SELECT source FROM sources").fetchall() == [("/notes/travel.md",)]
        kb.remove(["/notes/travel.md"])
        assert backups(path) == []
        assert kb.log.records() == ()


def test_a_new_catalog_leaves_no_copy(tmp_path: Path) -> None:
    """There is nothing to copy."""
    catalog = Catalog(tmp_path / "new", Tokenizer(tokens, TOKENS_VERSION))
    assert backups(catalog.path) == []
    catalog.close()


def test_a_real_model_writes_the_same_again(base: KnowledgeBase) -> None:
    """A GGUF file: its hash is kept with the answer, greedy and seeded answers replay byte for byte, another file is named."""
    needs("xllamacpp", "gguf", extra="llama,test")
    from models import gguf_file

    config = replace(base.config, llm=f"gguf:{gguf_file('llama')}")
    with KnowledgeBase(config) as kb:
        for sampling in (Sampling(max_tokens=24), Sampling(max_tokens=24, temperature=0.9, seed=7)):
            number = kb.ask(HOTEL, k=2, sampling=sampling).id
            assert number
            record = kb.log.get(number)
            assert record.model_hash.startswith("sha256:")
            assert record.written.raw
            again = kb.replay(number)
            assert again.identical, (again.changes, again.diff)
        chat = kb.chat()
        chat.ask(HOTEL)
        assert chat.standing_alone("And for taxis?") == "How much is refunded for taxis?"  # random weights say nothing
    with KnowledgeBase(replace(base.config, llm=f"gguf:{gguf_file('llama', 'Q4_0')}")) as kb:
        assert any("model" in change for change in kb.replay(number).changes)


def test_the_commands_show_replay_compare_and_judge(folder: Path, base: KnowledgeBase) -> None:
    """Kb log, replay, diff, feedback, export and prompts, with the exit codes that scripts rely on."""
    base.ask(HOTEL)
    base.ask("住宿费每晚最多报销多少？")
    assert [line.split()[0] for line in run("log").stdout.splitlines()] == ["2", "1"]
    assert "[user]" in run("log", 1).stdout
    assert json.loads(run("log", 1, "--json").stdout)["answer"]["question"] == HOTEL
    assert (run("replay", 1).stdout, run("replay", 1).exit_code) == ("identical\n", 0)
    assert "+住宿费每晚最多报销四百五十元。" in run("diff", 1, 2).stdout
    assert run("feedback", 1, "up", "--comment", "well put").exit_code == 0
    assert "well put" in run("log", 1).stdout
    assert len(json.loads(run("export", "--for-training", "alpaca").stdout)) == 1
    (folder / "travel.md").write_text(TRAVEL.replace("120", "150"))
    base.ingest([folder])
    changed = run("replay", 1)
    assert changed.exit_code == 1
    assert changed.stdout.startswith("not the same\nThe index")
    run("log", "--clear")
    assert isinstance(run("replay", 1).exception, InputError)


@pytest.mark.usefixtures("base")
def test_prompts_are_shown_and_tried(tmp_path: Path) -> None:
    """One's own template is named and used; one that cannot be used is refused by name."""
    assert "{passages}" in run("prompts", "show", "answer").stdout
    own = tmp_path / "home" / "prompts" / "answer.en.txt"
    own.parent.mkdir(parents=True)
    own.write_text("[user]\nMINE {nothing_found} {passages} {question}\n")
    assert str(own) in run("prompts", "show", "answer", "--language", "en").stdout
    assert run("prompts", "test", HOTEL).stdout.startswith("[user]\nMINE")
    own.write_text("[user]\n{question}\n")
    refused = run("ask", HOTEL)
    assert isinstance(refused.exception, InputError)
    assert "answer.en.txt" in str(refused.exception)


def test_every_setting_of_sampling_is_an_option_of_ask_and_chat() -> None:
    """The same names in both, with the defaults of ``Sampling``."""
    flags = {"banned": "--ban", "n_beams": "--beams", "n_samples": "--samples", "first_word_s": "--first-word"}
    for face in ("ask", "chat"):
        options = {parameter.name: parameter for parameter in get_command(app).commands[face].params}
        for field in fields(Sampling):
            assert options[field.name].default in (field.default, None)
            flag = flags.get(field.name, f"--{field.name.replace('_', '-')}")
            assert options[field.name].opts == [flag]


@pytest.mark.parametrize(
    ("sampling", "style"),
    [
        (Sampling(top_k=4), "plain"),
        (Sampling(banned=("x",)), "plain"),
        (Sampling(stop=("x",)), "plain"),
        (Sampling(temperature=1), "plain"),
        (Sampling(strategy="beam", n_beams=4), "plain"),
        (Sampling(n_beams=4), "plain"),
        (Sampling(), "few-shot"),
        (Sampling(), "step-by-step"),
    ],
)
def test_what_quoting_cannot_do_is_refused_and_not_ignored(
    base: KnowledgeBase, sampling: Sampling, style: Style
) -> None:
    """Nothing is written, and nothing recorded."""
    with pytest.raises(CannotDoError):
        list(base.stream(HOTEL, sampling=sampling, style=style))
    assert base.log.records() == ()


def test_quotes_are_cut_by_the_sentence(base: KnowledgeBase) -> None:
    """The longest answer is in whole quotes, and has at least one."""
    assert base.ask(HOTEL, sampling=Sampling(max_tokens=1)).text == "Hotel nights are refunded up to 120 dollars. [1]"


def test_options_of_the_command_reach_the_model(folder: Path) -> None:
    """A refusal names the backend and the setting."""
    command("ingest", folder)
    refused = command("ask", HOTEL, "--ban", "dollars", "--top-p", "0.5")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "extractive cannot limit sampling by top_p or ban strings" in refused.stderr
