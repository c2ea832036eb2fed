"""Questions about whole bases, counted over all documents: how many documents mention something, and which.

Never: a mention that is struck out or hidden.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal, cast

from ...ingest.document import Chunk
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ...ingest.text.sentences import sentence_spans
from ...prompts.fill import language_of
from ...prompts.prompt import Citation, Sentence
from ...prompts.templates import Language
from ...retrieval.sentences.standing import without_struck
from ...retrieval.where import Scope, Where, resolve
from ...retrieval.words.hanzi import SIMPLIFIED
from ...retrieval.words.tokens import tokens
from ..answers.answer import Answer, Searched
from ..base.library import Library

Kind = Literal["documents", "times"]

LISTED = 200
"""Maximum number of documents listed; the count covers all."""

_FILES = r"(?:documents?|files?|papers?|sources?|texts?|notes?|pdfs?)"
_MENTION = (
    r"(?P<verb>mention|mentions|mentioning|contain|contains|containing|include|includes|including|discuss|discusses|discussing"
    r"|reference|references|referencing|refer(?:s|ring)? to|talk(?:s|ing)? about|speak(?:s|ing)? (?:of|about)|name|names"
    r"|has|have)"
)
_EN: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (cast("Kind", kind), re.compile(rf"^{pattern}\s*[?.!]*$", re.IGNORECASE))
    for kind, pattern in (
        ("documents",
         rf"(?:how many|which|what)(?: of (?:the|my|our|these))? {_FILES} (?:are there that |do )?{_MENTION} (?P<what>.+?)"),
        ("documents",
         rf"in (?:how many|which|what) {_FILES} (?:is|are) (?P<what>.+?) (?P<verb>mentioned|discussed|named|found)"),
        ("documents", rf"in (?:which|what) {_FILES} (?:is|are|can i find|do i find) (?P<verb>)(?P<what>.+?)"),
        ("documents", r"where (?:is|are) (?P<what>.+?) (?P<verb>mentioned|discussed)"),
        ("documents",
         (rf"(?:please )?(?:list|show|find|name|give)(?: me)?(?: all| every)?(?: of)?(?: the| my| our)? {_FILES}"
         rf" (?:that |which )?{_MENTION} (?P<what>.+?)")),
        ("times", r"how (?:often|many times) (?:is|are|was|were|does|do) (?P<what>.+?) (?:mentioned|named|appear|occur)"),
        ("times", r"(?:please )?(?:list|show|find)(?: me)? (?:all|every)(?: the)? (?:mentions?|occurrences?) of (?P<what>.+?)"),
    )
)  # fmt: skip
_ZH_FILES = r"(?:文件|文档|資料|资料|文章|材料|文檔|笔记|报告)"
_ZH_MENTION = r"(?P<verb>提到|提及|提过|包含|说到|讲到|谈到|含有|涉及|写到|出现)(?:了|过)?"
_ZH_WHICH = r"(?:哪些|哪几[个份篇]|哪[个份篇]|多少[个份篇]?|几[个份篇])"
_ZH: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (cast("Kind", kind), re.compile(rf"^(?:请问|请)?{pattern}[？?。！!\s]*$"))
    for kind, pattern in (
        ("documents", rf"(?:一共|总共)?(?:在)?有?{_ZH_WHICH}{_ZH_FILES}(?:里面|里|中)?都?{_ZH_MENTION}(?P<what>.+?)"),
        ("documents", rf"(?:列出|找出|列举|显示|给出)(?:所有|全部)?的?{_ZH_MENTION}(?P<what>.+?)的{_ZH_FILES}"),
        ("documents", rf"{_ZH_MENTION}(?P<what>.+?)的{_ZH_FILES}(?:一共|总共)?有{_ZH_WHICH}"),
        ("documents", rf"(?P<what>.+?)(?P<verb>)(?:写|记|出现)?在{_ZH_WHICH}{_ZH_FILES}(?:里面|里|中)?(?:提到|出现)?"),
        ("times", r"(?P<what>.+?)(?:一共|总共)?(?:被)?(?:提到|提及|出现)了?(?:多少次|几次)"),
    )
)  # fmt: skip
_QUOTES = re.compile(r"^[\s\"'“”‘’「」『』《》]+|[\s\"'“”‘’「」『』《》]+$")
_LITERALLY = re.compile("mention|refer|talk|speak|discuss|named|提|[说讲谈写]到", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_ITEM = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W_\u3400-\u9fff]+(?:[._/+#'’-][^\W_\u3400-\u9fff]+)*(?:\+\+|#)?")
_END = re.compile(r"[.。!！?？;；\n]\s|[。！？；]|\n\s*\n")
_MOST_ITEMS = 12


@dataclass(frozen=True, slots=True)
class Census:
    """What to count."""

    kind: Kind
    what: str
    """The words to look for."""
    literally: bool
    """Whether the words themselves are meant. *Which files contain the settings?* may mean something else."""


@dataclass(frozen=True, slots=True)
class _Mention:
    """The first mention in a document, and the number of mentions."""

    source: str
    document_id: str
    start: int
    stop: int
    quote: str
    headings: tuple[str, ...]
    n: int
    """0: only the file name has the words, and the quote is the document's first sentence."""
    base: str


def census_of(question: str) -> Census | None:
    """Return what a question asks to count over all documents; ``None`` unless it clearly has that form."""
    forms, plain = (_ZH, question.translate(SIMPLIFIED)) if language_of(question) == "zh" else (_EN, question)
    for kind, form in (*forms, *_EN):
        if match := form.match(plain.strip()):
            what = _ARTICLE.sub("", _QUOTES.sub("", match["what"]))
            if 0 < len(_items(what)) <= _MOST_ITEMS:
                verb = match.groupdict().get("verb")
                return Census(kind, what, literally=verb is None or bool(_LITERALLY.match(verb)))
    return None


def taken(library: Library, census: Census, question: str, where: Where) -> Answer:
    """Return the answer to a census: a count, and every document counted, with its first mention."""
    language = language_of(question)
    total, read = map(sum, zip(*(_sources(part.catalog, where) for part in library.parts.values()), strict=True))
    mentions = sorted(
        (
            mention
            for base, part in library.parts.items()
            for mention in _mentions(base, part.catalog, census.what, where)
        ),
        key=lambda mention: (mention.base, mention.source),
    )
    shown = mentions[:LISTED]
    sentences = [_sentence(library, mark, mention, census.kind) for mark, mention in enumerate(shown, 1)]
    head = _head(census, mentions, read, language)
    lines = [f"- {sentence.text} [{mark}]" for mark, sentence in enumerate(sentences, 1)]
    notes = [Notice("Looked at {n} of {total} documents.", n=read, total=total)]
    if len(mentions) > LISTED:
        notes.append(Notice("Only the first {n} are listed.", n=LISTED))
    first = Sentence(head, tuple(cited for sentence in sentences for cited in sentence.citations), "supported")
    return Answer(
        question,
        "\n".join([f"{head}\n", *lines]).strip(),
        (first, *sentences) if mentions else (),
        (),
        abstained=not mentions,
        sure=bool(mentions),
        searched=Searched(library.count("documents"), library.count("chunks"), ("bm25",)),
        model="",
        notes=tuple(notes),
    )


_HEADS: dict[tuple[Kind, Language], str] = {
    ("documents", "en"): "{found} of {read} documents mention “{what}”.",
    ("documents", "zh"): "{read} 个文件中有 {found} 个提到“{what}”。",
    ("times", "en"): "“{what}” is mentioned {times} times, in {found} of {read} documents.",
    ("times", "zh"): "“{what}”被提到 {times} 次，出现在 {read} 个文件中的 {found} 个。",
}


def _head(census: Census, mentions: Sequence[_Mention], read: int, language: Language) -> str:
    times = sum(mention.n for mention in mentions)
    return _HEADS[census.kind, language].format(found=len(mentions), read=read, times=times, what=census.what)


def _sentence(library: Library, mark: int, mention: _Mention, kind: Kind) -> Sentence:
    page = library.parts[mention.base].catalog.page_of(mention.document_id, mention.start)
    cited = Citation(
        mark, mention.source, mention.document_id, page, mention.headings, mention.start, mention.stop, mention.quote,
        mention.base,
    )  # fmt: skip
    name = (f"{mention.base}: " if mention.base else "") + PurePath(mention.source).name
    return Sentence(f"{name} ({mention.n})" if kind == "times" else name, (cited,), "supported")


def _sources(catalog: Catalog, where: Where) -> tuple[int, int]:
    """Return how many sources the question covers, and how many of them could be read."""
    if where:
        n = len(resolve(catalog, where).places)
        return n, n
    rows = [row for row in catalog.sources().values() if row.document_id or row.failure]
    documents = {row.document_id for row in rows if row.document_id}
    return len(documents) + sum(row.document_id is None for row in rows), len(documents)


def _mentions(base: str, catalog: Catalog, what: str, where: Where) -> Iterator[_Mention]:
    """Yield the first mention in each document that has one."""
    wanted = _items(what)
    scope = resolve(catalog, where) if where else None
    found: dict[str, list[tuple[Chunk, int, int]]] = defaultdict(list)
    for chunk in _holding(catalog, what, scope):
        found[chunk.document_id] += [(chunk, start, stop) for start, stop in _spans(without_struck(chunk.text), wanted)]
    for document, spans in found.items():
        if spans:
            chunk, *span = min(spans, key=lambda one: one[0].start + one[1])
            source = scope.places.get(document, chunk.source) if scope else chunk.source
            start, stop = _whole_sentence(chunk.text, *span)
            yield _Mention(
                source, document, chunk.start + start, chunk.start + stop, chunk.text[start:stop], chunk.headings,
                len(spans), base,
            )  # fmt: skip
    in_text = {document for document, spans in found.items() if spans}
    yield from _named(base, catalog, wanted, scope, in_text)


def _named(
    base: str, catalog: Catalog, wanted: Sequence[str], scope: Scope | None, in_text: Container[str]
) -> Iterator[_Mention]:
    """Yield the documents that have the words only in their file name; a copy is the same document."""
    seen = set[str]()
    for source, row in catalog.sources().items():
        document = row.document_id
        if not document or document in in_text or document in seen or (scope and scope.places.get(document) != source):
            continue
        if any(_spans(PurePath(source).stem.replace("_", " "), wanted)) and (read := catalog.document(source)):
            seen.add(document)
            start, stop = _first_valid_sentence(read.text)
            yield _Mention(source, document, start, stop, read.text[start:stop], (), 0, base)


def _first_valid_sentence(text: str) -> tuple[int, int]:
    """Return the span of the first sentence that is not struck out as a whole; the empty span if there is none."""
    holds = without_struck(text)
    return next((span for span in sentence_spans(text) if holds[slice(*span)].strip()), (0, 0))


def _holding(catalog: Catalog, what: str, scope: Scope | None) -> Iterable[Chunk]:
    """Return the chunks in a scope that hold all words of ``what``, in any order."""
    query = " AND ".join(f'"{token}"' for token in dict.fromkeys(tokens(what)))
    if not query:
        return ()
    rows = catalog.connection().execute(
        "SELECT c.id FROM bm25 JOIN chunks c ON c.key = bm25.rowid WHERE bm25 MATCH ?", (query,)
    )
    ids = [chunk for (chunk,) in rows if scope is None or chunk in scope.ids]
    return catalog.chunks(ids).values()


def _items(text: str) -> list[str]:
    """Return the words of a text as in the keyword index, and its Chinese characters; without stop words."""
    return [items[0] for _, _, items in _placed(text)]


def _placed(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield each word's span and tokens: itself first, then its parts (harbor in harbor.example)."""
    for match in _ITEM.finditer(text):
        word = match.group()
        if items := [word.translate(SIMPLIFIED)] if len(word) == 1 and word > "\u3400" else tokens(word):
            yield match.start(), match.end(), items


def _spans(text: str, wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans where the wanted words follow each other within one sentence."""
    placed = list(_placed(text))
    for at in range(len(placed) - len(wanted) + 1):
        if all(item in items for item, (_, _, items) in zip(wanted, placed[at:], strict=False)):
            start, stop = placed[at][0], placed[at + len(wanted) - 1][1]
            if not _END.search(text, start, stop):
                yield start, stop


def _whole_sentence(text: str, start: int, stop: int) -> tuple[int, int]:
    """Return the span of the sentence around a span; the span itself if it crosses sentences."""
    around = [span for span in sentence_spans(text) if span[0] <= start and stop <= span[1]]
    return around[0] if around else (start, stop)
