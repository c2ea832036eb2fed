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
    split_key  TEXT NOT NULL                -- the splitter's settings that made its chunks
);

-- A place that was looked at: every file that was given has a row, read or failed.
CREATE TABLE sources (
    source         TEXT PRIMARY KEY,        -- absolute path, "!member" behind it inside an archive
    root           TEXT NOT NULL,           -- the argument it was found under
    size           INTEGER NOT NULL,        -- bytes
    mtime_ns       INTEGER NOT NULL,
    reader         INTEGER NOT NULL,        -- version of the readers that looked
    document_id    TEXT REFERENCES documents(id),
    failure_kind   TEXT NOT NULL DEFAULT '',
    failure_reason TEXT NOT NULL DEFAULT '',
    CHECK ((document_id IS NULL) = (failure_kind <> ''))
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
    text_hash   TEXT NOT NULL               -- of the text that lanes index: heading path and text
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

-- A base of one file, as kb wrote it with schema 1.
INSERT INTO meta (key, value) VALUES ('content', '1');
INSERT INTO meta (key, value) VALUES ('generation', '1');
INSERT INTO meta (key, value) VALUES ('tokens', '1');
INSERT INTO documents (id, title, media_type, language, encoding, text, headings, notes, split_key) VALUES ('050dc34c726083146d5dde5d4331fa1b9c66bab2ff68a4c67d9bb2ead6a6b812', 'Travel', 'text/markdown', 'en', 'utf-8', '# Travel

Hotel nights are refunded up to 120 dollars.
', '[[0,1,"Travel"]]', '[]', '1-200-256-40-words');
INSERT INTO sources (source, root, size, mtime_ns, reader, document_id, failure_kind, failure_reason) VALUES ('/notes/travel.md', '/notes', 55, 1700000000000000000, 1, '050dc34c726083146d5dde5d4331fa1b9c66bab2ff68a4c67d9bb2ead6a6b812', '', '');
INSERT INTO chunks (key, id, document_id, start, stop, text, pages, headings, n_tokens, text_hash) VALUES (1, 'dcc9a2e61e99a259849a5aad72d1a7ff', '050dc34c726083146d5dde5d4331fa1b9c66bab2ff68a4c67d9bb2ead6a6b812', 0, 54, '# Travel

Hotel nights are refunded up to 120 dollars.', '[]', '["Travel"]', 14, 'aad4545b0de0816d3224646ff860d554d8006bbc');
INSERT INTO bm25(rowid, tokens) VALUES (1, 'travel travel hotel night refund up 120 dollar');
PRAGMA user_version = 1;
