"""The Python API, from files to cited answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hashed import HashedEmbedder
from kb import KBError, KnowledgeBase
from kb.app.base import upkeep
from kb.ingest.errors import InputError, UnknownNameError
from kb.ingest.run.sync import Selection
from numpy.typing import NDArray

ZH = """# 差旅制度

## 报销

出差住宿费每晚最多报销四百五十元。交通费按实际发生的金额报销。

## 审批

出差前须经部门经理批准。
"""
EN = """# Travel

## Refunds

Hotel nights are refunded up to 120 dollars. Taxi rides need a receipt.

## Approval

Every trip is approved by the head of department.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Chinese and an English file."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "差旅.md").write_text(ZH, encoding="utf-8")
    (folder / "travel.md").write_text(EN, encoding="utf-8")
    (folder / "noise.txt").write_text("The moon has no atmosphere. Its surface is covered with dust.\n" * 3)
    return folder


@pytest.fixture
def base(folder: Path) -> KnowledgeBase:
    """A base of the three files, without an embedder."""
    kb = KnowledgeBase.open(embedder="tfidf")
    kb.ingest([folder])
    return kb


def test_an_answer_cites_the_exact_place_in_both_languages(base: KnowledgeBase, folder: Path) -> None:
    """Each quote is verbatim in the file's text, at the offsets given, in the right file."""
    for question, file, expected in (
        ("How much is refunded for a hotel night?", "travel.md", "120 dollars"),
        ("住宿费每晚最多报销多少？", "差旅.md", "四百五十元"),
    ):
        answer = base.ask(question)
        assert not answer.abstained
        assert expected in answer.text
        first = answer.citations[0]
        assert Path(first.source) == folder / file
        assert base.document_text(first.source)[first.start : first.stop] == first.quote
        assert first.quote in (folder / file).read_text(encoding="utf-8")
        assert all(sentence.support == "supported" for sentence in answer.sentences)


def test_a_question_beyond_the_documents_is_not_answered(base: KnowledgeBase) -> None:
    """Nothing is cited, and what was searched is said."""
    for question in ("Who won the chess championship of 1972?", "谁发明了蒸汽机？"):
        answer = base.ask(question)
        assert answer.abstained
        assert answer.citations == ()
        assert answer.searched.documents == 3


def test_what_the_passages_do_not_mention_is_said(base: KnowledgeBase) -> None:
    """An answer that may be about something else names the words that it does not hold, in the question's language."""
    answer = base.ask("How much is refunded for a hotel night in Xanadu?")
    assert not answer.abstained
    assert "The passages do not mention “Xanadu”." in answer.notes
    assert not any("mention" in note for note in base.ask("How much is refunded for a hotel night?").notes)
    assert "段落中没有提到“桑拿房”。" in base.ask("桑拿房住宿费每晚最多报销多少？").notes


def test_strictness_is_a_setting(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A strict base answers less; what is no number is refused when the base is opened."""
    question = "Are taxi rides or hotel nights refunded?"
    assert base.ask(question).sure
    monkeypatch.setenv("KB_STRICTNESS", "50")
    with KnowledgeBase.open(embedder="tfidf") as strict:
        assert not strict.ask(question).sure
    monkeypatch.setenv("KB_STRICTNESS", "very")
    with pytest.raises(InputError, match="strictness is 'very'"):
        KnowledgeBase.open()


def test_snapshots_grow_into_the_answer(base: KnowledgeBase) -> None:
    """Only the last snapshot is finished, and asking returns it."""
    *growing, last = base.stream("Who approves a trip?")
    assert all(not snapshot.finished for snapshot in growing)
    assert last.finished
    assert last.text == base.ask("Who approves a trip?").text


def test_hits_say_what_their_score_means(base: KnowledgeBase) -> None:
    """Best first, with the score and rank of every lane."""
    hits = base.search("hotel refunds", k=3)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].by == "fused"
    assert {lane.name for lane in hits[0].lanes} == {"bm25", "tfidf"}
    chunk = hits[0].chunk
    assert base.document_text(chunk.source)[chunk.start : chunk.stop] == chunk.text
    assert chunk.headings[0] == "Travel"


def test_ingesting_again_changes_nothing(base: KnowledgeBase, folder: Path) -> None:
    """The report names what is unchanged."""
    fingerprint = base.status().fingerprint
    report = base.ingest([folder])
    assert (len(report.unchanged), report.added, report.n_embedded) == (3, (), 0)
    assert base.status().fingerprint == fingerprint


def test_removed_sources_cannot_be_found(base: KnowledgeBase, folder: Path) -> None:
    """Removing a file or a folder forgets all that came from it; the files stay."""
    assert base.remove([folder / "travel.md"]) == (str(folder / "travel.md"),)
    assert not base.ask("How much is refunded for a hotel night?").sure
    assert (folder / "travel.md").exists()
    assert len(base.remove([folder])) == 2
    assert base.search("moon") == ()
    with pytest.raises(InputError, match="not in the knowledge base"):
        base.remove([folder])


def test_bad_questions_are_refused_in_a_sentence(base: KnowledgeBase) -> None:
    """Empty and huge questions, and impossible k, are the caller's mistakes."""
    for question, k in (("", 5), ("  \n", 5), ("x" * 100_000, 5), ("fine", 0)):
        with pytest.raises(InputError):
            base.search(question, k=k)
    with pytest.raises(KBError):
        base.ask("")


def test_odd_questions_do_no_harm(base: KnowledgeBase) -> None:
    """Quotes, operators and symbols of the search engine are just text."""
    for question in (
        '"',
        "hotel OR",
        "NEAR(a b)",
        "a AND NOT b*",
        "{passages}",
        "😀",
        "。。。",
        "-- ; DROP TABLE chunks",
        "\0null",
    ):
        base.ask(question)
    assert base.search("hotel")


def test_an_empty_base_abstains() -> None:
    """No documents, no answer, no error."""
    with KnowledgeBase.open("empty", embedder="tfidf") as kb:
        kb.ingest([])
        assert kb.search("anything") == ()
        assert kb.ask("anything").abstained


@pytest.mark.parametrize(
    "read",
    [
        lambda kb: kb.ask("How much is refunded?"),
        lambda kb: kb.ask("How many files are there?"),
        lambda kb: kb.search("hotel"),
        lambda kb: list(kb.stream("How much is refunded?")),
        lambda kb: kb.chat().ask("How much is refunded?"),
        lambda kb: kb.as_retriever().invoke("hotel"),
        lambda kb: (kb.status(), kb.sources(), kb.ledger(), kb.log.records()),
        lambda kb: kb.document_text("a.md"),
        lambda kb: kb.remove(["a.md"]),
        lambda kb: kb.finish(),
        lambda kb: kb.reindex("tfidf"),
        lambda kb: kb.rollback(),
        lambda kb: kb.gc(),
    ],
)
def test_a_base_that_is_not_there_cannot_be_read(tmp_path: Path, read: Callable[[KnowledgeBase], object]) -> None:
    """A misspelt name is said in the sentence of the command line, and makes no folder."""
    with (
        KnowledgeBase.open("hotles", home=tmp_path / "home", embedder="tfidf") as kb,
        pytest.raises(
            UnknownNameError, match=r"there is no knowledge base 'hotles' in .*; make it with: kb ingest PATH"
        ),
    ):
        read(kb)
    assert not (tmp_path / "home").exists()


def test_the_first_ingest_makes_a_base(tmp_path: Path, folder: Path) -> None:
    """Not one that cannot begin, nor one that only looks; another object of that name, opened before, reads it then."""
    home = tmp_path / "home"
    with KnowledgeBase.open("new", home=home, embedder="tfidf") as kb, KnowledgeBase.open("new", home=home) as other:
        with pytest.raises(InputError, match="no such file"):
            kb.ingest([tmp_path / "nothing"])
        assert len(kb.ingest([folder], selection=Selection(dry_run=True)).added) == 3
        assert not home.exists()
        assert len(kb.ingest(iter([folder])).added) == 3
        assert kb.search("hotel")
        assert other.search("hotel")


def test_the_first_ingest_uses_the_embedder_that_was_given(tmp_path: Path, folder: Path) -> None:
    """It is looked at before the base is made, and is not replaced by the best one on this machine."""
    with KnowledgeBase.open(home=tmp_path / "home", embedder=HashedEmbedder()) as kb:
        kb.ingest([folder])
        assert kb.status().embedder == "hashed"


def test_names_cannot_leave_the_home() -> None:
    """A name is a folder name, nothing else."""
    for name in ("../x", "a/b", "", ".", "models"):
        with pytest.raises(InputError):
            KnowledgeBase.open(name or " ")


def test_two_writers_at_once_are_refused(base: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is told to wait."""
    monkeypatch.setattr(upkeep, "_LOCK_TIMEOUT_S", 0.1)
    second = KnowledgeBase.open(embedder="tfidf")
    with FileLock(str(base.config.folder / "lock")), pytest.raises(KBError, match="another kb process"):
        second.ingest([folder])
    assert len(second.ingest([folder]).unchanged) == 3


def test_a_base_without_an_embedder_stays_without_until_asked(folder: Path) -> None:
    """``tfidf`` was a choice: a later run that names nothing does not move the base to a model."""
    for embedder in ("tfidf", None, None):
        with KnowledgeBase.open(embedder=embedder) as base:
            base.ingest([folder])
            assert base.embedder is None
            assert base.catalog.get("embedder") == "tfidf"


class _CutOff(HashedEmbedder):
    """Is stopped with Ctrl-C when it begins."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise KeyboardInterrupt(f"before {len(texts)} texts")


def test_a_first_ingest_that_is_cut_off_leaves_word_of_its_embedder(folder: Path) -> None:
    """Who asks meanwhile or afterwards is told that vectors are missing, and the next run goes on with the same model."""
    with KnowledgeBase.open(embedder=_CutOff()) as base, pytest.raises(KeyboardInterrupt):
        base.ingest([folder])
    with KnowledgeBase.open() as base:
        assert base.catalog.get("embedder") == "given:hashed"
        assert any("built with hashed" in note for note in base.ask("How much is refunded for a hotel night?").notes)
