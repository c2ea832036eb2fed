"""What Langchain-Chatchat holds becomes bases of kb; what does not is said. The samples follow its own layout and tables."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.chatchat import conversations, open_chatchat, take_over
from kb.ingest.errors import InputError

TABLES = """
CREATE TABLE knowledge_base (id INTEGER PRIMARY KEY AUTOINCREMENT, kb_name VARCHAR(50), kb_info VARCHAR(200),
    vs_type VARCHAR(50), embed_model VARCHAR(50), file_count INTEGER, create_time DATETIME);
CREATE TABLE knowledge_file (id INTEGER PRIMARY KEY AUTOINCREMENT, file_name VARCHAR(255), file_ext VARCHAR(10),
    kb_name VARCHAR(50), document_loader_name VARCHAR(50), text_splitter_name VARCHAR(50), create_time DATETIME,
    file_version INTEGER, file_mtime FLOAT, file_size INTEGER, custom_docs BOOLEAN, docs_count INTEGER);
CREATE TABLE file_doc (id INTEGER PRIMARY KEY AUTOINCREMENT, kb_name VARCHAR(50), file_name VARCHAR(255),
    doc_id VARCHAR(50), meta_data JSON);
CREATE TABLE summary_chunk (id INTEGER PRIMARY KEY AUTOINCREMENT, kb_name VARCHAR(50), summary_context VARCHAR(255),
    summary_id VARCHAR(255), doc_ids VARCHAR(1024), meta_data JSON);
CREATE TABLE conversation (id VARCHAR(32) PRIMARY KEY, name VARCHAR(50), chat_type VARCHAR(50), create_time DATETIME);
CREATE TABLE message (id VARCHAR(32) PRIMARY KEY, conversation_id VARCHAR(32), chat_type VARCHAR(50),
    query VARCHAR(4096), response VARCHAR(4096), meta_data JSON, feedback_score INTEGER, feedback_reason VARCHAR(255),
    create_time DATETIME);
INSERT INTO knowledge_base VALUES (1, 'samples', '关于本项目issue的解答', 'faiss', 'bge-large-zh-v1.5', 3, '2024-07-01');
INSERT INTO knowledge_base VALUES (2, 'gone', '', 'milvus', 'm3e-base', 1, '2024-07-01');
INSERT INTO knowledge_file VALUES (1, 'faq.md', '.md', 'samples', 'UnstructuredFileLoader', 'ChineseRecursiveTextSplitter',
    '2024-07-01', 1, 0, 10, 0, 3);
INSERT INTO knowledge_file VALUES (2, 'lost.pdf', '.pdf', 'samples', 'RapidOCRPDFLoader', '', '2024-07-01', 1, 0, 10, 0, 3);
INSERT INTO knowledge_file VALUES (3, 'sub/表格.csv', '.csv', 'samples', 'CSVLoader', '', '2024-07-01', 1, 0, 10, 1, 3);
INSERT INTO summary_chunk VALUES (1, 'samples', '摘要', 'a', '1', '{}');
INSERT INTO conversation VALUES ('c', '会话', 'llm_chat', '2024-07-01');
INSERT INTO message VALUES ('m', 'c', 'llm_chat', '你好', '你好！', '{}', -1, '', '2024-07-01');
"""


@pytest.fixture
def chatchat(tmp_path: Path) -> Path:
    """A folder ``data/knowledge_base`` as Chatchat leaves it."""
    folder = tmp_path / "chatchat" / "data" / "knowledge_base"
    content = folder / "samples" / "content"
    (content / "sub").mkdir(parents=True)
    (content / "faq.md").write_text("# 常见问题\n\n启动服务的端口是七八六一。\n", encoding="utf-8")
    (content / "sub" / "表格.csv").write_text("部门,电话\n人事部,8800\n", encoding="utf-8")
    (content / "broken.pdf").write_bytes(b"%PDF-1.4 nothing more")
    store = folder / "samples" / "vector_store" / "bge-large-zh-v1.5"
    store.mkdir(parents=True)
    (store / "index.faiss").write_bytes(b"IxFI" + bytes(64))
    (store / "index.pkl").write_bytes(b"cos\nsystem\n(S'touch " + str(tmp_path / "pwned").encode() + b"'\ntR.")
    other = folder / "人事 制度.v2" / "content"
    other.mkdir(parents=True)
    (other / "leave.txt").write_text("Staff have 25 days of annual leave.")
    with closing(sqlite3.connect(folder / "info.db")) as connection:
        connection.executescript(TABLES)
    return folder


def test_each_base_is_taken_over_under_its_name(chatchat: Path, tmp_path: Path) -> None:
    """Files are ingested where they are, in Chinese and English; a name that cannot be is made to fit."""
    before = {path: path.stat().st_mtime_ns for path in chatchat.rglob("*")}
    done = take_over(open_chatchat(chatchat), home=tmp_path / "home", embedder="tfidf")
    assert [(one.was, one.name) for one in done] == [
        ("gone", "gone"),
        ("samples", "samples"),
        ("人事 制度.v2", "人事-制度-v2"),
    ]
    with KnowledgeBase.open("samples", home=tmp_path / "home", embedder="tfidf", must_exist=True) as kb:
        assert "七八六一" in kb.ask("启动服务的端口是多少？").text
        assert any("8800" in hit.chunk.text for hit in kb.search("人事部的电话"))
        assert not any("vector_store" in row.source for row in kb.sources())
    with KnowledgeBase.open("人事-制度-v2", home=tmp_path / "home", embedder="tfidf", must_exist=True) as kb:
        assert "25 days" in kb.ask("How many days of annual leave do staff have?").text
    assert {path: path.stat().st_mtime_ns for path in chatchat.rglob("*")} == before
    assert not (tmp_path / "pwned").exists()


def test_what_could_not_be_taken_over_is_said(chatchat: Path, tmp_path: Path) -> None:
    """Vectors, descriptions, summaries, edited passages, missing and unreadable files, lost bases, conversations."""
    found = open_chatchat(chatchat)
    done = {one.was: one for one in take_over(found, home=tmp_path / "home", embedder="tfidf")}
    said = "\n".join(done["samples"].left)
    for part in (
        "faiss vectors of bge-large-zh-v1.5",
        "关于本项目issue的解答",
        "lost.pdf",
        "sub/表格.csv",
        "1 summaries",
    ):
        assert part in said
    assert "faq.md" not in said
    assert [Path(failure.source).name for failure in done["samples"].report.failed] == ["broken.pdf"]
    assert done["gone"].report is None
    assert "there is no folder" in done["gone"].left[0]
    assert not (tmp_path / "home" / "gone").exists()
    assert "'人事 制度.v2'" in done["人事 制度.v2"].left[0]
    assert conversations(found) == ("1 conversations with 1 messages were not taken over.",)


def test_again_is_free_and_other_bases_are_kept(chatchat: Path, tmp_path: Path) -> None:
    """A second run does nothing; a base of the same name with other files is refused before anything is done."""
    (tmp_path / "mine.md").write_text("Mine.")
    with KnowledgeBase.open("人事-制度-v2", home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "mine.md"])
    with pytest.raises(InputError, match="with other files"):
        take_over(open_chatchat(chatchat), home=tmp_path / "home", embedder="tfidf")
    assert not (tmp_path / "home" / "samples").exists()
    take_over(open_chatchat(chatchat), home=tmp_path / "home", embedder="tfidf", force=True)
    again = take_over(open_chatchat(chatchat), home=tmp_path / "home", embedder="tfidf")
    assert [len(one.report.added) for one in again if one.report] == [0, 0]
    with KnowledgeBase.open("人事-制度-v2", home=tmp_path / "home", embedder="tfidf") as kb:
        assert {Path(row.source).name for row in kb.sources()} == {"mine.md", "leave.txt"}


def test_an_old_or_damaged_database_is_no_obstacle(chatchat: Path, tmp_path: Path) -> None:
    """Version 0.1 lacks tables and columns; what the database says is then not known, and the files are read all the same."""
    (chatchat / "info.db").unlink()
    with closing(sqlite3.connect(chatchat / "info.db")) as connection:
        connection.execute(
            "CREATE TABLE knowledge_base (id INTEGER PRIMARY KEY, kb_name TEXT, vs_type TEXT, embed_model TEXT)"
        )
        connection.execute("INSERT INTO knowledge_base VALUES (1, 'samples', 'faiss', 'm3e-base')")
        connection.commit()
    taken = take_over(open_chatchat(chatchat), home=tmp_path / "one", embedder="tfidf")
    assert "faiss vectors of m3e-base" in taken[0].left[0]
    (chatchat / "info.db").write_bytes(b"not a database, but long enough to be looked at as one" * 40)
    found = open_chatchat(chatchat.parents[1])
    assert [one.name for one in take_over(found, home=tmp_path / "two", embedder="tfidf")] == [
        "samples",
        "人事-制度-v2",
    ]
    assert "info.db cannot be read" in conversations(found)[0]
    with pytest.raises(InputError, match="not a folder of Langchain-Chatchat"):
        open_chatchat(tmp_path / "nowhere")


def test_the_command_line_reports(chatchat: Path, tmp_path: Path) -> None:
    """Exit code 5 where files failed, with every loss on stderr and the counts on stdout."""
    environment = os.environ | {"KB_HOME": str(tmp_path / "home"), "KB_EMBEDDER": "tfidf"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kb", "import", "chatchat", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment, check=False)

    done = run(str(chatchat))
    assert done.returncode == 5, done.stderr
    assert "knowledge base 'samples':\n2 added" in done.stdout
    assert "left: lost.pdf" in done.stderr
    assert "failed  " in done.stderr
    data = json.loads(run(str(chatchat), "--json").stdout)
    assert [base["name"] for base in data["bases"]] == ["gone", "samples", "人事-制度-v2"]
    assert run().returncode == 2
