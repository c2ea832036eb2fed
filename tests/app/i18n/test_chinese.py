"""A Chinese question is told everything in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import kb
import pytest
from kb import KnowledgeBase
from kb.app.i18n.chinese import _SAID, in_chinese
from kb.app.i18n.errors import ERRORS
from kb.app.i18n.reasons import REASONS
from kb.app.i18n.texts import EN, ZH
from kb.app.ui import html as ui_html
from kb.app.ui import ledger as ui_ledger
from kb.ingest.errors import InputError

PACKAGE = Path(kb.__file__ or "").parent
SPOKEN = (
    "app/base/embedders.py",
    "app/answers/log.py",
    "app/answers/notes.py",
    "app/answers/writing.py",
    "app/base/notes.py",
    "app/cli/show.py",
    "app/exact/census.py",
    "prompts/ground.py",
    "prompts/read.py",
    "prompts/second_opinion.py",
    "retrieval/search/search.py",
    "retrieval/lanes/view.py",
)
READERS = (
    *("images/*", "office/*", "pdf/*", "readers/*"),
    *("run/job", "run/pool", "run/read", "text/boilerplate", "text/encoding", "text/instructions", "media", "package"),
)
"""What may say why a file was not read, or how."""
WORDS = set(re.findall(r"\w+", "the a an is are was were it its there no not on in of to too more"))
FRAMES = {
    "it is 7",
    " and 7 more",
    "7The documents do not seem to say anything on: 7.",
    "Made from 7 of 7 passages7.",
}
"""Sentences of which all that says something is looked at by itself, or below with the names of bases."""
NO_SENTENCES = {"compile", "css", "css_first", "execute", "find", "fullmatch", "split"}
"""Calls that are given patterns, selectors and lists of words."""


def test_every_pattern_is_still_said_by_the_code() -> None:
    """The longest run of plain words of each pattern stands in one of the files that say it."""
    said = "\n".join((PACKAGE / file).read_text(encoding="utf-8") for file in SPOKEN)
    for english, _ in _SAID:
        plain = english.replace("\\.", ".")
        longest = max(re.split(r"\(.*?\)|\\|\?", plain), key=len).strip(" .:;")
        assert longest in said, english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("3 of 40 pages of a.pdf could not be read: 2-4.", "a.pdf 的 40 页中有 3 页无法读取：第 2-4 页。"),
        ("The passage does not say 140.", "段落没有说到140。"),
        ("The passage says “120” where this says “140”.", "段落说的是“120”，这里说的是“140”。"),
        (
            "looked at 22 documents, 214 passages (bm25, tfidf); nearest: zh/a.md, zh/b.md",
            "查找了 22 篇文档、214 个段落（bm25、tfidf）；最接近的：zh/a.md、zh/b.md",
        ),
        ("plant: The documents do not seem to say anything on: x.", "plant：文档中似乎没有关于这一点的内容：x。"),
        ("Made from 3 of 9 passages.", "依据 9 个段落中的 3 个写成。"),
        ("Made from 3 of 9 passages: a 1/4, b 2/5.", "依据 9 个段落中的 3 个写成：a 1/4、b 2/5。"),
        ("9 picture(s) cannot be read (EMF, WMF).", "有 9 张图片无法读取（EMF、WMF）。"),
        ("The passages do not mention “狗”, “猫”.", "段落中没有提到“狗”、“猫”。"),
        ("The passage does not say 1,000, 120.", "段落没有说到1,000、120。"),
        (
            "attachments left out (a, b.png, c.ogg and 2 more): empty",
            "没有读取附件（a, b.png、c.ogg，另有 2 个）：空的",
        ),
        ("looked at 0 documents, 0 passages ()", "查找了 0 篇文档、0 个段落（）"),
        ("Something new.", "Something new."),
    ],
)
def test_names_and_numbers_stay(english: str, chinese: str) -> None:
    """Only our own words change."""
    assert in_chinese(english) == chinese


def sentences_of(path: Path) -> Iterator[str]:
    """Yield what looks like a sentence in a module, with 7 for what stands in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(inner) for inner in ast.walk(node)} - {id(node)}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NO_SENTENCES:
            skipped |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.replace("{}", "7")
        else:
            continue
        if (
            set(text.lower().split()) & WORDS
            and text.count(" ") > 1
            and not re.search(r"\(\?|\\|\n|^import |^SELECT ", text)
        ):
            yield text


def test_every_sentence_of_a_reader_has_its_chinese() -> None:
    """Reasons and notes of the readers, and what stands in their brackets, are known; none is told in English by oversight."""
    files = [file for name in READERS for file in sorted((PACKAGE / "ingest").glob(f"{name}.py"))]
    said = [sentence for file in files for sentence in sentences_of(file)]
    assert len(said) > 100
    assert [sentence for sentence in said if sentence not in FRAMES and in_chinese(sentence) == sentence] == []


def test_every_reason_is_still_said() -> None:
    """The longest run of plain words of each pattern stands in a file that reads."""
    files = [*(PACKAGE / "ingest").rglob("*.py"), PACKAGE / "app" / "base" / "status.py"]
    said = "\n".join(file.read_text(encoding="utf-8") for file in files)
    for english, _ in REASONS:
        plain = re.sub(r"\(\?:it is \)\?", "", english).replace("\\.", ".")
        longest = max(re.split(r"\(\?:.*?\)|\(.*?\)|\\[()]|[\[\]|?\\]", plain), key=len).strip(" .:;,")
        assert longest in said, english


ERRING = (
    "app/asking.py",
    "app/base/rename.py",
    "app/hosting/bases.py",
    "app/ui/documents.py",
    "app/hosting/uploads.py",
    "llm/extractive.py",
    "llm/gguf.py",
)
"""What the page asks first; what is said there is told in its language."""
NO_ERRORS = {"running a GGUF model", "k is 7; ask for at least 1 passage"}
"""Part of a sentence, and what the page has no way to ask for."""


def errors_of(path: Path) -> Iterator[str]:
    """Yield what a module raises as an error of ours, with 7 for what stands in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        call = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args:
            said = call.args[0]
            if isinstance(said, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in said.values)
            elif isinstance(said, ast.Constant):
                yield str(said.value)


def test_every_error_and_note_of_the_page_has_its_chinese() -> None:
    """Of a question, a model, a base and what is sent; and what an ingest notes."""
    said = [sentence for file in ERRING for sentence in errors_of(PACKAGE / file)]
    assert len(said) > 15
    said += [sentence for sentence in sentences_of(PACKAGE / "app" / "base" / "notes.py") if sentence not in FRAMES]
    assert [sentence for sentence in said if sentence not in NO_ERRORS and in_chinese(sentence) == sentence] == []


def test_every_error_is_still_raised() -> None:
    """The longest run of plain words of each pattern stands in a file that may raise it."""
    files = (
        file for folder in ("app", "ingest", "llm", "prompts", "retrieval") for file in (PACKAGE / folder).rglob("*.py")
    )
    said = "\n".join(
        re.sub(r'"\n\s+f?"', "", file.read_text(encoding="utf-8")) for file in files if file.parent.name != "i18n"
    )
    for english, _ in ERRORS:
        longest = max(re.split(r"\(\?:.*?\)|\(.*?\)|\\[()]|\.\+|[|\\]", english), key=len).strip(" .:;,")
        assert longest in said, english


def test_the_chinese_page_says_what_went_wrong() -> None:
    """An error of ours is in the language of the page."""
    with KnowledgeBase.open(embedder="tfidf") as base, pytest.raises(InputError) as error:
        base.ask("?" * 9000)
    assert "问题有 9,000 个字符；最多 8,000 个。" in ui_html.problem(str(error.value), ZH)
    assert "the question has 9,000 characters" in ui_html.problem(str(error.value), EN)


def test_what_stands_in_a_reason_is_told_in_chinese_too() -> None:
    """A reason in brackets and a hint at the end are sentences of ours as well; names, numbers and commands stay."""
    assert in_chinese("The file is damaged (its part a.xml is not well-formed); save or download it again.") == (
        "文件已损坏（其中的 a.xml 格式有误）；请重新保存或下载。"
    )
    hint = "To have it recognised, run: pip install 'kb-rag[ocr]'."
    assert in_chinese(f"It is an image without text. {hint}") == (
        "这是没有文字的图像。要识别其中的文字，请运行：pip install 'kb-rag[ocr]'"
    )
    assert (
        in_chinese("in the attachment a.htm: 3 navigation blocks were left out") == "附件 a.htm 中：略去了 3 个导航区。"
    )
    assert in_chinese("it is anything else") == "it is anything else"


def test_the_chinese_page_says_why_a_file_was_not_read(tmp_path: Path) -> None:
    """The report of an ingest and the ledger give reasons and notes in the language of the page."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "a.docx").write_bytes(b"PK\x03\x04 cut off")
    (files / "b.html").write_text("<nav><a href='/'>Home</a></nav><p>Pears are ripe.</p>", encoding="utf-8")
    with KnowledgeBase.open(embedder="tfidf") as base:
        report = base.ingest([files])
        ledger, status = base.ledger(), base.status()
        known = {row.source: row for row in base.sources()}
    assert "文件已损坏（不完整，或者不是 zip 包）" in ui_ledger.report(report, ZH)
    shown = ui_ledger.documents(ledger, known, status, ZH)
    assert "文件已损坏（不完整，或者不是 zip 包）" in shown
    assert "略去了 1 个导航区" in shown
    assert "it is cut off" in ui_ledger.documents(ledger, known, status, EN)


def test_notes_follow_the_language_of_the_question(tmp_path: Path) -> None:
    """English for an English question, Chinese for a Chinese one, in the same base."""
    (tmp_path / "a.md").write_text(
        "# Hotel 旅馆\n\nHotel nights cost 120 dollars. 旅馆每晚一百二十美元。\n", encoding="utf-8"
    )
    with KnowledgeBase.open(embedder="tfidf") as base:
        base.ingest([tmp_path / "a.md"])
        assert any("No language model" in note for note in base.ask("How much do hotel nights cost?").notes)
        answer = base.ask("旅馆每晚多少美元？")
        assert any("没有配置语言模型" in note for note in answer.notes)
        assert not any("No language model" in note for note in answer.notes)
