"""The browser face, all day: nothing blanks, the newest is in view, sources open, conversations go on, bases begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import served, slow_model
from kb.app.i18n.texts import EN, ZH
from ui_page import DESKTOP, PDF_QUESTION, PHONE, VIEWS, Open, api, ask, kb, picture, tab, unfold

pytest_plugins = ("ui_page",)

BOTTOMS = """() => {
    const turns = document.querySelectorAll('.kb-turn'), row = document.querySelector('#kb-ask-row');
    const last = turns[turns.length - 1].getBoundingClientRect(), ask = row.getBoundingClientRect();
    return [last.top, last.bottom, ask.top, ask.bottom, innerHeight];
}"""


def test_nothing_blanks(visit: Open, address: str) -> None:
    """Enter in an empty box, and a base dropdown that is opened and left, change neither conversation nor sources nor list."""
    page = visit(address)
    ask(page, PDF_QUESTION)
    for leave in (
        lambda: page.locator("#kb-question textarea").press("Enter"),
        lambda: page.locator("#kb-send").click(),
    ):
        leave()
        page.wait_for_timeout(500)
    page.locator("#kb-base input").click()
    page.locator("#kb-brand").click()
    page.wait_for_timeout(800)
    assert page.locator(".kb-turn").count() == 1
    assert page.locator(".kb-card").count() >= 1
    assert page.locator(".kb-session[aria-current]").count() == 1


EXIT_CODES = (
    "Exit code 4 means that nothing was found for the question. [1] Exit code 0 means that the command is done. [1] "
    "Exit code 1 means that the command failed, or that kb replay got another answer. [1] Exit code 2 means that the command "
    "was used wrongly, for example with a path or a model that does not exist. [1] Exit code 5 means that the ingest is done "
    "but some files failed. [1] Exit code 130 means that the command was interrupted with Ctrl-C. [1]"
)


@pytest.fixture(scope="module")
def writing(handbook_home: Path) -> Iterator[str]:
    """Where a ``kb ui`` listens whose model writes six sentences of the handbook, in ten seconds."""
    with slow_model(text=EXIT_CODES) as (llm, _), served("ui", handbook_home, "--no-browser", "--llm", llm) as address:
        yield address


def begin(page: api.Page) -> None:
    """Ask, and see the answer begin."""
    turns = page.locator(".kb-turn").count()
    page.locator("#kb-question textarea").fill("What do exit codes 0, 1, 2, 4, 5 and 130 mean?")
    page.locator("#kb-question textarea").press("Enter")
    api.expect(page.locator(".kb-turn")).to_have_count(turns + 1)
    api.expect(page.locator(".kb-turn").last.locator(".kb-text")).to_contain_text("Exit code 4")


def choose(page: api.Page, spec: str) -> None:
    """Let another model write, and go back to the conversation."""
    tab(page, 2)
    page.locator("#kb-model input").fill(spec)
    page.locator("#kb-model input").press("Enter")
    api.expect(page.locator("#kb-model-said")).to_contain_text("Answers are")
    tab(page, 0)


@pytest.mark.xfail(
    strict=False,
    reason="a known fault: in about one of five times the view of the answer stands still until it is opened again, since the "
    "dropdown fires twice and the second event cancels what the first one had go on",
)
def test_a_base_dropdown_that_is_left_stops_no_answer(visit: Open, writing: str) -> None:
    """Opened and left while an answer is written, the answer goes on being shown."""
    page = visit(writing)
    begin(page)
    page.locator("#kb-base input").click()
    page.locator("#kb-brand").click()
    assert "Exit code 5" not in page.locator(".kb-text").inner_text()
    api.expect(page.locator(".kb-answer:has(footer)")).to_contain_text("Exit code 130")
    api.expect(page.locator(".kb-turn")).to_have_count(1)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_newest_answer_is_in_view_while_it_is_written(visit: Open, writing: str, size: tuple[int, int]) -> None:
    """In the fourth turn too: its end is above the composer whenever one looks, or its question is at the top."""
    page = visit(writing, size=size)
    tab(page, 2)
    spec = page.locator("#kb-model input").input_value()
    choose(page, "extractive")
    for question in ("What does exit code 5 mean?", "How do I delete a document?", "Does kb upload my files?"):
        ask(page, question)
    choose(page, spec)
    begin(page)
    hidden = []
    while page.locator(".kb-turn").last.locator("footer").count() == 0:
        page.wait_for_timeout(300)
        top, bottom, composer, *_ = page.evaluate(BOTTOMS)
        hidden.append(bottom > composer + 1 and top > 120)
    assert len(hidden) > 3
    # Between the words and the scrolling to them there may be a look, on a busy machine two.
    assert not any(map(all, zip(hidden, hidden[1:], hidden[2:], strict=False))), hidden


@pytest.mark.parametrize(("locale", "size"), VIEWS)
def test_the_newest_answer_is_in_view(visit: Open, address: str, locale: str, size: tuple[int, int]) -> None:
    """From the first turn to the fifth, what is new ends above the composer, which is at the bottom of the window."""
    page = visit(address, locale, size=size)
    for question in (
        "What does exit code 5 mean?",
        "How do I delete a document?",
        "Does kb upload my files?",
        PDF_QUESTION,
    ):
        ask(page, question)
        page.wait_for_timeout(300)
        top, bottom, composer, end, height = page.evaluate(BOTTOMS)
        assert bottom <= composer + 1 or top <= 120, (question, top, bottom, composer)
        assert height - 100 < end <= height
    assert (
        float(page.locator("#kb-question textarea").evaluate("(box) => parseFloat(getComputedStyle(box).fontSize)"))
        >= 16
        or size != PHONE
    )


ALONE = """() => [...document.querySelectorAll('.kb-sentence')].filter((sentence) => {
    const mark = sentence.nextElementSibling?.querySelector('.kb-mark');
    const lines = sentence.getClientRects(), last = lines[lines.length - 1];
    return mark && mark.getBoundingClientRect().top > last.bottom;
}).length"""


def test_a_mark_is_never_alone_on_a_line(visit: Open, address: str) -> None:
    """However wide the window is, the number behind a sentence is beside its last word."""
    page = visit(address, size=PHONE)
    ask(page, "How do I delete a document?")
    ask(page, PDF_QUESTION)
    assert page.locator(".kb-sentence + .kb-held .kb-mark").count() >= 2
    for width in range(340, 620, 4):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(ALONE) == 0, width


def test_a_source_opens_as_the_whole_document(visit: Open, address: str) -> None:
    """From a citation to its page and the next one, to the text at the quote, and back; and from the list of documents."""
    page = visit(address)
    answer = ask(page, PDF_QUESTION)
    answer.locator(".kb-mark").first.click()
    opens = page.locator(".kb-card[data-open=true]").get_by_role("button", name="Open the document")
    opens.click()
    dialog = page.get_by_role("dialog", name="command-reference.pdf")
    api.expect(dialog.get_by_text("Page 2 of")).to_be_visible()
    api.expect(dialog.locator(".kb-box").first).to_be_in_viewport()
    picture(page, "document")
    dialog.get_by_role("button", name="Previous page").click()
    api.expect(dialog.get_by_text("Page 1 of")).to_be_visible()
    dialog.get_by_role("button", name="As text").click()
    api.expect(dialog.locator("mark").first).to_be_in_viewport()
    page.keyboard.press("Escape")
    api.expect(page.locator("dialog[open]")).to_have_count(0)
    api.expect(opens).to_be_focused()
    tab(page, 1)
    page.locator(".kb-opens", has_text="models.docx").click()
    api.expect(page.get_by_role("dialog", name="models.docx")).to_contain_text("GGUF")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Size").click()
    sizes = page.locator(".kb-documents tbody tr td:nth-child(3)")
    api.expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Size")
    assert sizes.first.inner_text() != ""


@pytest.mark.parametrize(("locale", "texts"), [("en-US", EN), ("zh-CN", ZH)], ids=["en", "zh"])
def test_what_is_suggested_is_answered(visit: Open, address: str, locale: str, texts: dict[str, str]) -> None:
    """Each suggestion is a question that kb answers surely, in the language of the reader."""
    page = visit(address, locale)
    examples = page.locator("#kb-tries .kb-example")
    api.expect(examples.first).to_be_visible()
    page.wait_for_timeout(1500)
    for question in examples.all_inner_texts()[:2]:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in question) is (texts is ZH)
        assert (ask(page, question).get_attribute("class") or "").strip() == "kb-answer", question


@pytest.mark.slow
def test_a_page_that_is_left_open_does_not_grow(visit: Open, address: str) -> None:
    """Conversation after conversation, what the browser holds stays as it was: elements, listeners, memory."""
    page = visit(address)
    chromium = page.context.new_cdp_session(page)
    chromium.send("Performance.enable")
    seen = []
    for _ in range(6):
        for question in ("What does exit code 5 mean?", PDF_QUESTION, "Who won the football world cup in Mongolia?"):
            ask(page, question).get_by_role("button", name=EN["why"]).click()
            page.locator(".kb-why").wait_for()  # wait_for_selector keeps what it returns alive
        page.locator("#kb-new-chat").click()
        page.locator(".kb-welcome").wait_for()
        page.wait_for_timeout(1_000)
        chromium.send("HeapProfiler.collectGarbage")
        metrics = {one["name"]: one["value"] for one in chromium.send("Performance.getMetrics")["metrics"]}
        # A conversation's line in the side bar stays, for it can be opened again.
        seen.append([metrics[name] for name in ("Nodes", "JSEventListeners", "JSHeapUsedSize")])
    (nodes, listeners, heap), (nodes_later, listeners_later, heap_later) = seen[2], seen[-1]
    assert nodes_later <= nodes * 1.1 + 200, seen
    assert listeners_later <= listeners * 1.1 + 50, seen
    assert heap_later <= heap * 1.15, seen


def test_an_answer_goes_on_without_the_page(visit: Open, handbook_home: Path) -> None:
    """Reloaded in mid-answer, the page shows question and answer, which goes on; stopped, it stays as it was stopped."""
    with slow_model() as (llm, hung_up), served("ui", handbook_home, "--no-browser", "--llm", llm) as address:
        page = visit(address)
        page.locator("#kb-question textarea").fill(PDF_QUESTION)
        page.locator("#kb-send").click()
        api.expect(page.locator(".kb-text")).to_contain_text("Exit code 4 means")
        place = page.url
        assert "&c=" in place
        page.reload()
        api.expect(page.locator(".kb-question")).to_contain_text(PDF_QUESTION)
        api.expect(page.locator(".kb-text")).to_contain_text("Exit code 4 means")
        assert not hung_up.is_set()
        page.locator("#kb-stop").click()
        api.expect(page.locator(".kb-wait")).to_have_text("Stopped.")
        assert hung_up.wait(10)
        page.goto(place)
        api.expect(page.locator(".kb-wait")).to_have_text("Stopped.")
        api.expect(page.locator("#kb-send")).to_be_visible()
        page.locator("#kb-new-chat").click()
        page.wait_for_selector(".kb-welcome")
        page.reload()
        page.wait_for_selector(".kb-welcome")
    with served("ui", handbook_home, "--no-browser") as address:  # another process, on another port
        page = visit(address, wait="#kb-question")
        page.goto(f"{address}?{place.partition('?')[2]}")
        api.expect(page.locator(".kb-text")).to_contain_text("Exit code 4 means")
        api.expect(page.locator(".kb-wait")).to_have_text("Stopped.")
        api.expect(page.locator("#kb-send")).to_be_visible()
        page.get_by_role("button", name="Ask again").click()
        api.expect(page.locator(".kb-wait")).to_have_count(0)
        api.expect(page.locator(".kb-answer:has(footer)")).to_contain_text("Exit code 4 means")
        page.reload()
        api.expect(page.locator(".kb-turn")).to_have_count(1)


def test_the_last_conversation_is_reopened_wherever_it_was(visit: Open, tmp_path: Path) -> None:
    """Who comes back without an address finds the base and the conversation that this browser showed last."""
    home = tmp_path / "home"
    for name, text in (("default", "Zebras have 44 stripes."), ("Zoo 动物园", "Okapis have striped legs.")):
        (tmp_path / "note.md").write_text(text)
        kb("ingest", str(tmp_path / "note.md"), "--home", str(home), "--name", name, "--embedder", "tfidf")
    with served("ui", home, "--no-browser") as address:
        page = visit(address)
        ask(page, "How many stripes do zebras have?")
        page.locator("#kb-base input").click()
        page.get_by_role("option", name="Zoo 动物园").click()
        page.wait_for_selector(".kb-welcome")
        ask(page, "Which animals have striped legs?")
        page.goto("about:blank")
        page.goto(address)
        api.expect(page.locator(".kb-question")).to_contain_text("striped legs")
        api.expect(page.locator("#kb-base input")).to_have_value("Zoo 动物园")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[str]:
    """Where a ``kb ui`` without any base listens."""
    with served("ui", tmp_path / "home", "--no-browser") as address:
        yield address


def test_a_large_folder_shows_how_far_it_is_and_what_changed(visit: Open, fresh: str, tmp_path: Path) -> None:
    """Followed for the first time it is read for seconds: the page says how far, then the result, and later changes itself."""
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    for number in range(1500):
        (zoo / f"{number}.md").write_text(f"# Animal {number}\n\n" + f"Animal {number} has {number} stripes.\n\n" * 30)
    page = visit(fresh)
    tab(page, 1)
    page.locator("#kb-folder-path input, #kb-folder-path textarea").fill(str(zoo))
    page.locator("#kb-follow").click()
    api.expect(page.locator(".kb-folders")).to_contain_text("/1500")
    api.expect(page.locator(".kb-folders")).to_contain_text("1500 added", timeout=60_000)
    (zoo / "okapi.md").write_text("# Okapis\n\nOkapis have striped legs.\n")
    api.expect(page.locator(".kb-folders")).to_contain_text("1 added", timeout=60_000)
    tab(page, 0)
    api.expect(page.locator(".kb-add")).not_to_be_visible()  # the base is not empty any more
    api.expect(page.locator("#kb-tries .kb-example").first).to_be_visible()


def test_a_base_begins(visit: Open, fresh: str, tmp_path: Path) -> None:
    """An empty base leads to its files; a folder is followed with what changes in it; another base is made beside it."""
    zoo = tmp_path / "Zoo 动物园"
    zoo.mkdir()
    (zoo / "zebra.md").write_text("# Zebras\n\nZebras have 44 stripes on each side.\n")
    page = visit(fresh)
    picture(page, "empty")
    page.get_by_role("button", name="Add files or a folder").click()
    api.expect(page.get_by_role("button", name="Choose files")).to_be_focused()
    page.locator("#kb-folder-path input, #kb-folder-path textarea").fill(str(zoo))
    page.locator("#kb-follow").click()
    api.expect(page.locator(".kb-folders")).to_contain_text("1 added")
    api.expect(page.locator(".kb-documents tbody tr")).to_have_count(1)
    (zoo / "okapi.md").write_text("# Okapis\n\nOkapis have striped legs.\n")
    tab(page, 0)
    unfold(page, "kb-new-base-part")
    page.locator("#kb-new-base input, #kb-new-base textarea").fill("My files 报告")
    page.locator("#kb-create").click()
    api.expect(page.locator("#kb-base input")).to_have_value("My files 报告")
    api.expect(page.locator(".kb-add")).to_be_visible()
    page.locator("#kb-base input").click()
    page.get_by_role("option", name="default").click()
    api.expect(page.locator(".kb-add")).to_have_count(0)
    api.expect(ask(page, "Which animals have striped legs?")).to_contain_text("Okapis have striped legs")
    tab(page, 1)
    page.get_by_role("button", name="Stop following").click()
    page.get_by_role("button", name="Sure?").click()
    api.expect(page.locator(".kb-folders")).to_have_count(0)
