"""The browser face, settings: each reaches the model, stays in the browser, and what a model cannot do is said in the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser import served, slow_model
from ui_page import PDF_QUESTION, Open, api, ask, kb, tab, unfold

pytest_plugins = ("ui_page",)


def fill(page: api.Page, name: str, value: str) -> None:
    """Set a number or a text."""
    box = page.locator(f"#{name} input[type=number], #{name} textarea").first
    box.fill(value)
    box.press("Tab")


def choose(page: api.Page, spec: str) -> None:
    """Open a model in the settings."""
    tab(page, 2)
    box = page.locator("#kb-model input")
    box.fill(spec)
    box.press("Enter")
    api.expect(page.locator("#kb-model-said")).to_contain_text("Answers are")


@pytest.mark.slow
def test_settings_fit_the_model(visit: Open, handbook_home: Path) -> None:
    """Quotes have passages and strictness, a model also length and style, its sampling folded; what is out of range is said."""
    with slow_model() as (llm, _), served("ui", handbook_home, "--no-browser") as address:
        page = visit(address)
        tab(page, 2)
        api.expect(page.locator("#kb-facts")).to_contain_text("answers are sentences of the documents")
        api.expect(page.locator("#kb-strict")).to_be_visible()
        api.expect(page.locator("#kb-max-tokens")).to_have_count(0)
        api.expect(page.locator("#kb-sampling")).to_have_count(0)
        choose(page, llm)
        api.expect(page.locator("#kb-max-tokens")).to_be_visible()
        api.expect(page.locator("#kb-first-word")).to_have_count(0)
        api.expect(page.locator("#kb-seed")).not_to_be_visible()
        unfold(page, "kb-sampling")
        fill(page, "kb-top-p", "3")
        tab(page, 0)
        ask(page, PDF_QUESTION)
        api.expect(page.locator(".kb-error").last).to_contain_text("top_p is 3.0; it must be above 0 and at most 1")
        assert page.locator(".kb-sentence").count() == 0
        choose(page, "extractive")
        tab(page, 0)
        api.expect(ask(page, PDF_QUESTION)).to_contain_text("Exit code 4 means")


def test_settings_reach_the_answer_and_stay(visit: Open, address: str, handbook_home: Path) -> None:
    """They are in the log beside the answer, and still set after a reload."""
    page = visit(address)
    tab(page, 2)
    fill(page, "kb-k", "3")
    page.get_by_role("checkbox", name="Strict").check()
    tab(page, 0)
    question = "Where does kb store its files?"
    ask(page, question)
    page.reload()
    page.wait_for_selector(".kb-turn")
    tab(page, 2)
    api.expect(page.locator("#kb-k input[type=number]")).to_have_value("3")
    api.expect(page.get_by_role("checkbox", name="Strict")).to_be_checked()
    records = json.loads(kb("log", "--json", "--limit", "100", "--home", str(handbook_home)))
    asked = next(one["asked"] for one in records if one["asked"]["said"] == question)
    assert (asked["k"], asked["strict"]) == (3, True)


@pytest.mark.slow
def test_another_model_is_chosen(visit: Open, address: str) -> None:
    """A model is opened by its spec; one that is not there leaves the one in use; its steps are shown when asked for."""
    page = visit(address)
    tab(page, 2)
    box = page.locator("#kb-model input")
    box.fill("gguf:/nowhere/model.gguf")
    box.press("Enter")
    api.expect(page.locator("#kb-model-said")).to_contain_text("there is no model at /nowhere/model.gguf")
    api.expect(page.locator("#kb-facts")).to_contain_text("answers are sentences of the documents")
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
        api.expect(page.locator("#kb-facts")).to_contain_text("answers are sentences of the documents")
