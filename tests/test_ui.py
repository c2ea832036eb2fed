"""The browser face: a real Chromium clicks through a real ``kb ui``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import chromium, served, slow_model
from kb.app.ui_texts import EN, ZH, texts_for

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install 'kb-rag[test]'")
pytest.importorskip("gradio", reason="the ui extra is not installed")

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
PDF_QUESTION = "Which exit code does kb return when nothing was found?"

Open = Callable[..., "api.Page"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose default base holds the handbook."""
    home = tmp_path_factory.mktemp("ui") / "home"
    handbook = Path(__file__).resolve().parents[1] / "knowledge_base"
    subprocess.run(
        [sys.executable, "-m", "kb", "ingest", str(handbook), "--home", str(home), "--embedder", "tfidf"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with served("ui", home, "--no-browser", "--port", "7900") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[api.Browser]:
    path = chromium()
    api.expect.set_options(timeout=30_000)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: api.Browser) -> Iterator[Open]:
    """Opens a page; fails the test if the page asked for anything elsewhere, or if a script failed."""
    pages: list[tuple[api.BrowserContext, str, list[str]]] = []

    def visit(address: str, locale: str = "en-US", *, width: int = 1280, dark: bool = False) -> api.Page:
        scheme = "dark" if dark else "light"
        context = browser.new_context(locale=locale, color_scheme=scheme, viewport={"width": width, "height": 850})
        page = context.new_page()
        page.set_default_timeout(20_000)
        seen: list[str] = []
        page.on("request", lambda request: seen.append(request.url))
        page.on("pageerror", lambda error: seen.append(f"script failed: {error}"))
        page.on("dialog", lambda dialog: seen.append(f"a dialog: {dialog.message}"))
        pages.append((context, address, seen))
        page.goto(address)
        page.wait_for_selector(".kb-welcome")
        return page

    yield visit
    for context, address, seen in pages:
        context.close()
        assert [url for url in seen if not url.startswith((address, "data:", "blob:"))] == []


def ask(page: api.Page, question: str) -> api.Locator:
    """Type a question as a person does; return its finished answer."""
    answers = page.locator(".kb-answer:has(footer)")
    before = answers.count()
    page.locator("#kb-question textarea").fill(question)
    page.locator("#kb-question textarea").press("Enter")
    api.expect(answers).to_have_count(before + 1)
    return answers.last


def picture(page: api.Page, name: str) -> None:
    """Keep a screenshot for the README when that is asked for."""
    if os.environ.get("KB_SCREENSHOTS"):
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(900)
        page.screenshot(path=IMAGES / f"{name}.png")


def test_both_languages_have_the_same_texts() -> None:
    """No text is missing in a language, and both take the same values."""
    assert EN.keys() == ZH.keys()
    for key, text in EN.items():
        assert {part.split("}")[0] for part in text.split("{")[1:]} == {
            part.split("}")[0] for part in ZH[key].split("{")[1:]
        }, key


def test_the_language_is_the_browsers() -> None:
    """The header's order of preference decides; anything else reads English."""
    assert texts_for("zh-CN,zh;q=0.9,en;q=0.8") is ZH
    assert texts_for("fr,en;q=0.5,zh;q=0.9") is ZH
    assert texts_for("de") is texts_for("") is texts_for("en;q=x") is EN


def test_an_answer_shows_where_it_came_from(visit: Open, address: str) -> None:
    """Ask, click a mark, and see the passage in its context and the PDF page with the quote highlighted."""
    page = visit(address)
    picture(page, "welcome")
    answer = ask(page, PDF_QUESTION)
    api.expect(answer).to_contain_text("Exit code 4 means that nothing was found")
    answer.locator(".kb-mark").first.click()
    card = page.locator(".kb-card[data-open=true]")
    api.expect(card.locator("b").first).to_have_text("command-reference.pdf")
    api.expect(card.locator("small").first).to_have_text("kb command reference › Exit codes › page 2")
    api.expect(card.locator("mark")).to_have_text("- Exit code 4 means that nothing was found for the question.")
    image = card.get_by_role("img", name="Page 2 of command-reference.pdf, the quoted text highlighted")
    api.expect(image).to_be_visible()
    box, whole = card.locator(".kb-box").first.bounding_box(), image.bounding_box()
    assert box
    assert whole
    assert whole["x"] < box["x"] < box["x"] + box["width"] < whole["x"] + whole["width"]
    assert whole["y"] < box["y"] < whole["y"] + whole["height"]
    picture(page, "answer")
    page.locator(".kb-source[data-mark='2']").click()
    api.expect(page.locator(".kb-card[data-open=true] .kb-number")).to_have_text("2")


def test_chinese_browser_reads_chinese(visit: Open, address: str) -> None:
    """With a Chinese browser the page, the examples and the answer are Chinese; here in dark."""
    page = visit(address, "zh-CN", dark=True)
    api.expect(page.get_by_role("tab", name="文档")).to_be_visible()
    api.expect(page.locator("#kb-send")).to_have_text("提问")
    example = page.locator(".kb-example").first
    question = example.inner_text()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in question)
    example.click()
    api.expect(page.locator(".kb-question").first).to_contain_text(question)
    answer = ask(page, "kb 会把我的文件上传到网上吗？")
    api.expect(answer).to_contain_text("kb 不会把你的文件上传到网上")
    answer.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] b").first).to_have_text("存储与隐私.md")
    picture(page, "answer-zh-dark")


def test_an_abstention_is_no_answer(visit: Open, address: str) -> None:
    """What is not in the documents looks different, cites nothing, and says what was looked at."""
    answer = ask(page := visit(address), "Who won the football world cup in Mongolia?")
    api.expect(answer).to_have_class("kb-answer kb-abstained")
    api.expect(answer.locator(".kb-badge")).to_have_text("Not in your documents")
    api.expect(answer).to_contain_text("Looked at 22 documents")
    assert answer.locator(".kb-mark").count() == 0
    picture(page, "abstention")


def test_upload_ask_delete(visit: Open, address: str, tmp_path: Path) -> None:
    """A file is dropped, asked about, and deleted; a broken one says why; markup in it stays text."""
    nasty = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)> {{value}} ${1+1}"
    (tmp_path / "zebra.md").write_text(f"# Budget {nasty}\n\nThe zebra budget is 4711 dollars. {nasty}\n")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nonsense")
    page = visit(address)
    page.get_by_role("tab", name="Documents").click()
    page.locator("#kb-upload input[type=file]").set_input_files([tmp_path / "zebra.md", tmp_path / "broken.pdf"])
    report = page.locator(".kb-report")
    api.expect(report).to_contain_text("1 added")
    api.expect(report.locator(".kb-failed")).to_contain_text("broken.pdf")
    picture(page, "documents")
    page.get_by_role("tab", name="Ask").click()
    answer = ask(page, "How many dollars is the zebra budget?")
    api.expect(answer).to_contain_text("4711")
    answer.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] blockquote")).to_contain_text(nasty)
    assert page.locator("#kb-sources img, #kb-sources script, #kb-chat img").count() == 0
    page.get_by_role("tab", name="Documents").click()
    for name in ("zebra.md", "broken.pdf"):
        button = page.get_by_role("button", name=f"Delete {name}")
        button.click()
        api.expect(button).to_have_text("Sure?")
        button.click()
        api.expect(page.get_by_role("button", name=f"Delete {name}")).to_have_count(0)
    page.get_by_role("tab", name="Ask").click()
    assert "kb-abstained" in (ask(page, "How many dollars is the zebra budget?").get_attribute("class") or "")


def test_make_switch_and_delete_a_base(visit: Open, address: str, home: Path) -> None:
    """A base is made, is empty, and is gone after a question whether that is meant."""
    page = visit(address)
    page.locator("#kb-new-base input, #kb-new-base textarea").fill("旅行")
    page.locator("#kb-create").click()
    api.expect(page.locator(".kb-welcome")).to_contain_text("This knowledge base is empty")
    assert (home / "旅行" / "catalog.sqlite").is_file()
    page.locator("#kb-delete-base").click()
    api.expect(page.locator("#kb-delete-row")).to_contain_text("Delete “旅行” and its 0 documents?")
    page.locator("#kb-delete-yes").click()
    api.expect(page.locator(".kb-welcome")).to_contain_text("Every sentence of an answer")
    assert not (home / "旅行").exists()
    page.locator("#kb-new-base input, #kb-new-base textarea").fill("../etc")
    page.locator("#kb-create").click()
    api.expect(page.locator("#kb-said")).to_contain_text("cannot name a knowledge base")


def test_save_a_conversation(visit: Open, address: str) -> None:
    """A conversation can be kept as Markdown, with the sources of each answer; a new one starts empty."""
    page = visit(address)
    ask(page, PDF_QUESTION)
    with page.expect_download() as waiting:
        page.locator("#kb-export").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert text.startswith(f"## {PDF_QUESTION}\n")
    assert "- [1] command-reference.pdf, p. 2: - Exit code 4 means that nothing was found for the question." in text
    page.locator("#kb-new-chat").click()
    api.expect(page.locator(".kb-welcome")).to_be_visible()
    assert page.locator(".kb-turn").count() == 0


@pytest.mark.slow
def test_stop_keeps_what_was_written_and_frees_the_model(visit: Open, home: Path) -> None:
    """The stop button ends a slow answer, keeps its beginning, hangs up on the model, and the next question is answered."""
    with slow_model() as (llm, hung_up), served("ui", home, "--no-browser", "--port", "7930", "--llm", llm) as address:
        page = visit(address)
        page.locator("#kb-question textarea").fill(PDF_QUESTION)
        page.locator("#kb-send").click()
        api.expect(page.locator(".kb-text")).to_contain_text("Exit code 4 means")
        page.locator("#kb-stop").click()
        api.expect(page.locator(".kb-wait")).to_have_text("Stopped.")
        api.expect(page.locator("#kb-send")).to_be_visible()
        assert hung_up.wait(10)
        words = page.locator(".kb-text").inner_text()
        page.wait_for_timeout(500)
        assert page.locator(".kb-text").inner_text() == words
        page.locator("#kb-question textarea").fill(PDF_QUESTION)
        page.locator("#kb-send").click()
        api.expect(page.locator(".kb-text")).to_have_count(2)


def test_phone(visit: Open, address: str) -> None:
    """On a narrow screen nothing is cut off: the side bar folds away, and the page never scrolls sideways."""
    page = visit(address, width=390)
    api.expect(page.locator(".sidebar.open")).to_have_count(0)
    answer = ask(page, PDF_QUESTION)
    answer.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, "phone")


def test_keyboard_only(visit: Open, address: str) -> None:
    """Everything in an answer can be reached and used with Tab and Enter."""
    page = visit(address)
    ask(page, PDF_QUESTION)
    page.locator(".kb-mark").first.focus()
    page.keyboard.press("Enter")
    api.expect(page.locator(".kb-mark[aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "kb-mark"
