"""Filters: in every lane, so that a filtered search finds as many passages as there are."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import commands
import pytest
from hashed import HashedEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st
from kb import KnowledgeBase
from kb.app.base.stores import open_index
from kb.ingest.errors import InputError
from kb.retrieval.search.search import Searcher
from kb.retrieval.search.select import Ordering
from kb.retrieval.where import Where, everything

N = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many files that a question fits, and a few, of another folder, kind or language, that it fits less."""
    folder = tmp_path_factory.mktemp("docs")
    for at in range(N):
        (folder / f"note-{at:03}.txt").write_text(f"Backup number {at}: a backup of the server is a backup.")
    rare = folder / "hr" / "rules"
    rare.mkdir(parents=True)
    for at in range(12):
        (rare / f"rule-{at:02}.md").write_text(
            f"# Rule {at}\n\nThis long rule of the office, number {at}, says among many other things that a server"
            f" may have its backup {at} made by the person on duty in the evening.\n"
        )
        (rare / f"规定-{at:02}.md").write_text(
            f"# 规定 {at}\n\n第 {at} 条：服务器（server）须每晚备份（backup）。\n", "utf-8"
        )
    return folder


@pytest.fixture(scope="module")
def base(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """A base with an embedder that reads English only."""
    kb = KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder=HashedEmbedder())
    kb.ingest([folder])
    return kb


@pytest.fixture(params=["exact", "chroma", "chroma, small scopes exact"])
def searcher(request: pytest.FixtureRequest, base: KnowledgeBase) -> Searcher:
    """Searchers over a base that is small, large, or large for the index but not for the scope."""
    limit = {"exact": 10_000, "chroma": 5, "chroma, small scopes exact": 30}[request.param]
    return Searcher(
        base._catalog,
        base.config.folder,
        lambda: base._embedders.serving().embedder,
        partial(open_index, base.catalog, base.config),
        lambda: limit,
    )


@pytest.mark.parametrize("lanes", [None, ["bm25"], ["dense"], ["tfidf"]])
def test_a_filtered_search_finds_k_whenever_k_exist(searcher: Searcher, lanes: Sequence[str] | None) -> None:
    """Though hundreds of passages outside the filter fit better, in every lane."""
    question = "backup of the server"
    for where, n in (
        (Where(sources=("rule-*",)), 12),
        (Where(sources=("hr/*",), languages=("en",)), 12),
        (Where(media_types=("md",), languages=("en",)), 12),
        (Where(media_types=("text/plain",)), N),
        (Where(sources=("note-00*", "rule-03.md")), 11),
    ):
        hits = searcher.search(question, n, lanes, where, ordering=Ordering(per_document=None)).hits
        assert len(hits) == n, where
        assert len({hit.chunk.id for hit in hits}) == n


def test_a_filter_does_not_change_scores(searcher: Searcher) -> None:
    """A passage scores the same within a filter as without: the statistics are those of the whole base."""
    question = "backup of the server by the person on duty"
    free = {hit.chunk.id: hit.score for hit in searcher.search(question, 400).hits}
    hits = searcher.search(question, 5, where=Where(sources=("rule-*",))).hits
    assert [free[hit.chunk.id] for hit in hits] == pytest.approx([hit.score for hit in hits], abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(
    sources=st.lists(st.sampled_from(["*.md", "hr/*", "note-1*", "*/rules/*", "nothing"]), max_size=2),
    languages=st.lists(st.sampled_from(["en", "zh", "fr"]), max_size=2),
    media_types=st.lists(st.sampled_from(["md", "markdown", "txt", "text/plain", "pdf", ".MD"]), max_size=2),
)
def test_a_scope_is_what_the_filter_admits(
    base: KnowledgeBase, sources: list[str], languages: list[str], media_types: list[str]
) -> None:
    """Chunk by chunk, the scope agrees with the filter asked of each document, and its keys with its ids."""
    where = Where(tuple(sources), tuple(languages), tuple(media_types))
    scope = base._searcher.scope(where)
    connection = base._catalog.connection()
    rows = connection.execute(
        "SELECT c.id, c.key, s.source, d.language, d.media_type FROM chunks c JOIN documents d ON d.id = c.document_id"
        " JOIN sources s ON s.document_id = d.id"
    ).fetchall()
    admitted = {(chunk, key) for chunk, key, *facts in rows if where.admits(*facts)}
    assert scope.ids == {chunk for chunk, _ in admitted}
    assert scope.keys.tolist() == sorted(key for _, key in admitted)
    whole = everything(base._catalog)
    assert (whole & scope).ids == scope.ids
    assert whole.without(scope.ids, scope.keys.tolist()).ids == whole.ids - scope.ids


def test_a_copy_is_shown_where_the_filter_found_it(tmp_path: Path) -> None:
    """The same bytes in two folders are one document; a filter on one folder names that one."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.txt").write_text("The museum opens at nine.")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path / "a", tmp_path / "b"])
        for name in ("a", "b"):
            (hit,) = kb.search("museum", where=Where(sources=(f"{name}/*",)))
            assert Path(hit.chunk.source).parent.name == name
        answer = kb.ask("When does the museum open?", where=Where(sources=("b/*",)))
        assert Path(answer.citations[0].source).parent.name == "b"
        assert kb.ask("When does the museum open?", where=Where(sources=("c/*",))).abstained


def test_metadata(tmp_path: Path) -> None:
    """What a file says of itself: any item of a list, dates from and to, the day of the last change where it says none."""
    for name, tags, date in (
        ("old", "[travel, money]", "2019-05-01"),
        ("new", "travel", "2024-06-30"),
        ("other", "food", "2024"),
    ):
        (tmp_path / f"{name}.md").write_text(f"---\ntags: {tags}\ndate: {date}\n---\n\nA report on trains ({name}).\n")
    (tmp_path / "bare.txt").write_text("A report on trains without front matter.")
    os.utime(tmp_path / "bare.txt", (1_600_000_000, 1_600_000_000))  # 2020-09-13
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path])

        def found(*metadata: str) -> set[str]:
            return {
                Path(hit.chunk.source).stem for hit in kb.search("report on trains", where=Where(metadata=metadata))
            }

        assert found("tags=travel") == {"old", "new"}
        assert found("tags=m*") == {"old"}
        assert found("tags=travel", "date>=2020") == {"new"}
        assert found("date<=2020") == {"old", "bare"}
        assert found("date>=2024-06") == {"new"}
        assert found("author=*") == set()
        with pytest.raises(InputError, match="tags=travel"):
            found("travel")


def test_pages(tmp_path: Path) -> None:
    """Only what touches the page; a format without pages has none."""
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    for number in (1, 2, 3):
        pdf.add_page()
        pdf.multi_cell(0, 6, f"Chapter {number} is about whales. " + "They sing in the deep sea all night long. " * 60)
    pdf.output(str(tmp_path / "whales.pdf"))
    (tmp_path / "whales.txt").write_text("Whales without pages.")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        hits = kb.search("whales sing", where=Where(pages=(2,)))
        assert hits
        assert all(2 in hit.chunk.pages for hit in hits)
        assert kb.search("whales", where=Where(pages=(9,))) == ()


def test_the_command_line_takes_filters(base: KnowledgeBase) -> None:
    """``--source``, ``--language`` and ``--type`` may be given together and more than once."""
    arguments = [
        "search",
        "server backup",
        "-k",
        "30",
        "--source",
        "hr/*",
        "--language",
        "zh",
        "--type",
        "md",
        "--json",
    ]
    done = commands.kb(*arguments, "--embedder", "tfidf", "--home", base.config.home)
    sources = {Path(hit["chunk"]["source"]).name for hit in json.loads(done.stdout)["hits"]}
    assert sources == {f"规定-{at:02}.md" for at in range(12)}
