"""The browser face, asking: a real Chromium clicks through a real ``kb ui``."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import served, slow_model
from kb.app.i18n.texts import EN, ZH, texts_for
from needs import needs
from ui_page import EXIT_4, PDF_QUESTION, PHONE, Open, api, ask, picture, tab

pytest_plugins = ("ui_page",)


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
    api.expect(page.locator(".kb-example").nth(2)).to_be_visible()
    picture(page, "welcome")
    answer = ask(page, PDF_QUESTION)
    api.expect(answer).to_contain_text(EXIT_4)
    api.expect(answer.locator(".kb-notes")).to_contain_text("no language model is chosen. Choose a model")
    answer.locator(".kb-mark").first.click()
    card = page.locator(".kb-card[data-open=true]")
    api.expect(card.locator("b").first).to_have_text("command-reference.pdf")
    api.expect(card.locator("small").first).to_have_text("kb command reference › Exit codes › page 2")
    api.expect(card.locator("mark")).to_contain_text(EXIT_4)
    image = card.get_by_role("img", name="Page 2 of command-reference.pdf, the quoted text highlighted")
    api.expect(image).to_be_visible()
    box, whole = card.locator(".kb-box").first.bounding_box(), image.bounding_box()
    assert box
    assert whole
    assert whole["x"] < box["x"] < box["x"] + box["width"] < whole["x"] + whole["width"]
    assert whole["y"] < box["y"] < whole["y"] + whole["height"]
    card.locator(".kb-box").first.scroll_into_view_if_needed()
    picture(page, "answer")
    ask(page, "How do I delete a document?")
    page.locator(".kb-source[data-mark='1']").last.click()
    api.expect(page.locator(".kb-card[data-open=true] .kb-number")).to_have_text("1")


def test_a_question_sent_too_early_is_asked_next(visit: Open, address: str) -> None:
    """Enter while another question is answered is not dropped; a second Enter on the same question asks once."""
    page = visit(address, "en-US")
    box = page.locator("#kb-question textarea")
    box.fill("Which model does kb use when no model is configured?")
    box.press("Enter")
    box.press("Enter")
    api.expect(page.locator(".kb-question")).to_have_count(1)
    api.expect(box).to_have_value("")
    box.fill("What does exit code 4 mean?")
    box.press("Enter")
    api.expect(page.locator(".kb-answer:has(footer)")).to_have_count(2)
    api.expect(page.locator(".kb-question").last).to_contain_text("exit code 4")


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
    api.expect(page.locator(".kb-answer:has(footer)")).to_have_count(1)
    answer = ask(page, "kb 会把我的文件上传到网上吗？")
    api.expect(answer).to_contain_text("kb 不会把你的文件上传到网上")
    answer.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] b").first).to_have_text("存储与隐私.md")
    picture(page, "answer-zh-dark")


def test_an_abstention_is_no_answer(visit: Open, address: str) -> None:
    """What is not in the documents looks different, cites nothing, says what was looked at, and leads to what comes closest."""
    answer = ask(page := visit(address), "Who won the football world cup in Mongolia?")
    api.expect(answer).to_have_class("kb-answer kb-abstained")
    api.expect(answer.locator(".kb-badge")).to_have_text("Not found in 22 documents")
    assert answer.locator(".kb-mark").count() == 0
    picture(page, "abstention")


def test_why_these_sources(visit: Open, address: str) -> None:
    """Each answer explains its sources: what each lane said of every passage, and why some were left out."""
    answer = ask(page := visit(address), PDF_QUESTION)
    answer.get_by_role("button", name="Why these sources?").click()
    rows = page.locator(".kb-why tbody tr")
    api.expect(rows.first).to_contain_text("command-reference.pdf")
    api.expect(rows.first).to_contain_text("bm25 #1")
    api.expect(rows.first).to_contain_text("read for the answer")
    assert page.locator(".kb-why .kb-shown").count() == 8
    api.expect(page.locator(".kb-why .kb-cut em").first).not_to_have_text("")
    picture(page, "why")


def test_ask_again_and_edit(visit: Open, address: str) -> None:
    """An answer can be asked for again, or its question changed: what came after it leaves the conversation."""
    page = visit(address)
    ask(page, PDF_QUESTION)
    ask(page, "Does kb upload my files?")
    first = page.locator(".kb-turn").first
    first.get_by_role("button", name="Edit").click()
    box = first.get_by_role("textbox", name="Your question")
    api.expect(box).to_be_focused()
    assert box.input_value() == PDF_QUESTION
    box.press("Escape")
    api.expect(first.locator(".kb-question")).to_be_visible()
    first.get_by_role("button", name="Edit").click()
    box.fill("Which exit code means that some files failed?")
    box.press("Enter")
    api.expect(page.locator(".kb-turn")).to_have_count(1)
    api.expect(page.locator(".kb-answer:has(footer)")).to_contain_text("Exit code 5")
    api.expect(page.locator(".kb-question")).to_contain_text("some files failed")
    page.get_by_role("button", name="Ask again").click()
    api.expect(page.locator(".kb-wait")).to_have_count(0)
    api.expect(page.locator(".kb-answer:has(footer)")).to_contain_text("Exit code 5")
    assert page.locator(".kb-turn").count() == 1


def test_copy(visit: Open, address: str) -> None:
    """An answer is copied as plain text, with its marks."""
    page = visit(address)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = ask(page, PDF_QUESTION)
    answer.get_by_role("button", name="Copy").click()
    api.expect(answer.get_by_role("button", name="Copied")).to_be_visible()
    assert f"{EXIT_4} [1]" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.slow
def test_stop_keeps_what_was_written_and_frees_the_model(visit: Open, handbook_home: Path) -> None:
    """The stop button ends a slow answer, keeps its beginning, hangs up on the model, and the next question is answered."""
    with slow_model() as (llm, hung_up), served("ui", handbook_home, "--no-browser", "--llm", llm) as address:
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
        page.locator("#kb-stop").click()
        api.expect(page.locator("#kb-send")).to_be_visible()


@pytest.mark.slow
def test_a_model_that_writes_nonsense_costs_no_answer(visit: Open, handbook_home: Path) -> None:
    """A real GGUF model with random weights: the quotes stand in its place, and one note says so."""
    needs("xllamacpp", "gguf", extra="llama,test")
    from models import gguf_file

    with served("ui", handbook_home, "--no-browser", "--llm", f"gguf:{gguf_file('llama')}") as address:
        page = visit(address)
        answer = ask(page, PDF_QUESTION)
        api.expect(answer).to_contain_text(EXIT_4)
        assert answer.locator(".kb-sentence.kb-unsupported").count() == 0
        api.expect(answer.locator(".kb-notes")).to_contain_text("quoted sentences")


def test_phone(visit: Open, address: str) -> None:
    """On a narrow screen nothing is cut off: the side bar folds away, and no tab ever scrolls sideways."""
    page = visit(address, size=PHONE)
    api.expect(page.locator(".sidebar.open")).to_have_count(0)
    answer = ask(page, PDF_QUESTION)
    answer.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, "phone")
    page.get_by_role("button", name="Back to the answer").click()
    answer.get_by_role("button", name="Why these sources?").click()
    api.expect(page.locator(".kb-why")).to_be_in_viewport()
    page.get_by_role("button", name="Back to the answer").click()
    api.expect(answer.locator("footer")).to_be_in_viewport()
    for chosen in (page.locator("#kb-new-chat"), page.locator(".kb-session").first):
        page.locator(".sidebar .toggle-button").click()
        api.expect(page.locator(".sidebar.open")).to_have_count(1)
        chosen.click()
        api.expect(page.locator(".sidebar.open")).to_have_count(0)
    api.expect(page.locator(".kb-turn").first).to_be_in_viewport()
    for number in (1, 2):
        tab(page, number)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
