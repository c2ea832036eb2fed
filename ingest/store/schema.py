"""The catalog's tables: the one truth on disk, from which every index is rebuilt."""

from __future__ import annotations

VERSION = 8
"""Raised with every change below; ``catalog`` migrates older files and refuses newer ones."""

_LOG = """
-- A conversation; its turns are the answers given in it.
CREATE TABLE sessions (
    id      TEXT PRIMARY KEY,
    started TEXT NOT NULL                   -- UTC, ISO 8601
) WITHOUT ROWID;

-- What was answered, and all that it takes to answer it again. Nothing here is searched.
CREATE TABLE answers (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          TEXT NOT NULL,              -- UTC, ISO 8601
    session     TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    said        TEXT NOT NULL,              -- as typed; in a conversation it may lean on what was said before
    question    TEXT NOT NULL,              -- as searched for: it stands alone
    settings    TEXT NOT NULL,              -- JSON {k, style, where, sampling, bases, ...}
    fingerprint TEXT NOT NULL,              -- of the index
    llm         TEXT NOT NULL,              -- the spec that opens the model
    model       TEXT NOT NULL,              -- its name; empty when nothing was found to ask it about
    model_hash  TEXT NOT NULL,              -- of its file, for models in one file
    messages    TEXT NOT NULL,              -- JSON [[role, content], ...]: the prompt
    raw         TEXT NOT NULL,              -- what the model wrote
    answer      TEXT NOT NULL,              -- JSON
    timings     TEXT NOT NULL,              -- JSON [[stage, seconds], ...]
    feedback    TEXT NOT NULL DEFAULT '' CHECK (feedback IN ('', 'up', 'down')),
    correction  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX answers_by_session ON answers(session);

-- Where the passages of an answer came from: when such a place is forgotten, what was said from it is too.
CREATE TABLE answer_sources (
    answer INTEGER NOT NULL REFERENCES answers(id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    PRIMARY KEY (answer, source)
) WITHOUT ROWID;
"""

_TABLES = """
-- What holds for the whole base: generation, embedder, split settings, what derived indexes have caught up with.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- A file's content. The same bytes in two places are one document with two sources.
CREATE TABLE documents (
    id         TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    media_type TEXT NOT NULL,
    language   TEXT NOT NULL,
    encoding   TEXT NOT NULL,
    text       TEXT NOT NULL,
    headings   TEXT NOT NULL,               -- JSON [[start, level, title], ...]
    notes      TEXT NOT NULL,               -- JSON [sentence, ...]
    split_key  TEXT NOT NULL,               -- the splitter's settings that made its chunks
    metadata   TEXT NOT NULL DEFAULT '{}'   -- JSON {key: value}: what the file says of itself
);

-- A place that was looked at: every file that was given has a row, read or failed.
CREATE TABLE sources (
    source         TEXT PRIMARY KEY,        -- absolute path, "!member" behind it inside an archive
    root           TEXT NOT NULL,           -- the argument it was found under
    size           INTEGER NOT NULL,        -- bytes
    mtime_ns       INTEGER NOT NULL,        -- -1: an archive whose members are being read
    reader         TEXT NOT NULL,           -- version of the readers that looked, what was redacted and left out
    document_id    TEXT REFERENCES documents(id),
    failure_kind   TEXT NOT NULL DEFAULT '',
    failure_reason TEXT NOT NULL DEFAULT '',
    archive        TEXT NOT NULL DEFAULT '', -- the archive that it is a member of; an archive's own row names itself
    encoding       TEXT NOT NULL DEFAULT '', -- that the user says it has
    given          TEXT NOT NULL DEFAULT '{}', -- JSON {key: value}: metadata from the user
    CHECK ((document_id IS NULL) = (failure_kind <> '' OR archive = source))
);
CREATE INDEX sources_by_document ON sources(document_id);

-- The page ledger: every page of every document, also those without text.
CREATE TABLE pages (
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    stop        INTEGER NOT NULL,
    how         TEXT NOT NULL,
    reason      TEXT NOT NULL,
    label       TEXT NOT NULL,
    PRIMARY KEY (document_id, number)
) WITHOUT ROWID;

CREATE TABLE chunks (
    key         INTEGER PRIMARY KEY,        -- rowid in bm25
    id          TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    start       INTEGER NOT NULL,
    stop        INTEGER NOT NULL,
    text        TEXT NOT NULL,
    pages       TEXT NOT NULL,              -- JSON [number, ...]
    headings    TEXT NOT NULL,              -- JSON [title, ...]
    n_tokens    INTEGER NOT NULL,
    text_hash   TEXT NOT NULL               -- of heading path and text, and of what is embedded of them
);
CREATE INDEX chunks_by_document ON chunks(document_id, start);
CREATE INDEX chunks_by_text_hash ON chunks(text_hash);

-- Tokens come parted by spaces; "ascii" takes every byte above 127 as part of a token, so that Chinese needs no ICU.
-- Contentless: the tokens are a pure function of the chunk, so they can be given again to delete them.
CREATE VIRTUAL TABLE bm25 USING fts5(tokens, content='', tokenize="ascii tokenchars '_./-+#'");

-- Vectors by text, so that re-splitting, moving, renaming or a lost Chroma never pays an embedding twice.
CREATE TABLE vectors (
    embedder  TEXT NOT NULL,                -- Embedder.fingerprint
    text_hash TEXT NOT NULL,
    vector    BLOB,                         -- float32 little endian, unit length; NULL: the embedder cannot read this text
    PRIMARY KEY (embedder, text_hash)
);
"""

_CHUNKINGS = """
-- Chunks that are not searched: those that another embedder will need or needed, so that moving to it, or back, is one
-- transaction. Their text is the document's.
CREATE TABLE spare_chunks (
    split_key   TEXT NOT NULL,
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    id          TEXT NOT NULL,
    start       INTEGER NOT NULL,
    stop        INTEGER NOT NULL,
    pages       TEXT NOT NULL,              -- as in chunks
    headings    TEXT NOT NULL,
    n_tokens    INTEGER NOT NULL,
    text_hash   TEXT NOT NULL,
    PRIMARY KEY (split_key, document_id, start, id)
) WITHOUT ROWID;
CREATE INDEX spare_chunks_by_text_hash ON spare_chunks(text_hash);
CREATE INDEX spare_chunks_by_document ON spare_chunks(document_id);
"""

_TOLD = """
-- What the user says of an answer, beside the verdict.
ALTER TABLE answers ADD COLUMN comment TEXT NOT NULL DEFAULT '';

-- Of a conversation, that the user gave; empty: its first question.
ALTER TABLE sessions ADD COLUMN title TEXT NOT NULL DEFAULT '';
"""

_TOGETHER = """
-- Likewise, of answers drawn from several bases.
ALTER TABLE answer_sources RENAME TO old_answer_sources;
CREATE TABLE answer_sources (
    answer INTEGER NOT NULL REFERENCES answers(id) ON DELETE CASCADE,
    base   TEXT NOT NULL DEFAULT '',        -- the name of another base that was asked too; empty: this one
    source TEXT NOT NULL,
    PRIMARY KEY (answer, base, source)
) WITHOUT ROWID;
INSERT INTO answer_sources (answer, source) SELECT answer, source FROM old_answer_sources;
DROP TABLE old_answer_sources;
"""

_NAMES = """
-- What a document says of itself: file, folders, title, metadata, the header of a mail. Made of sources and documents.
CREATE TABLE names (
    key         INTEGER PRIMARY KEY,        -- rowid in named
    document_id TEXT NOT NULL UNIQUE REFERENCES documents(id) ON DELETE CASCADE,
    text        TEXT NOT NULL,              -- one name a line
    n_tokens    INTEGER NOT NULL            -- distinct ones
);

-- Their tokens, as in bm25.
CREATE VIRTUAL TABLE named USING fts5(tokens, content='', tokenize="ascii tokenchars '_./-+#'");
"""

_STOPPED = """
-- Whether the user stopped an answer: it stands in its conversation as far as it was written, and nowhere else.
ALTER TABLE answers ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0;
"""

SCHEMA = _TABLES + _LOG + _CHUNKINGS + _TOLD + _TOGETHER + _NAMES + _STOPPED

MIGRATIONS = {
    1: """
ALTER TABLE documents ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE sources RENAME TO old_sources;
DROP INDEX sources_by_document;
CREATE TABLE sources (
    source         TEXT PRIMARY KEY,
    root           TEXT NOT NULL,
    size           INTEGER NOT NULL,
    mtime_ns       INTEGER NOT NULL,
    reader         TEXT NOT NULL,
    document_id    TEXT REFERENCES documents(id),
    failure_kind   TEXT NOT NULL DEFAULT '',
    failure_reason TEXT NOT NULL DEFAULT '',
    archive        TEXT NOT NULL DEFAULT '',
    encoding       TEXT NOT NULL DEFAULT '',
    given          TEXT NOT NULL DEFAULT '{}',
    CHECK ((document_id IS NULL) = (failure_kind <> '' OR archive = source))
);
CREATE INDEX sources_by_document ON sources(document_id);
INSERT INTO sources (source, root, size, mtime_ns, reader, document_id, failure_kind, failure_reason)
    SELECT * FROM old_sources;
DROP TABLE old_sources;
""",
    2: _LOG,
    3: _CHUNKINGS,
    4: _TOLD,
    5: _TOGETHER,
    6: _NAMES,
    7: _STOPPED,
}
"""Version -> what makes the next one; every statement ends with a semicolon at the end of a line."""
