"""Passages: neighbours joined, what an edge cut made whole, and every citation still exact."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kb import Hit, KnowledgeBase
from kb.ingest.document import Chunk
from kb.ingest.text.sentences import sentences
from kb.llm.generator import Pieces, Sampling
from kb.prompts.prompt import Prompt
from kb.retrieval.search.passages import readable

PROSE = " ".join(
    f"Sentence {at} says that pump {at} of the old station is oiled by hand every {at + 2} weeks in winter."
    for at in range(60)
)
STEPS = "\n".join(
    f"{at}. Turn valve {at} of the pumping station clockwise until it clicks twice." for at in range(1, 41)
)
TABLE = "| valve | torque | crew |\n|---|---|---|\n" + "\n".join(
    f"| V{at} | {at * 7} Nm | night shift {at} |" for at in range(60)
)
LONG = (
    "The engineer walked past " + ", ".join(f"the red pump number {at}" for at in range(160)) + " and then went home."
)


def words(text: str) -> int:
    """Count tokens."""
    return len(text.split())


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """Prose, a list, a table and an endless sentence, each under a heading of its own and longer than a chunk."""
    place = tmp_path_factory.mktemp("base")
    (place / "docs").mkdir()
    text = f"# Prose\n\n{PROSE}\n\n# Steps\n\n{STEPS}\n\n# Torques\n\n{TABLE}\n\n# Walk\n\n{LONG}\n"
    (place / "docs" / "manual.md").write_text(text, "utf-8")
    (place / "docs" / "other.md").write_text(text.replace("pump", "motor"), "utf-8")
    with KnowledgeBase.open(home=place / "home", embedder="tfidf", llm="extractive") as kb:
        kb.ingest([place / "docs"])
        yield kb


def chunks_under(kb: KnowledgeBase, heading: str, name: str = "manual.md") -> list[Chunk]:
    """Return the chunks of a section, in order."""
    mine = [chunk for chunk in kb_chunks(kb) if Path(chunk.source).name == name and chunk.titles == (heading,)]
    return sorted(mine, key=lambda chunk: chunk.start)


def hits_of(chunks: list[Chunk]) -> tuple[Hit, ...]:
    """Return hits with falling scores."""
    return tuple(Hit(chunk, 9.0 - at, "fused") for at, chunk in enumerate(chunks))


def is_exact(kb: KnowledgeBase, hit: Hit) -> bool:
    """Return whether a passage is what its place in the document holds."""
    return kb.document_text(hit.chunk.source)[hit.chunk.start : hit.chunk.stop] == hit.chunk.text


def test_neighbours_become_one_passage(base: KnowledgeBase) -> None:
    """In the place and with the score of the better one; others stay, and nothing is joined across headings or files."""
    prose, steps = chunks_under(base, "Prose"), chunks_under(base, "Steps")
    assert len(prose) > 3
    hits = hits_of([prose[1], steps[0], prose[3], prose[0], *chunks_under(base, "Prose", "other.md")[2:3]])
    found = readable(lambda _: base.catalog, hits, 0, words)
    assert [(hit.score, hit.chunk.start, hit.chunk.stop) for hit in found] == [
        (9.0, prose[0].start, prose[1].stop),
        (8.0, steps[0].start, steps[0].stop),
        (7.0, prose[3].start, prose[3].stop),
        (5.0, hits[4].chunk.start, hits[4].chunk.stop),
    ]
    assert all(is_exact(base, hit) for hit in found)
    assert found[0].chunk.headings == ("Prose",)


@pytest.mark.parametrize(
    ("heading", "first", "last"),
    [("Steps", "1. Turn", "."), ("Torques", "| valve", "|"), ("Walk", "The engineer", "home.")],
)
def test_what_an_edge_cut_is_made_whole_from_the_chunks_beside_it(
    base: KnowledgeBase, heading: str, first: str, last: str
) -> None:
    """A sentence, a list and a table, backwards and forwards; the table gets its header row."""
    chunks = chunks_under(base, heading)
    assert len(chunks) > 1
    begun = [chunk for chunk in chunks if "Turn" in chunk.text or "|" in chunk.text or "pump" in chunk.text]
    (start,) = readable(lambda _: base.catalog, hits_of([begun[1]]), 10_000, words)
    assert start.chunk.start < begun[1].start
    assert start.chunk.text.startswith(first) or len(begun) > 2
    (stop,) = readable(lambda _: base.catalog, hits_of([begun[-2]]), 10_000, words)
    assert stop.chunk.stop == begun[-1].stop
    assert stop.chunk.text.endswith(last)
    assert is_exact(base, start)
    assert is_exact(base, stop)


def test_prose_that_ends_with_a_sentence_is_left_as_it_is(base: KnowledgeBase) -> None:
    """Only what is cut is completed."""
    hits = hits_of(chunks_under(base, "Prose")[1:2])
    assert readable(lambda _: base.catalog, hits, 10_000, words) == hits


def test_no_more_is_added_than_there_is_room_for(base: KnowledgeBase) -> None:
    """The best hit first; what does not fit stays as it was found."""
    one, other = chunks_under(base, "Steps")[0], chunks_under(base, "Torques")[0]
    hits = hits_of([one, other])
    needed = [
        words(whole.chunk.text) - words(hit.chunk.text)
        for hit in hits
        for whole in readable(lambda _: base.catalog, [hit], 10_000, words)
    ]
    assert min(needed) > 0
    found = readable(lambda _: base.catalog, hits, needed[0], words)
    assert found[0].chunk.stop > one.stop
    assert found[1] == hits[1]
    assert readable(lambda _: base.catalog, hits, 0, words) == hits


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), spare=st.integers(0, 2000))
def test_whatever_is_joined_is_exact_and_loses_nothing(base: KnowledgeBase, data: st.DataObject, spare: int) -> None:
    """Every hit is within a passage, passages are places in their documents and do not overlap, within the room given."""
    every = [chunk for name in ("Prose", "Steps", "Torques", "Walk") for chunk in chunks_under(base, name)]
    hits = hits_of(data.draw(st.lists(st.sampled_from(every), unique=True, max_size=8)))
    found = readable(lambda _: base.catalog, hits, spare, words)
    assert all(is_exact(base, hit) for hit in found)
    for hit in hits:
        assert any(one.chunk.start <= hit.chunk.start and hit.chunk.stop <= one.chunk.stop for one in found)
    places = sorted((hit.chunk.start, hit.chunk.stop) for hit in found)
    assert all(a[1] <= b[0] for a, b in pairwise(places))
    assert sum(words(hit.chunk.text) for hit in found) <= sum(words(hit.chunk.text) for hit in hits) + spare
    scores = [hit.score for hit in found]
    assert scores == sorted(scores, reverse=True)


class Copyist:
    """A ``Generator`` of a program: it copies the last sentence of every passage, with its mark."""

    name = "copyist"
    context_tokens = 100_000

    def count_tokens(self, text: str) -> int:
        """See ``Generator``."""
        return words(text)

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """See ``Generator``."""
        assert sampling.max_tokens
        for number, hit in enumerate(prompt.hits, 1):
            yield f"{sentences(hit.chunk.text)[-1].strip('| ')} [{number}]\n\n"
        return "stop"

    def close(self) -> None:
        """See ``Generator``."""


def test_a_model_is_given_joined_passages_and_cited_exactly(base: KnowledgeBase) -> None:
    """What it writes from text that an edge had cut off is found there, at the place that the citation says."""
    with KnowledgeBase.open(home=base.config.home, embedder="tfidf", llm=Copyist()) as kb:
        answer = kb.ask("Which valve of the pumping station is turned clockwise until it clicks twice?", k=8)
    assert answer.citations
    ends = {chunk.stop for chunk in kb_chunks(base)}
    for citation in answer.citations:
        text = base.document_text(citation.source)
        assert text[citation.start : citation.stop] == citation.quote
    quotes = [citation.quote for citation in answer.citations]
    assert any("valve 40 of the pumping station" in quote for quote in quotes)
    hits = [hit for hit in answer.hits if "Turn valve" in hit.chunk.text]
    assert len(quotes) < len(answer.hits)
    assert all(hit.chunk.stop in ends for hit in hits)


def kb_chunks(kb: KnowledgeBase) -> list[Chunk]:
    """Return all chunks of a base."""
    rows = kb.catalog.connection().execute("SELECT id FROM chunks").fetchall()
    return list(kb.catalog.chunks([chunk for (chunk,) in rows]).values())
