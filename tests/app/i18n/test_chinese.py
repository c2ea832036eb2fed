"""A Chinese question is told everything in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import kb
import pytest
from kb import KnowledgeBase
from kb.app.i18n.chinese import catalog, in_chinese
from kb.app.i18n.texts import EN, ZH
from kb.app.ui import html as ui_html
from kb.app.ui import ledger as ui_ledger
from kb.ingest import errors
from kb.ingest.errors import InputError

PACKAGE = Path(kb.__file__ or "").parent
SAYING = {name for name, thing in vars(errors).items() if isinstance(thing, type)} | {
    "BusyError",
    "CrowdedError",
    "FullError",
    "Notice",
}
"""Calls whose first argument is a template, and whose keywords are its fields."""
SETTINGS = {"retry_after_s"}
"""What an error is given besides."""


def name_of(call: ast.Call) -> str:
    """Return the name of what is called."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


@cache
def said() -> list[tuple[str, ast.Call]]:
    """Return every call that says something, with where it is."""
    found = list[tuple[str, ast.Call]]()
    for path in sorted(PACKAGE.rglob("*.py")):
        where = path.relative_to(PACKAGE)
        if where.parts[0] in ("app", "ingest", "llm", "prompts", "retrieval"):
            calls = (
                node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
            )
            found += [(f"{where}:{call.lineno}", call) for call in calls if call.args and name_of(call) in SAYING]
    return found


@cache
def templates() -> dict[str, str]:
    """Return every template that is said, and where."""
    return {
        call.args[0].value: where
        for where, call in said()
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def fields(template: str) -> set[str]:
    """Return the names of the fields of a template."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_template_has_its_chinese() -> None:
    """Of errors, notes and reasons; and nothing is translated that nobody says any more."""
    assert len(templates()) > 400
    assert {template: where for template, where in templates().items() if template not in catalog()} == {}
    assert sorted(set(catalog()) - set(templates())) == []


def test_both_languages_have_the_same_fields() -> None:
    """A field that one lacks would be lost, or an error where it is rendered."""
    assert {
        english: fields(english) ^ fields(chinese)
        for english, chinese in catalog().items()
        if fields(english) != fields(chinese)
    } == {}


def test_a_template_stands_where_it_is_said() -> None:
    """No sentence is put together before it is said, so that each can be translated; its fields are given with it."""
    wrong = []
    for where, call in said():
        template, given = call.args[0], {keyword.arg for keyword in call.keywords} - SETTINGS
        if isinstance(template, ast.Constant):
            wrong += [where] * (fields(str(template.value)) - SETTINGS != given)
        else:
            wrong += [where] * (isinstance(template, ast.JoinedStr | ast.BinOp) or bool(given - {None}))
    assert wrong == []


WORDS = set(re.findall(r"\w+", "the a an is are was were it its there no not on in of to too more"))
NO_SENTENCES = {"compile", "css", "css_first", "execute", "find", "fullmatch", "split"}
"""Calls that are given patterns, selectors and lists of words."""


def plain_sentences(path: Path) -> Iterator[str]:
    """Yield what looks like a sentence in a module and is no template, with 7 for what is put in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(inner) for inner in ast.walk(node)} - {id(node)}
        if isinstance(node, ast.Call):
            skipped |= {id(inner) for inner in ast.walk(node)} if name_of(node) in NO_SENTENCES else set()
            skipped |= {id(node.args[0])} if name_of(node) in SAYING and node.args else set()
    for node in ast.walk(tree):
        if id(node) in skipped or not isinstance(node, ast.JoinedStr | ast.Constant):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
        if (
            set(text.lower().split()) & WORDS
            and text.count(" ") > 1
            and not re.search(r"\(\?|\\|\n|^import |\b[A-Z]{4} ", text)
        ):
            yield text


def test_no_reader_says_anything_else() -> None:
    """A reason or a note that is not a template would be told in English by oversight."""
    folders = ("images", "legacy", "office", "pdf", "readers", "run")
    files = [path for folder in folders for path in sorted((PACKAGE / "ingest" / folder).glob("*.py"))]
    files += [PACKAGE / "ingest" / f"{name}.py" for name in ("media", "package", "reading", "text/encoding")]
    assert [text for path in files for text in plain_sentences(path)] == []


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
