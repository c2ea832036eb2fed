"""The browser face for everybody: keyboard only, screen readers, and the rules of axe-core in light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import served, slow_model
from ui_page import EXIT_4, PDF_QUESTION, PHONE, Open, api, ask, tab, unfold, violations

pytest_plugins = ("ui_page",)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(visit: Open, address: str, dark: bool) -> None:  # noqa: FBT001  a case
    """The welcome, an answer with its page, an abstention, the explanation, the documents and the settings."""
    page = visit(address, dark=dark)
    assert violations(page) == []
    answer = ask(page, PDF_QUESTION)
    answer.get_by_role("button", name="Bad answer").click()
    api.expect(answer.locator("textarea")).to_be_focused()
    api.expect(page.locator(".kb-card[data-open=true] img")).to_be_visible()
    assert violations(page) == []
    ask(page, "Who won the football world cup in Mongolia?")
    page.locator("[data-event=why]").first.click()
    api.expect(page.locator(".kb-why tbody tr").first).to_be_visible()
    assert violations(page) == []
    for number, shown in ((1, ".kb-documents tbody tr"), (2, "#kb-k")):
        tab(page, number)
        api.expect(page.locator(shown).first).to_be_visible()
        assert violations(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_in_what_opens(visit: Open, address: str, dark: bool) -> None:  # noqa: FBT001  a case
    """A document as a page and as text, the list of conversations and the new base on a phone, a conversation renamed."""
    page = visit(address, size=PHONE, dark=dark)
    answer = ask(page, PDF_QUESTION)
    answer.locator(".kb-mark").first.click()
    page.locator(".kb-card[data-open=true]").get_by_role("button", name="Open the document").click()
    dialog = page.locator("dialog[open]")
    api.expect(dialog.locator("img")).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("button", name="As text").click()
    api.expect(dialog.locator("mark").first).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".sidebar .toggle-button").click()
    api.expect(page.locator(".kb-session").first).to_be_in_viewport()
    unfold(page, "kb-new-base-part")
    api.expect(page.locator("#kb-create")).to_be_visible()
    page.locator(".kb-icon[data-edit]").first.click()
    api.expect(page.locator(".kb-sessions textarea")).to_be_focused()
    assert violations(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_with_a_model(visit: Open, handbook_home: Path, dark: bool) -> None:  # noqa: FBT001
    """An answer being written and one stopped, the settings of a model with its sampling unfolded, and an error."""
    with slow_model() as (llm, _), served("ui", handbook_home, "--no-browser", "--llm", llm) as address:
        page = visit(address, dark=dark)
        page.locator("#kb-question textarea").fill(PDF_QUESTION)
        page.locator("#kb-question textarea").press("Enter")
        api.expect(page.locator(".kb-text")).to_contain_text("Exit code 4")
        assert violations(page) == []
        page.locator("#kb-stop").click()
        api.expect(page.locator("#kb-send")).to_be_visible()
        assert violations(page) == []
        tab(page, 2)
        unfold(page, "kb-sampling")
        api.expect(page.locator("#kb-seed")).to_be_visible()
        page.locator("#kb-model input").fill("gguf:/nowhere/model.gguf")
        page.locator("#kb-model input").press("Enter")
        api.expect(page.locator("#kb-model-said .kb-error")).to_be_visible()
        assert violations(page) == []


def test_axe_does_find_what_is_wrong(visit: Open, address: str) -> None:
    """The check can fail: pale text and a button without a name are found."""
    page = visit(address)
    page.locator(".kb-welcome").evaluate(
        "(place) => { place.innerHTML += '<p style=\"color:#ddd;background:#fff\">pale</p><button></button>'; }"
    )
    assert {found.split(":")[0] for found in violations(page)} == {"color-contrast", "button-name"}


def test_keyboard_only(visit: Open, address: str) -> None:
    """From the question to its sources, a comment and another tab without a mouse."""
    page = visit(address)
    api.expect(page.locator("#kb-question textarea")).to_be_focused()
    page.keyboard.type("How do I delete a document?")
    page.keyboard.press("Enter")
    answer = page.locator(".kb-answer:has(footer)")
    api.expect(answer).to_be_visible()
    page.locator(".kb-mark").first.focus()
    page.keyboard.press("Enter")
    api.expect(page.locator(".kb-mark[aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") in {"A", "BUTTON"}
    answer.get_by_role("button", name="Good answer").focus()
    page.keyboard.press("Space")
    api.expect(answer.locator("textarea")).to_be_focused()
    page.keyboard.type("fine")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    api.expect(answer.locator(".kb-comment")).to_have_text("fine")
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert tabs.nth(1).get_attribute("aria-selected") == "true" or page.locator("#kb-files").count() == 1


def test_a_screen_reader_is_told_what_happens(visit: Open, address: str) -> None:
    """A live region says that kb searches and then reads the whole answer, once; parts have names and a language."""
    page = visit(address)
    assert page.evaluate("document.documentElement.lang") == "en"
    page.locator("#kb-chat").evaluate(
        """(place) => {
            window.told = [];
            new MutationObserver(() => {
                const region = place.querySelector('[role=status]');
                const text = region ? region.textContent : '';
                if (text !== window.told.at(-1)) window.told.push(text);
            }).observe(place, { subtree: true, childList: true, characterData: true });
        }"""
    )
    ask(page, PDF_QUESTION)
    told = list(filter(None, page.evaluate("window.told")))
    assert told[0] == "Searching …"
    assert told[-1].startswith("Answer: ")
    assert EXIT_4 in told[-1]
    assert len(told) <= 4
    api.expect(page.get_by_role("article", name="Answer")).to_be_visible()
    api.expect(page.get_by_role("button", name="Source 1: command-reference.pdf").first).to_be_visible()
    api.expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    api.expect(page.get_by_role("heading", name="You asked")).to_be_visible()
