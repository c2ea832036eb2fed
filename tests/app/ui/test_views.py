"""The browser face in both languages and at both sizes: one walk over what people do all day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from browser import served
from kb.app.i18n.texts import EN, ZH
from ui_page import PHONE, VIEWS, Open, api, ask, tab, unfold, violations

pytest_plugins = ("ui_page",)

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en-US": EN, "zh-CN": ZH}
QUESTIONS = {
    "en-US": ("What does exit code 4 mean?", "Who won the football world cup in Mongolia?"),
    "zh-CN": ("退出码 4 是什么意思？", "蒙古的足球世界杯冠军是谁？"),
}
RAW = ("##", "```", "|--", "| --")
FIRST_LOAD = """() => {
    const [page] = performance.getEntriesByType('navigation');
    return Math.max(page.domContentLoadedEventEnd, performance.getEntriesByName('first-contentful-paint')[0].startTime);
}"""


@pytest.mark.parametrize(("locale", "size"), VIEWS)
def test_a_day_at_the_page(visit: Open, address: str, locale: str, size: tuple[int, int]) -> None:
    """Ask, send nothing, open a source, be refused, come back: nothing blanks, nothing is raw, nothing leads nowhere."""
    page, texts, (question, unanswered) = visit(address, locale, size=size), LANGUAGES[locale], QUESTIONS[locale]
    print(f"first load {page.evaluate(FIRST_LOAD):.0f} ms")  # noqa: T201 - the report is a point of it
    answer = ask(page, question)
    assert not [sign for sign in RAW if sign in answer.inner_text()]
    nothing_blanks(page)
    opens_its_source(page, answer, texts)
    refused = ask(page, unanswered)
    api.expect(refused.locator(".kb-badge")).not_to_be_empty()
    refused.locator("[data-event=read], .kb-mark").first.click()
    api.expect(page.locator("dialog[open], .kb-card[data-open=true]").first).to_be_visible()
    page.keyboard.press("Escape")
    noted_once(page, texts)
    comes_back(page, question)
    fits(page, texts)


def noted_once(page: api.Page, texts: Mapping[str, str]) -> None:
    """What is so for the whole conversation is said under its first answer only, with the button that mends it."""
    notes = page.locator(".kb-once")
    assert notes.count() == page.locator(".kb-turn").first.locator(".kb-once").count() == 1
    notes.get_by_role("button").click()
    api.expect(page.get_by_role("tab", name=texts["settings"])).to_have_attribute("aria-selected", "true")
    tab(page, 0)


def nothing_blanks(page: api.Page) -> None:
    """Enter in an empty box leaves the conversation and its sources."""
    page.locator("#kb-question textarea").press("Enter")
    page.wait_for_timeout(300)
    assert page.locator(".kb-turn").count() == 1
    assert page.locator(".kb-card").count() >= 1


def opens_its_source(page: api.Page, answer: api.Locator, texts: Mapping[str, str]) -> None:
    """From a mark to its passage, from there to the whole document with the quote in view, and back."""
    answer.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] mark").first).to_be_in_viewport()
    page.locator(".kb-card[data-open=true]").get_by_role("button", name=texts["open"]).click()
    dialog = page.locator("dialog[open]")
    api.expect(dialog.locator(".kb-box, mark").first).to_be_in_viewport()
    dialog.get_by_role("button", name=texts["close"]).click()
    api.expect(dialog).to_have_count(0)


def comes_back(page: api.Page, question: str) -> None:
    """The conversation has an address: loaded again it is there, and its newest answer is in view above the composer."""
    assert "&c=" in page.url
    page.reload()
    api.expect(page.locator(".kb-question").first).to_contain_text(question)
    api.expect(page.locator(".kb-turn")).to_have_count(2)
    api.expect(page.locator("#kb-question textarea")).to_be_in_viewport()


def fits(page: api.Page, texts: Mapping[str, str]) -> None:
    """No tab scrolls sideways, or breaks a rule of axe-core; a base can be made; what is named is in the language."""
    for number, name in enumerate(("ask", "documents", "settings")):
        tab(page, number)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert violations(page) == []
    chosen = page.get_by_role("tab", name=texts["settings"])
    api.expect(chosen).to_have_attribute("aria-selected", "true")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a ``kb ui`` without any base listens."""
    with served("ui", tmp_path_factory.mktemp("empty") / "home", "--no-browser") as address:
        yield address


@pytest.mark.parametrize(("locale", "size"), VIEWS)
def test_a_base_is_begun_where_bases_are_chosen(visit: Open, empty: str, locale: str, size: tuple[int, int]) -> None:
    """An empty base leads to its files with one large button; another is made with a name of spaces and Chinese."""
    page, texts = visit(empty, locale, size=size), LANGUAGES[locale]
    api.expect(page.locator(".kb-add")).to_be_in_viewport()
    api.expect(page.locator("#kb-send")).to_be_in_viewport(ratio=1)
    if size == PHONE:
        page.locator(".sidebar .toggle-button").click()
    unfold(page, "kb-new-base-part")
    name = f"My files 报告 {locale} {size[0]}"
    page.locator("#kb-new-base input, #kb-new-base textarea").fill(name)
    page.locator("#kb-create").click()
    api.expect(page.locator("#kb-base input")).to_have_value(name)
    assert texts["welcome_empty"] in page.locator(".kb-welcome").inner_text()
