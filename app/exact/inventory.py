"""What a base holds: greetings, what kb can do, the number of documents, documents of a kind. Never searches."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import PurePath

from ...prompts.fill import language_of
from ...prompts.prompt import Citation, Sentence
from ...prompts.templates import Language
from ...retrieval.where import Where, resolve
from ...retrieval.words.hanzi import SIMPLIFIED
from ..answers.answer import Answer, Searched
from ..base.library import Library
from .phrases import DocumentKind, meaning

LISTED = 200
"""Maximum number of documents of a kind listed; the count covers all."""
_NAMED = 3
"""Number of documents named per folder in a listing."""
_FOLDERS = 20
_TITLE = 80
"""Maximum characters of a first line that may be a title."""
_REGISTERS = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
"""A file of these types named "invoices" holds one per row."""
_FIRST_LINE = re.compile(r"[^\n]*[^\W_][^\n]*")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class _File:
    base: str
    source: str
    root: str
    document_id: str
    """Empty if it could not be read."""

    @property
    def name(self) -> str:
        return PurePath(self.source).name

    @property
    def folder(self) -> str:
        """Its folder, relative to the one that was ingested."""
        parent = PurePath(self.source).parent
        return str(parent.relative_to(self.root)) if parent.is_relative_to(self.root) else str(parent)


def stated(library: Library, utterance: str, where: Where) -> Answer | None:
    """Return the answer to a greeting or an inventory question; ``None`` for any other question."""
    means, kind = meaning(utterance)
    if not means:
        return None
    answer = _Stating(library, utterance, where)
    if kind:
        return answer.of_kind(kind)
    return {"listing": answer.listing, "how many": answer.number}.get(means, lambda: answer.remark(means))()


class _Stating:
    def __init__(self, library: Library, question: str, where: Where) -> None:
        self.library = library
        self.question = question
        self.where = where
        self.language: Language = language_of(question)

    def remark(self, means: str) -> Answer:
        """Return a friendly sentence about what kb is for."""
        n = self.library.count("documents")
        able = _SAYS["empty" if n == 0 else "able", self.language].format(n=n)
        return self._answer(_SAYS[means, self.language].format(able=able))

    def number(self) -> Answer:
        """Return how many documents there are."""
        files = self._files()
        read = sum(bool(file.document_id) for file in files)
        says = "all read" if read == len(files) else "some read"
        return self._answer(_SAYS[says, self.language].format(n=len(files), read=read))

    def listing(self) -> Answer:
        """Return the documents by folder, naming the first few."""
        folders: dict[tuple[str, str], list[_File]] = defaultdict(list)
        files = [file for file in self._files() if file.document_id]
        for file in files:
            folders[file.base, file.folder].append(file)
        marks, lines, sentences = count(1), [], []
        for (base, folder), members in sorted(folders.items())[:_FOLDERS]:
            said = [self._sentence(next(marks), file) for file in members[:_NAMED]]
            names = ", ".join(f"{sentence.text} [{sentence.citations[0].mark}]" for sentence in said)
            more = _SAYS["more", self.language].format(n=len(members) - _NAMED) if len(members) > _NAMED else ""
            place = ": ".join(filter(None, (base, folder if folder != "." else "")))
            lines.append(f"- {place + f' ({len(members)}): ' if place else ''}{names}{more}")
            sentences += said
        if len(folders) > _FOLDERS:
            lines.append(_SAYS["folders", self.language].format(n=len(folders) - _FOLDERS))
        return self._answer("\n".join([self.number().text, "", *lines]), sentences)

    def of_kind(self, kind: DocumentKind) -> Answer | None:
        """Return the documents of a kind; ``None`` if there are none, or a table may hold one per row."""
        found = [file for file in self._files() if file.document_id and self._is_of(file, kind)]
        if not found or (not kind.suffixes and any(file.source.lower().endswith(_REGISTERS) for file in found)):
            return None
        said = [self._sentence(mark, file) for mark, file in enumerate(found[:LISTED], 1)]
        head = _SAYS["kind", self.language].format(n=len(found), kind=_called(self.question, kind))
        lines = [f"- {sentence.text} [{mark}]" for mark, sentence in enumerate(said, 1)]
        return self._answer("\n".join([head, "", *lines]), said)

    def _files(self) -> list[_File]:
        files = []
        for base, part in self.library.parts.items():
            places = set(resolve(part.catalog, self.where).places.values()) if self.where else None
            files += [
                _File(base, row.source, row.root, row.document_id or "")
                for row in part.catalog.sources().values()
                if not (row.archive and row.archive == row.source) and (places is None or row.source in places)
            ]
        return sorted(files, key=lambda file: (file.base, file.source))

    def _is_of(self, file: _File, kind: DocumentKind) -> bool:
        if kind.suffixes:
            return file.source.lower().endswith(kind.suffixes)
        folder = "" if file.folder == "." else PurePath(file.folder).name
        evidence = (PurePath(file.source).stem, folder, *self._titles(file))
        return any(_names(text, word) for text in evidence for word in kind.words)

    def _titles(self, file: _File) -> Iterator[str]:
        _, _, line, title = self._first_line(file)
        yield title
        if len(line) <= _TITLE:
            yield line

    def _first_line(self, file: _File) -> tuple[int, int, str, str]:
        row = self.library.parts[file.base].catalog.connection().execute(
            "SELECT title, substr(text, 1, 2000) FROM documents WHERE id = ?", (file.document_id,)
        ).fetchone()  # fmt: skip
        title, text = row or ("", "")
        line = _FIRST_LINE.search(text)
        return (line.start(), line.end(), line.group(), title) if line else (0, len(text), text, title)

    def _sentence(self, mark: int, file: _File) -> Sentence:
        start, stop, line, _ = self._first_line(file)
        page = self.library.parts[file.base].catalog.page_of(file.document_id, start)
        cited = Citation(mark, file.source, file.document_id, page, (), start, stop, line, file.base)
        return Sentence(file.name, (cited,), "supported")

    def _answer(self, text: str, sentences: Sequence[Sentence] = ()) -> Answer:
        searched = Searched(self.library.count("documents"), self.library.count("chunks"), ())
        return Answer(self.question, text, tuple(sentences), (), abstained=False, searched=searched, model="")


def _names(text: str, word: str) -> bool:
    """Return whether a text has the words of a kind as whole words."""
    if not word.isascii():
        return word in text.translate(SIMPLIFIED)
    return f" {word} " in f" {' '.join(_WORD.findall(text.lower()))} "


def _called(question: str, kind: DocumentKind) -> str:
    """Return the question's own word for a kind."""
    plain = question.lower().translate(SIMPLIFIED)
    return max((word for word in kind.words if word in plain), key=len, default=kind.words[0])


_SAYS: dict[tuple[str, Language], str] = {
    ("greeting", "en"): "Hello! {able}",
    ("greeting", "zh"): "你好！{able}",
    ("thanks", "en"): "You're welcome! Is there anything else you want to ask your documents?",
    ("thanks", "zh"): "不客气！还想问文档里的什么，随时可以问。",
    ("farewell", "en"): "Goodbye! Ask again whenever you like.",
    ("farewell", "zh"): "再见！有问题随时再问。",
    ("ability", "en"): "{able}",
    ("ability", "zh"): "{able}",
    ("able", "en"): "I answer questions from your {n} documents and quote where each answer comes from. Ask me anything"
    " about them, or “What documents do I have?”",
    ("able", "zh"): "我根据你的 {n} 个文档回答问题，并注明每句话的出处。可以直接提问，也可以问“有哪些文件？”",
    (
        "empty",
        "en",
    ): "I answer questions from your documents; there are none yet. Add some with kb ingest FOLDER, then ask.",
    ("empty", "zh"): "我根据你的文档回答问题；现在还没有文档。先用 kb ingest 文件夹 添加，然后提问。",
    ("all read", "en"): "There are {n} files.",
    ("all read", "zh"): "共有 {n} 个文件。",
    ("some read", "en"): "There are {n} files, {read} of which could be read.",
    ("some read", "zh"): "共有 {n} 个文件，其中 {read} 个可以读取。",
    ("kind", "en"): "{n} of your documents are {kind}, by their names or titles:",
    ("kind", "zh"): "按名称或标题，有 {n} 个{kind}：",
    ("more", "en"): " and {n} more",
    ("more", "zh"): " 等，还有 {n} 个",
    ("folders", "en"): "- and {n} more folders",
    ("folders", "zh"): "- 还有 {n} 个文件夹",
}
