"""The browser face, what is kept: conversations in the side bar, feedback, and what ``kb log`` and ``kb chat`` say of them."""

from __future__ import annotations

import json
from pathlib import Path

from browser import served
from ui_page import EXIT_4, PDF_QUESTION, ROOT, Open, api, ask, kb

pytest_plugins = ("ui_page",)


def test_conversations_are_kept(visit: Open, address: str, handbook_home: Path) -> None:
    """They are listed, opened again after a reload, gone on with, renamed, and deleted after a question."""
    page = visit(address)
    rows = page.locator(".kb-sessions li")
    question = "How do I use kb on a phone?"
    ask(page, question)
    api.expect(page.locator(".kb-session[aria-current]")).to_contain_text(question)
    before = rows.count()
    page.locator("#kb-new-chat").click()
    api.expect(page.locator(".kb-welcome")).to_be_visible()
    api.expect(page.locator(".kb-session[aria-current]")).to_have_count(0)
    page.reload()
    page.wait_for_selector(".kb-welcome")
    page.get_by_title(question, exact=True).click()
    api.expect(page.locator(".kb-turn")).to_have_count(1)
    api.expect(page.locator(".kb-question")).to_contain_text(question)
    ask(page, PDF_QUESTION).locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] img")).to_be_visible()
    assert rows.count() == before
    page.get_by_role("button", name=f"Rename: {question}").click()
    page.get_by_role("textbox", name="Title of the conversation").fill("Phones <b>&")
    page.keyboard.press("Enter")
    api.expect(page.locator(".kb-session[aria-current]")).to_contain_text("Phones <b>&")
    listed = kb("chat", "--list", "--home", str(handbook_home))
    assert "2 turns  Phones <b>&" in listed
    drop = page.get_by_role("button", name="Delete: Phones")
    drop.click()
    api.expect(drop).to_have_text("Sure?")
    drop.click()
    api.expect(rows).to_have_count(before - 1) if before > 1 else api.expect(rows).to_have_count(0)
    api.expect(page.locator(".kb-welcome")).to_be_visible()
    assert "Phones" not in kb("chat", "--list", "--home", str(handbook_home))


def test_a_conversation_is_saved(visit: Open, address: str) -> None:
    """As Markdown, with the quotes of each answer, and as JSON, as ``kb chat --export`` prints them; an empty one is not."""
    page = visit(address)
    page.locator("#kb-save-md").click()
    api.expect(page.locator("#kb-said")).to_contain_text("There is nothing to save")
    ask(page, PDF_QUESTION)
    saved = {}
    for form in ("md", "json"):
        with page.expect_download() as waiting:
            page.locator(f"#kb-save-{form}").click()
        assert waiting.value.suggested_filename.endswith(f".{form}")
        saved[form] = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert saved["md"].startswith(f"# {PDF_QUESTION}\n")
    assert "command-reference.pdf, p. 2" in saved["md"]
    assert EXIT_4 in saved["md"]
    (record,) = json.loads(saved["json"])
    assert record["asked"]["said"] == PDF_QUESTION
    assert record["answer"]["sentences"][0]["citations"][0]["page"] == 2


def test_feedback_is_attached_to_the_logged_answer(visit: Open, address: str, handbook_home: Path) -> None:
    """A thumb and a comment are in ``kb log``, are there when the conversation is opened again, and can be taken back."""
    page = visit(address)
    question = "Which exit code means that the ingest is done but some files failed?"
    answer = ask(page, question)
    down = answer.get_by_role("button", name="Bad answer")
    down.click()
    api.expect(down).to_have_attribute("aria-pressed", "true")
    answer.locator("textarea").fill("Name the <command> too")
    answer.get_by_role("button", name="Save").click()
    api.expect(answer.locator(".kb-comment")).to_have_text("Name the <command> too")
    (record,) = logged(handbook_home, question)
    assert (record["feedback"], record["comment"]) == ("down", "Name the <command> too")
    assert "Name the <command> too" in kb("log", str(record["id"]), "--home", str(handbook_home))
    page.reload()
    api.expect(down).to_have_attribute("aria-pressed", "true")
    api.expect(answer.locator(".kb-comment")).to_have_text("Name the <command> too")
    down.click()
    api.expect(down).to_have_attribute("aria-pressed", "false")
    (record,) = logged(handbook_home, question)
    assert (record["feedback"], record["comment"]) == ("", "")


def logged(home: Path, question: str) -> list[dict[str, object]]:
    """Return the records of a question."""
    records = json.loads(kb("log", "--json", "--limit", "100", "--home", str(home)))
    return [record for record in records if record["asked"]["said"] == question]


def test_conversations_of_others_are_not_shown(visit: Open, tmp_path: Path) -> None:
    """On a server with tokens, a conversation is shown in the browser that began it, and to admins."""
    home = tmp_path / "home"
    kb("ingest", str(ROOT / "knowledge_base" / "en" / "models.docx"), "--home", str(home), "--embedder", "tfidf")
    tokens = [kb("token", "add", "--role", role, "--home", str(home)).strip() for role in ("write", "write", "admin")]
    question = "What is a GGUF file?"
    with served("serve", home) as address:
        pages = [sign_in(visit, address, token) for token in tokens]
        ask(pages[0], question)
        mine = pages[0].get_by_title(question, exact=True)
        api.expect(mine).to_be_visible()
        for page in pages:
            page.reload()
            page.wait_for_selector(".kb-sessions, #kb-sessions .kb-none")
        api.expect(mine).to_be_visible()
        api.expect(pages[1].locator("#kb-sessions")).to_contain_text("No conversation yet.")
        api.expect(pages[2].get_by_title(question, exact=True)).to_be_visible()


def sign_in(visit: Open, address: str, token: str) -> api.Page:
    """Open the page of a server with tokens."""
    page = visit(address, wait="#token")
    page.locator("#token").fill(token)
    page.locator("button").click()
    page.wait_for_selector(".kb-welcome")
    return page
