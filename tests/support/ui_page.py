"""A Chromium on the page of a real ``kb ui``: fixtures and what a person does there, for the tests of the browser face."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import pytest
from browser import chromium, served
from needs import needs
from places import ROOT

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install 'kb-rag[test]'")
needs("gradio", extra="ui")

IMAGES = ROOT / "docs" / "images"
PDF_QUESTION = "What does exit code 4 mean?"
EXIT_4 = "Exit code 4 means that nothing was found for the question."

DESKTOP, PHONE = (1440, 900), (390, 844)
VIEWS = [
    pytest.param(locale, size, id=f"{locale[:2]}-{size[0]}")
    for locale in ("en-US", "zh-CN")
    for size in (DESKTOP, PHONE)
]
"""Languages of the browser and sizes of its window."""

SERIOUS = ("serious", "critical")
GRADIOS: dict[str, str] = {}
"""Rule -> why kb cannot keep it: violations that Gradio's own components make."""

Open = Callable[..., "api.Page"]


@pytest.fixture(scope="session")
def handbook_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose default base holds the handbook."""
    home = tmp_path_factory.mktemp("ui") / "home"
    kb("ingest", str(ROOT / "knowledge_base"), "--home", str(home), "--embedder", "tfidf")
    return home


@pytest.fixture(scope="session")
def address(handbook_home: Path) -> Iterator[str]:
    """Where a ``kb ui`` of that home listens."""
    with served("ui", handbook_home, "--no-browser") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[api.Browser]:
    """A Chromium; closed with each file: Playwright's event loop would be in the way of tests that run one of their own."""
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

    def visit(
        address: str,
        locale: str = "en-US",
        *,
        size: tuple[int, int] = (1280, 850),
        dark: bool = False,
        wait: str = ".kb-welcome",
    ) -> api.Page:
        scheme = "dark" if dark else "light"
        width, height = size
        context = browser.new_context(
            locale=locale, color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        seen: list[str] = []
        page.on("request", lambda request: seen.append(request.url))
        page.on("pageerror", lambda error: seen.append(f"script failed: {error}"))
        page.on("dialog", lambda dialog: seen.append(f"a dialog: {dialog.message}"))
        pages.append((context, address, seen))
        page.goto(address)
        page.wait_for_selector(wait)
        return page

    yield visit
    for context, address, seen in pages:
        context.close()
        assert [url for url in seen if not url.startswith((address, "data:", "blob:"))] == []


def kb(*arguments: str) -> str:
    """Run a command as a user does in a terminal, and return what it prints."""
    done = forked.kb(*arguments, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(page: api.Page, question: str) -> api.Locator:
    """Type a question as a person does; return its finished answer."""
    answers = page.locator(".kb-answer:has(footer)")
    before = answers.count()
    page.locator("#kb-question textarea").fill(question)
    page.locator("#kb-question textarea").press("Enter")
    api.expect(answers).to_have_count(before + 1)
    return answers.last


def tab(page: api.Page, number: int) -> None:
    """Go to a tab: 0 is where one asks, 1 the documents, 2 the settings."""
    page.get_by_role("tab").nth(number).click()


def unfold(page: api.Page, part: str) -> None:
    """Open a part that is folded: ``kb-sampling`` in the settings, ``kb-new-base-part`` in the side bar."""
    page.locator(f"#{part} > button, #{part} button.label-wrap").first.click()


def drop(page: api.Page, *files: Path) -> api.Locator:
    """Choose files in the tab of documents; return the report of their ingest."""
    page.locator("#kb-files").set_input_files(list(files))
    return page.locator(".kb-report")


def picture(page: api.Page, name: str) -> None:
    """Keep a screenshot for the README when that is asked for."""
    if os.environ.get("KB_SCREENSHOTS"):
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(900)
        page.screenshot(path=IMAGES / f"{name}.png")


def violations(page: api.Page) -> list[str]:
    """Return what axe-core finds on the page as it is shown, worst kinds only."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the test extra is not installed")
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in SERIOUS and one["id"] not in GRADIOS
    ]
