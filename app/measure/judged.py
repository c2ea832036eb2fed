"""Questions with known relevant passages: read from a test set, or made from a base itself.

Comes in: a folder with ``queries.jsonl``, ``qrels.tsv`` and ``corpus.jsonl``, or a catalog. Goes out: questions with
relevance judgements. Never: a model, or unseeded randomness.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...ingest.document import Chunk, text_hash
from ...ingest.errors import InputError
from ...ingest.store.catalog import Catalog
from ...ingest.text.sentences import sentence_spans
from ...retrieval.words.tokens import tokens

Kind = Literal["set", "heading", "definition", "cloze", "written"]
Units = Callable[[Chunk], list[str]]
"""Returns the judged units of a chunk: the documents of a set, or the text itself."""

_DEFINITION_EN = re.compile(r"(?:An? |The )?([A-Z][\w-]*(?: [\w-]+){0,4}) (?:is|are) (?:an?|the|any|one of) \w")
_DEFINITION_ZH = re.compile(r"([\u4e00-\u9fff\w-]{2,12}?)(?:是指|指的是|是一[\u4e00-\u9fff]|，是)")
_SPAN = re.compile(r"\d[\d.,:/-]*|[A-Z][\w-]+|[\u4e00-\u9fff]{2,4}|[a-z]{5,}")
_SHORTEST, _LONGEST = 6, 60
_BLANK = " ___ "
_WRONG = (OSError, ValueError, LookupError)
"""What reading something that is not such a set ends with."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its relevant units."""

    text: str
    judged: Mapping[str, float]
    """Relevance by unit; empty if nothing in the corpus answers it."""
    kind: Kind = "set"
    document_id: str = ""
    """The document it was made from."""


def read_set(folder: Path, limit: int) -> list[Question]:
    """Return up to ``limit`` questions of a set after a fixed shuffle, including unanswerable ones.

    Raises:
        InputError: the folder is not such a set.
    """
    try:
        judgements = (folder / "qrels.tsv").read_text("utf-8").splitlines()
        rows = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").split("\n") if line]
        judged: dict[str, dict[str, float]] = defaultdict(dict)
        for line in judgements:
            question, document, relevance = line.split("\t")
            if float(relevance) > 0:
                judged[question][document] = float(relevance)
        questions = [
            Question(row["text"], judged.get(row["id"], {}))
            for row in rows
            if row["id"] in judged or not row.get("answerable", True)
        ]
    except _WRONG as error:
        raise _no_set(folder, error) from error
    random.Random(0).shuffle(questions)  # noqa: S311 - a sample, not a secret
    return questions[:limit]


def lay_out(folder: Path, files: Path) -> tuple[Path, Units]:
    """Write the corpus of a set as files; return the folder to ingest, and a function giving the judged units of a chunk.

    Args:
        folder: the set's folder; without a ``corpus.jsonl``, its ``meta.json`` names the tree that is its corpus.
        files: where to write; created.
    Raises:
        InputError: the set has neither, or they cannot be read.
    """
    try:
        if not (folder / "corpus.jsonl").exists():
            meta = json.loads((folder / "meta.json").read_text("utf-8"))
            root = (folder.absolute().parents[1] / meta["corpus"]).resolve()
            return root / meta.get("prefix", ""), lambda chunk: [Path(chunk.source).relative_to(root).as_posix()]
        same = _passages(folder / "corpus.jsonl")
    except _WRONG as error:
        raise _no_set(folder, error) from error
    files.mkdir(parents=True)
    of_file = {}
    for number, (text, ids) in enumerate(same.items()):
        path = files / f"{number:06}.md"
        path.write_text(text, "utf-8")
        of_file[path.name] = ids
    return files, lambda chunk: of_file[Path(chunk.source).name]


def _passages(corpus: Path) -> dict[str, list[str]]:
    """Return the ids of the passages of a corpus, by their text."""
    same: dict[str, list[str]] = {}
    for line in corpus.read_text("utf-8").split("\n"):
        if line:
            row = json.loads(line)
            title = f"# {row['title']}\n\n" if row.get("title") else ""
            same.setdefault(title + row["text"], []).append(row["id"])
    return same


def _no_set(folder: Path, why: Exception) -> InputError:
    return InputError(
        "{folder}: is not an evaluation set ({why}); it needs queries.jsonl, qrels.tsv and corpus.jsonl",
        folder=folder,
        why=why,
    )


def by_text(chunk: Chunk) -> list[str]:
    """Return the judged unit of a chunk of a user's base: its text, regardless of position."""
    return [text_hash(" ".join(chunk.text.split()))]


def make_questions(catalog: Catalog, limit: int) -> list[Question]:
    """Make up to ``limit`` questions from a base: headings, definitions, and sentences with a gap, in equal numbers.

    Questions that more than one document gives rise to are dropped.
    """
    ids = [chunk for (chunk,) in catalog.connection().execute("SELECT id FROM chunks ORDER BY id")]
    dice = random.Random(0)  # noqa: S311 - a sample, not a secret
    dice.shuffle(ids)
    made: dict[str, Question] = {}
    ambiguous = set()
    for chunk in _chunks(catalog, ids[: limit * 4]):
        for question in _from_chunk(chunk, dice):
            known = made.get(question.text)
            if known and known.document_id != question.document_id:
                ambiguous.add(question.text)
            made[question.text] = (
                Question(question.text, {**known.judged, **question.judged}, known.kind, known.document_id)
                if known
                else question
            )
    kinds: dict[str, list[Question]] = defaultdict(list)
    for text, question in made.items():
        if text not in ambiguous:
            kinds[question.kind].append(question)
    turns = max((len(questions) for questions in kinds.values()), default=0)
    mixed = [questions[at] for at in range(turns) for questions in kinds.values() if at < len(questions)][:limit]
    return _complete(catalog, mixed)


def _complete(catalog: Catalog, questions: Iterable[Question]) -> list[Question]:
    """Mark all passages under a heading as relevant to the question made from it, not only those sampled."""
    done = []
    for question in questions:
        if question.kind != "heading":
            done.append(question)
            continue
        rows = catalog.connection().execute("SELECT id FROM chunks WHERE document_id = ?", (question.document_id,))
        chunks = catalog.chunks([chunk for (chunk,) in rows]).values()
        judged = {unit: 1.0 for chunk in chunks if question.text in chunk.headings for unit in by_text(chunk)}
        done.append(Question(question.text, judged or question.judged, question.kind, question.document_id))
    return done


def _chunks(catalog: Catalog, ids: list[str]) -> Iterator[Chunk]:
    for at in range(0, len(ids), 500):
        yield from catalog.chunks(ids[at : at + 500]).values()


def _from_chunk(chunk: Chunk, dice: random.Random) -> Iterator[Question]:
    judged = dict.fromkeys(by_text(chunk), 1.0)
    if chunk.titles and len(tokens(chunk.titles[-1])) > 1:
        yield Question(chunk.titles[-1], judged, "heading", chunk.document_id)
    sentences = [chunk.text[start:stop].strip() for start, stop in sentence_spans(chunk.text)]
    for sentence in sentences:
        if text := _definition(sentence):
            yield Question(text, judged, "definition", chunk.document_id)
    whole = [sentence for sentence in sentences if _SHORTEST <= len(tokens(sentence)) <= _LONGEST]
    if whole and (text := _cloze(dice.choice(whole), dice)):
        yield Question(text, judged, "cloze", chunk.document_id)


def _definition(sentence: str) -> str:
    """Return the question that a defining sentence answers; empty if it defines nothing."""
    if match := _DEFINITION_EN.match(sentence):
        return f"What is {match[1]}?" if match[1] not in {"It", "This", "That", "There", "He", "She", "Here"} else ""
    match = _DEFINITION_ZH.match(sentence)
    return f"什么是{match[1]}？" if match and not re.match("[这那它他她其此该]", match[1]) else ""


def _cloze(sentence: str, dice: random.Random) -> str:
    """Return a sentence with one word left out; empty if no word qualifies."""
    spans = [match.span() for match in _SPAN.finditer(sentence) if match.start() > 0]
    if not spans:
        return ""
    start, stop = dice.choice(spans)
    return " ".join((sentence[:start] + _BLANK + sentence[stop:]).split())
