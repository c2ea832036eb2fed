"""The handbook: its files are what the script makes, and kb answers from it in both languages."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from kb import KnowledgeBase
from places import ROOT

HANDBOOK = ROOT / "knowledge_base"
SOURCES = sorted((ROOT / "docs" / "handbook").glob("*/*.md"))
PAGES = {  # English page: Chinese page
    "getting-started.md": "快速开始.md",
    "ingesting.md": "导入文件.md",
    "asking.html": "提问与引用.html",
    "conversation.md": "对话与记录.md",
    "models.docx": "选择模型.docx",
    "quality.md": "质量与解释.md",
    "faces.md": "界面与接口.md",
    "command-reference.pdf": "命令手册.pdf",
    "storage-and-privacy.md": "存储与隐私.md",
    "troubleshooting.html": "常见问题.html",
    "glossary.txt": "术语表.txt",
}
_NAMES = re.compile(
    r"--[a-z-]+|KB_[A-Z_]+|/v1/[a-z/]+|\.[a-z]{2,8}\b|\b\d+\b"
    r"|\bkb (?:ingest|ask|search|status|list|rm|doctor|models|chat|log|replay|diff|feedback|export|prompts|why-not|why|eval"
    r"|reindex|gc|ui|serve|mcp|token)\b",
    re.ASCII,
)


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_handbook", ROOT / "docs" / "build_handbook.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


build = _script()


def _made(source: Path) -> bytes:
    try:
        return build.made(source)
    except build.MissingFontError as error:
        pytest.skip(f"{source.name}: {error}")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_committed_file_is_what_its_source_makes(source: Path) -> None:
    """Nobody can edit a source and forget to build, or edit a built file by hand."""
    path = build.target(source)
    assert build.content(path.read_bytes(), path.suffix) == build.content(_made(source), path.suffix)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_two_builds_give_the_same_bytes(source: Path) -> None:
    """No date, random id or order of a set gets into a file."""
    assert _made(source) == _made(source)


def test_the_corpus_holds_its_pages_and_nothing_else() -> None:
    """Each page exists in both languages, and no script or note lies among what the demo ingests."""
    files = {str(path.relative_to(HANDBOOK)) for path in HANDBOOK.rglob("*") if path.is_file()}
    assert files == {f"en/{name}" for name in PAGES} | {f"zh/{name}" for name in PAGES.values()}


def test_the_chinese_glossary_is_in_the_encoding_of_windows_notepad() -> None:
    """The corpus holds a file that only a reader that detects encodings can read."""
    data = (HANDBOOK / "zh" / "术语表.txt").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    assert "词元" in data.decode("gb18030")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A knowledge base that holds the handbook, searched without a model."""
    home = tmp_path_factory.mktemp("home")
    with KnowledgeBase.open("handbook", home=home, embedder="tfidf", llm="extractive") as kb:
        report = kb.ingest([HANDBOOK])
        assert not report.failed
        assert len(report.added) == 2 * len(PAGES)
        yield kb


@pytest.mark.parametrize(("english", "chinese"), PAGES.items(), ids=PAGES)
def test_both_languages_name_the_same_commands(base: KnowledgeBase, english: str, chinese: str) -> None:
    """A fact that is added to one language and not to the other shows in its options, variables and numbers."""
    named = [
        set(_NAMES.findall(base.document_text(str(HANDBOOK / path)))) for path in (f"en/{english}", f"zh/{chinese}")
    ]
    assert named[0] == named[1]


QUESTIONS = [
    ("How do I delete a document from the knowledge base?", "kb rm", "en/"),
    ("What does exit code 5 mean?", "some files failed", "en/command-reference.pdf"),
    ("Which formats can kb read?", "Word", "en/ingesting.md"),
    ("Does kb upload my files?", "does not upload", "en/storage-and-privacy.md"),
    ("Where does kb store its data?", "kb home", "en/storage-and-privacy.md"),
    ("How can I use a local ChatGLM model?", "gguf:", "en/models.docx"),
    ("What is a GGUF file?", "quantized", "en/"),
    ("Can kb read a PDF that needs a password?", "password", "en/"),
    ("kb 会不会把我的文件上传到网上？", "不会把你的文件上传", "zh/存储与隐私.md"),
    ("退出码 5 是什么意思？", "有些文件失败", "zh/命令手册.pdf"),
    ("kb 支持哪些文件格式？", "Word", "zh/导入文件.md"),
    ("怎样删除知识库里的文档？", "kb rm", "zh/"),
    ("导入中断了怎么办？", "接着做", "zh/导入文件.md"),
    ("怎样使用本地的 ChatGLM 模型？", "gguf:", "zh/选择模型.docx"),
    ("什么是词元？", "模型读取文字的单位", "zh/术语表.txt"),
    ("Can kb read scanned PDFs?", "`ocr`", "en/"),
    ("扫描的 PDF 怎么办？", "`ocr`", "zh/"),
    ("What is exit code 4?", "nothing was found", "en/command-reference.pdf"),
    ("知识库被锁住了怎么办？", "一个进程", "zh/"),
    ("How do I open kb in the browser?", "kb ui", "en/"),
    ("How do I change the embedding model?", "kb reindex", "en/"),
    ("How can I ask follow-up questions?", "kb chat", "en/"),
    ("Can kb read zip archives?", ".zip", "en/ingesting.md"),
    ("How do I make a token?", "kb token add", "en/"),
    ("Why was this file not found?", "kb why-not", "en/"),
    ("怎样在浏览器里使用 kb？", "kb ui", "zh/"),
    ("怎样更换嵌入模型？", "kb reindex", "zh/"),
    ("怎样去掉文件里的个人信息？", "--redact", "zh/"),
    ("kb 会记录我的答案吗？", "记录", "zh/"),
]


@pytest.mark.parametrize(("question", "words", "place"), QUESTIONS, ids=[question for question, *_ in QUESTIONS])
def test_kb_answers_from_its_handbook(base: KnowledgeBase, question: str, words: str, place: str) -> None:
    """The answer holds the fact and cites, word for word, the page that states it."""
    answer = base.ask(question)
    assert not answer.abstained
    assert words in answer.text
    cited = {Path(citation.source).relative_to(HANDBOOK).as_posix() for citation in answer.citations}
    assert any(source.startswith(place) for source in cited)
    for citation in answer.citations:
        assert base.document_text(citation.source)[citation.start : citation.stop] == citation.quote


@pytest.mark.parametrize("question", ["Who won the football world cup in 1998?", "今天上海的天气怎么样？"])
def test_kb_abstains_where_the_handbook_is_silent(base: KnowledgeBase, question: str) -> None:
    """A question about something else is not answered, and nothing is cited for it."""
    answer = base.ask(question)
    assert answer.abstained
    assert not answer.citations
