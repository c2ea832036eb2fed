"""The browser face, files: dropped one by one and by the folder, watched, read again, deleted; bases made and renamed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.base.status import FileLedger
from kb.app.base.upkeep import writing
from kb.app.i18n.texts import EN, ZH
from kb.app.ui.documents import _Files, table
from office_files import workbook
from ui_page import Open, api, ask, kb, picture, tab, unfold

pytest_plugins = ("ui_page",)

WATCH = """(place) => {
    window.seen = [];
    new MutationObserver(() => {
        const bar = place.querySelector('[role=progressbar]');
        if (bar) window.seen.push([bar.getAttribute('aria-label'), place.querySelector('.kb-files')?.innerText ?? '']);
    }).observe(place, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


def test_upload_ask_delete(visit: Open, address: str, tmp_path: Path) -> None:
    """Files are chosen, asked about, and deleted; a broken one says why; markup in one stays text."""
    nasty = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)> {{value}} ${1+1}"
    (tmp_path / "zebra.md").write_text(f"# Budget {nasty}\n\nThe zebra budget is 4711 dollars. {nasty}\n")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nonsense")
    page = visit(address)
    tab(page, 1)
    page.locator("#kb-progress").evaluate(WATCH)
    page.locator("#kb-files").set_input_files([tmp_path / "zebra.md", tmp_path / "broken.pdf"])
    report = page.locator(".kb-report")
    api.expect(report).to_contain_text("1 added")
    api.expect(report.locator(".kb-failed")).to_contain_text("broken.pdf")
    watched = page.evaluate("window.seen")
    assert any("Reading" in label and "zebra.md" in files for label, files in watched), watched
    row = page.locator(".kb-documents tbody tr").first
    api.expect(row).to_contain_text("broken.pdf")
    api.expect(row.locator(".kb-bad")).to_have_text("damaged")
    picture(page, "documents")
    tab(page, 0)
    answer = ask(page, "How many dollars is the zebra budget?")
    api.expect(answer).to_contain_text("4711")
    answer.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] blockquote")).to_contain_text(nasty)
    assert page.locator("#kb-sources img, #kb-sources script, #kb-chat img").count() == 0
    tab(page, 1)
    for name in ("zebra.md", "broken.pdf"):
        button = page.get_by_role("button", name=f"Delete {name}")
        button.click()
        api.expect(button).to_have_text("Sure?")
        button.click()
        api.expect(page.get_by_role("button", name=f"Delete {name}")).to_have_count(0)
    tab(page, 0)
    assert "4711" not in ask(page, "How many dollars is the zebra budget?").inner_text()


def test_an_upload_waits_its_turn(visit: Open, address: str, handbook_home: Path, tmp_path: Path) -> None:
    """While another process writes to the base, the page says that it waits; then the file is read."""
    (tmp_path / "numbat.md").write_text("# Numbats\n\nNumbats eat termites.\n")
    page = visit(address)
    tab(page, 1)
    with writing(handbook_home / "default"):
        page.locator("#kb-files").set_input_files(tmp_path / "numbat.md")
        api.expect(page.locator("#kb-progress")).to_contain_text("Something else is writing to this knowledge base")
    api.expect(page.locator(".kb-report")).to_contain_text("1 added")
    button = page.get_by_role("button", name="Delete numbat.md")
    button.click()
    button.click()
    api.expect(button).to_have_count(0)


def test_a_folder_is_dropped(visit: Open, address: str, handbook_home: Path, tmp_path: Path) -> None:
    """A folder keeps its shape, so that files of the same name stay two; hidden files are left out."""
    for place, words in (("a", "Quokkas sleep under fig trees."), ("a/b", "Quokkas drink at dawn.")):
        folder = tmp_path / "zoo" / place
        folder.mkdir(parents=True)
        (folder / "notes.md").write_text(f"# Quokkas in {place}\n\n{words}\n")
    (tmp_path / "zoo" / ".DS_Store").write_bytes(b"junk")
    page = visit(address)
    tab(page, 1)
    page.locator("#kb-folder").set_input_files(tmp_path / "zoo")
    api.expect(page.locator(".kb-report")).to_contain_text("2 added")
    uploads = handbook_home / "default" / "uploads"
    assert sorted(file.relative_to(uploads).as_posix() for file in uploads.rglob("*") if file.is_file()) == [
        "zoo/a/b/notes.md",
        "zoo/a/notes.md",
    ]
    page.locator("#kb-filter input, #kb-filter textarea").fill("zoo/a/")
    api.expect(page.locator(".kb-documents tbody tr")).to_have_count(2)
    for left in (1, 0):
        button = page.get_by_role("button", name="Delete notes.md").first
        button.click()
        button.click()
        api.expect(page.get_by_role("button", name="Delete notes.md")).to_have_count(left)
    assert [file for file in uploads.rglob("*") if file.is_file()] == []


def test_drag_and_drop(visit: Open, address: str) -> None:
    """Files that are dragged onto the page are taken as those that are chosen."""
    page = visit(address)
    tab(page, 1)
    page.locator("#kb-drop").evaluate(
        """(place) => {
            const data = new DataTransfer();
            data.items.add(new File(['# Okapis\\n\\nOkapis have striped legs.\\n'], 'okapi.md'));
            place.querySelector('.kb-zone').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
        }"""
    )
    api.expect(page.locator(".kb-report")).to_contain_text("1 added")
    button = page.get_by_role("button", name="Delete okapi.md")
    button.click()
    button.click()
    api.expect(button).to_have_count(0)


def test_a_failure_is_tried_again(visit: Open, address: str, tmp_path: Path, handbook_home: Path) -> None:
    """A file of one's own that failed is read again once it is mended; the ledger says how each page was read."""
    from fpdf import FPDF

    file = tmp_path / "report.pdf"
    file.write_bytes(b"%PDF-1.4 cut off")
    kb_ingest = ("ingest", str(file), "--home", str(handbook_home), "--embedder", "tfidf")
    with pytest.raises(Exception, match="The PDF is damaged"):
        kb(*kb_ingest)
    page = visit(address)
    tab(page, 1)
    pdf = FPDF()
    pdf.set_font("helvetica")
    for text in ("Pangolins roll up when they are afraid.", ""):
        pdf.add_page()
        pdf.cell(text=text) if text else None
    pdf.output(str(file))
    page.get_by_role("button", name="Read report.pdf again").click()
    api.expect(page.get_by_role("button", name="Read report.pdf again")).to_have_count(0)
    row = page.locator(".kb-documents tr", has_text="report.pdf")
    row.locator("summary").click()
    api.expect(row.locator(".kb-pages")).to_contain_text("2 pages · 1 without text")
    api.expect(row.locator(".kb-pages li").first).to_have_text("page 1 – text")
    api.expect(row.locator(".kb-pages li").nth(1)).to_contain_text("page 2 – empty")
    button = page.get_by_role("button", name="Delete report.pdf")
    button.click()
    button.click()
    api.expect(button).to_have_count(0)
    assert file.is_file()


@pytest.mark.slow
def test_an_image_shows_itself(visit: Open, address: str, tmp_path: Path) -> None:
    """A picture is read by OCR; its citation shows the picture, the words highlighted."""
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (900, 200), "white")
    ImageDraw.Draw(image).text((30, 60), "The wombat licence costs 250 euros.", "black", ImageFont.load_default(44))
    image.save(tmp_path / "licence.png")
    page = visit(address)
    tab(page, 1)
    page.locator("#kb-files").set_input_files(tmp_path / "licence.png")
    api.expect(page.locator(".kb-report")).to_contain_text("1 added", timeout=60_000)
    tab(page, 0)
    answer = ask(page, "How much does the wombat licence cost?")
    api.expect(answer).to_contain_text("250 euros")
    answer.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] img")).to_be_visible()
    assert page.locator(".kb-card[data-open=true] img").evaluate("(image) => image.naturalWidth") == 900
    box = page.locator(".kb-card[data-open=true] .kb-box").bounding_box()
    whole = page.locator(".kb-card[data-open=true] img").bounding_box()
    assert box
    assert whole
    assert whole["y"] + 0.2 * whole["height"] < box["y"] < whole["y"] + 0.4 * whole["height"]
    assert box["width"] > 0.7 * whole["width"]
    tab(page, 1)
    button = page.get_by_role("button", name="Delete licence.png")
    button.click()
    button.click()
    api.expect(button).to_have_count(0)


def test_make_rename_switch_and_delete_a_base(visit: Open, address: str, handbook_home: Path) -> None:
    """A base is made, is empty, gets another name, and is gone after a question whether that is meant."""
    page = visit(address)
    unfold(page, "kb-new-base-part")
    box = page.locator("#kb-new-base input, #kb-new-base textarea")
    box.fill("旅行")
    page.locator("#kb-create").click()
    tab(page, 0)
    api.expect(page.locator(".kb-welcome")).to_contain_text("This knowledge base is empty")
    assert (handbook_home / "旅行" / "catalog.sqlite").is_file()
    tab(page, 2)
    name = page.locator("#kb-base-name input, #kb-base-name textarea")
    api.expect(name).to_have_value("旅行")
    name.fill("旅行2025")
    page.locator("#kb-rename").click()
    api.expect(page.locator("#kb-base input")).to_have_value("旅行2025")
    assert not (handbook_home / "旅行").exists()
    page.locator("#kb-delete-base").click()
    api.expect(page.locator("#kb-delete-row")).to_contain_text("Delete “旅行2025” and its 0 documents?")
    page.locator("#kb-delete-yes").click()
    api.expect(page.locator("#kb-base input")).to_have_value("default")
    assert not (handbook_home / "旅行2025").exists()
    box.fill("../etc")
    page.locator("#kb-create").click()
    api.expect(page.locator("#kb-made-said")).to_contain_text("cannot name a knowledge base")


def test_several_bases_are_asked_together(visit: Open, address: str, handbook_home: Path, tmp_path: Path) -> None:
    """An answer from two bases names the base of each source, shows its passage from there, and is kept with the first."""
    file = tmp_path / "quoll.md"
    file.write_text("# Quolls\n\nThe quoll permit costs 77 dollars a year.\n")
    place = ("--home", str(handbook_home))
    kb("ingest", str(file), *place, "--name", "animals", "--embedder", "tfidf")
    page = visit(address)
    question = "How many dollars does the quoll permit cost a year?"
    assert "77 dollars" not in ask(page, question).inner_text()
    page.locator("#kb-also input").click()
    page.get_by_role("option", name="animals").click()
    page.locator("#kb-question textarea").click()
    answer = ask(page, question)
    api.expect(answer).to_contain_text("77 dollars")
    answer.locator(".kb-mark").first.click()
    card = page.locator(".kb-card[data-open=true]")
    api.expect(card.locator("small").first).to_contain_text("animals › Quolls")
    api.expect(card.locator("mark")).to_contain_text("The quoll permit costs 77 dollars a year.")
    answer.get_by_role("button", name="Why these sources?").click()
    api.expect(page.locator("#kb-sources h3").first).to_be_visible()
    api.expect(page.locator("#kb-sources")).to_contain_text("animals")
    answer.get_by_role("button", name="Good answer").click()
    page.reload()
    again = page.locator(".kb-answer").last
    api.expect(again).to_contain_text("77 dollars")
    again.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] mark")).to_contain_text("costs 77 dollars a year.")
    page.locator("#kb-base input").click()
    page.get_by_role("option", name="animals").click()
    tab(page, 2)
    page.locator("#kb-delete-base").click()
    page.locator("#kb-delete-yes").click()
    api.expect(page.locator("#kb-base input")).to_have_value("default")


def test_a_failed_file_stays_failed_while_others_are_read(tmp_path: Path) -> None:
    """Its end is told after its failure, and does not turn it into one that was read."""
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "yak.md").write_text("The yak weighs 612 kilograms.")
    files = _Files({str(tmp_path / name): name for name in ("empty.md", "yak.md")})
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as base:
        base.ingest([tmp_path / "empty.md", tmp_path / "yak.md"], progress=files.take)
    assert files.states == {"empty.md": "failed", "yak.md": "read"}


def test_the_table_can_be_drawn_while_files_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an ingest adds or removes between the two looks at the base is left out, or not, and is no error."""
    for name in ("yak.md", "gnu.md"):
        (tmp_path / name).write_text(f"The {name} weighs 612 kilograms.")
    ledger = KnowledgeBase.ledger

    def meanwhile(self: KnowledgeBase) -> tuple[FileLedger, ...]:
        self.ingest([tmp_path / "gnu.md"])
        found = ledger(self)
        self.remove([tmp_path / "yak.md"])
        return found

    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as base:
        base.ingest([tmp_path / "yak.md"])
        monkeypatch.setattr(KnowledgeBase, "ledger", meanwhile)
        shown = table(base, EN)
    assert "gnu.md" in shown
    assert "yak.md" not in shown


@pytest.mark.parametrize(("texts", "encoding"), [(EN, "encoding: gb18030"), (ZH, "编码：gb18030")])
def test_notes_of_a_document_are_said_in_words(tmp_path: Path, texts: Mapping[str, str], encoding: str) -> None:
    """What is struck out is shown so, without its marks, and an encoding is named as one."""
    (tmp_path / "meeting.txt").write_bytes("会议在三楼会议室举行，讨论动物园的预算。".encode("gb18030"))
    (tmp_path / "zoo.xlsx").write_bytes(workbook({"Now": {"A1": "open"}, "Old": {"A1": "shut"}}, hidden="Old"))
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as base:
        base.ingest([tmp_path / "meeting.txt", tmp_path / "zoo.xlsx"])
        shown = table(base, texts)
        notes = [note for row in base.ledger() for note in row.notes]
        assert texts["none_such"] in table(base, texts, "hippopotamus")
    assert encoding in shown
    assert any("~~" in note for note in notes)
    assert "~~" not in shown
    assert "<s>" in shown
