"""The browser face, settings: each reaches the model, stays in the browser, and what a model cannot do is said in the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser import slow_model
from ui_page import PDF_QUESTION, Open, api, ask, kb, tab, unfold

pytest_plugins = ("ui_page",)


def fill(page: api.Page, name: str, value: str) -> None:
    """Set a number or a text."""
    box = page.locator(f"#{name} input[type=number], #{name} textarea").first
    box.fill(value)
    box.press("Tab")


def test_what_a_model_cannot_do_is_an_error(visit: Open, address: str) -> None:
    """Extractive answers know no temperature, and no style; a value out of range is named; nothing is an answer then."""
    page = visit(address)
    tab(page, 2)
    unfold(page, "kb-sampling")
    fill(page, "kb-temperature", "1")
    tab(page, 0)
    error = page.locator(".kb-error").last
    ask(page, PDF_QUESTION)
    api.expect(error).to_contain_text("ask with temperature 0")
    tab(page, 2)
    fill(page, "kb-temperature", "0")
    fill(page, "kb-top-p", "3")
    tab(page, 0)
    ask(page, PDF_QUESTION)
    api.expect(error).to_contain_text("top_p is 3.0; it must be above 0 and at most 1")
    tab(page, 2)
    fill(page, "kb-top-p", "0")
    page.get_by_role("radio", name="thinking first").check()
    tab(page, 0)
    ask(page, PDF_QUESTION)
    api.expect(error).to_contain_text("cannot write in the style 'step-by-step'")
    assert page.locator(".kb-sentence").count() == 0


def test_settings_reach_the_answer_and_stay(visit: Open, address: str, handbook_home: Path) -> None:
    """They are in the log beside the answer, and still set after a reload."""
    page = visit(address)
    tab(page, 2)
    fill(page, "kb-k", "3")
    unfold(page, "kb-sampling")
    fill(page, "kb-seed", "7")
    fill(page, "kb-max-tokens", "64")
    page.get_by_role("checkbox", name="Strict").check()
    tab(page, 0)
    question = "Where does kb store its files?"
    ask(page, question)
    page.reload()
    page.wait_for_selector(".kb-turn")
    tab(page, 2)
    api.expect(page.locator("#kb-k input[type=number]")).to_have_value("3")
    unfold(page, "kb-sampling")
    api.expect(page.locator("#kb-seed input")).to_have_value("7")
    api.expect(page.get_by_role("checkbox", name="Strict")).to_be_checked()
    records = json.loads(kb("log", "--json", "--limit", "100", "--home", str(handbook_home)))
    asked = next(one["asked"] for one in records if one["asked"]["said"] == question)
    assert (asked["k"], asked["strict"], asked["sampling"]["seed"], asked["sampling"]["max_tokens"]) == (3, True, 7, 64)


@pytest.mark.slow
def test_another_model_is_chosen(visit: Open, address: str) -> None:
    """A model is opened by its spec; one that is not there leaves the one in use; its steps are shown when asked for."""
    page = visit(address)
    tab(page, 2)
    box = page.locator("#kb-model input")
    box.fill("gguf:/nowhere/model.gguf")
    box.press("Enter")
    api.expect(page.locator("#kb-model-said")).to_contain_text("there is no model at /nowhere/model.gguf")
    api.expect(page.locator("#kb-facts")).to_contain_text("extractive")
    with slow_model() as (llm, _):
        box.fill(llm)
        box.press("Enter")
        api.expect(page.locator("#kb-model-said")).to_contain_text("Answers are written by")
        tab(page, 0)
        page.locator("#kb-new-chat").click()
        api.expect(page.locator(".kb-welcome")).to_contain_text("The language model runs elsewhere")
        page.locator("#kb-question textarea").fill(PDF_QUESTION)
        page.locator("#kb-send").click()
        api.expect(page.locator(".kb-text")).to_contain_text("Exit code 4 means")
        page.locator("#kb-stop").click()
        tab(page, 2)
        box.fill("extractive")
        box.press("Enter")
        api.expect(page.locator("#kb-facts")).to_contain_text("extractive")
