"""The browser face, reading: sheets, slides, chapters and pages in the dialog, in both languages and at both sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from browser import served
from kb.app.i18n.texts import EN, ZH
from office_files import book, presentation, workbook
from ui_page import PHONE, VIEWS, Open, api, ask, kb, tab, violations

pytest_plugins = ("ui_page",)

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en-US": EN, "zh-CN": ZH}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a ``kb ui`` listens whose base holds a workbook, a presentation, a book and a PDF."""
    from fpdf import FPDF
    from PIL import Image

    folder, home = tmp_path_factory.mktemp("zoo"), tmp_path_factory.mktemp("zoo-home") / "home"
    Image.new("RGB", (320, 200), "red").save(folder / "red.png")
    picture = (folder / "red.png").read_bytes()
    (folder / "red.png").unlink()
    animals = ("zebra", "okapi", "gnu", "quokka", "numbat", "wombat", "tapir", "yak", "ibex", "kudu")
    cells = {"A1": "Animal", "B1": "Weight in kilograms", "D1": "Keeper"}
    for row in range(2, 202):
        name = f"{animals[row % 10]} {row}"
        cells |= {f"A{row}": name, f"B{row}": str(1000 + row), f"D{row}": "Okafor"}
    sheets = {"Animals": cells, "Staff": {"A1": "Keeper", "B1": "Shift", "A2": "Okafor", "B2": "late"}}
    (folder / "animals.xlsx").write_bytes(workbook(sheets))
    slides = [
        ("Visitors", "The zoo had 91234 visitors.", b""),
        ("Giraffes", "The giraffe house opens in May.", picture),
    ]
    (folder / "year.pptx").write_bytes(presentation(slides))
    chapters = [
        ("The storm", "A storm broke the aviary. " * 60),
        ("The escape", "The lemur Anton escaped by the chimney."),
    ]
    (folder / "novel.epub").write_bytes(book("Zoo stories", chapters))
    pdf = FPDF()
    pdf.set_font("helvetica")
    for text in ("The pangolin permit costs 4711 euros a year.", "The second page is about tapirs."):
        pdf.add_page()
        pdf.set_y(200)
        pdf.cell(text=text)
    pdf.output(str(folder / "permit.pdf"))
    kb("ingest", str(folder), "--home", str(home), "--embedder", "tfidf")
    with served("ui", home, "--no-browser") as address:
        yield address


def opened(page: api.Page, question: str, texts: Mapping[str, str]) -> api.Locator:
    """Ask, click the first mark, and open its document; return the dialog."""
    ask(page, question).locator(".kb-mark").first.click()
    page.locator(".kb-card[data-open=true]").get_by_role("button", name=texts["open"]).click()
    dialog = page.locator("dialog[open]")
    api.expect(dialog).to_be_visible()
    return dialog


def turn(dialog: api.Locator, texts: Mapping[str, str], way: str) -> None:
    """Press a button of the dialog by the words that a screen reader says."""
    dialog.get_by_role("button", name=texts[way].strip("‹› ")).click()


@pytest.mark.parametrize(("locale", "size"), VIEWS)
def test_a_source_is_shown_as_what_it_is(visit: Open, zoo: str, locale: str, size: tuple[int, int]) -> None:
    """A sheet with its letters and numbers, a slide with its picture, a chapter by name; each leads to the next one."""
    page, texts = visit(zoo, locale, size=size), LANGUAGES[locale]
    dialog = opened(page, "What is the weight in kilograms of the numbat 164?", texts)
    api.expect(page.locator(".kb-card[data-open=true] .kb-source small")).to_contain_text("A164:D164")
    row = dialog.locator(".kb-grid tr", has=page.locator("mark")).first
    api.expect(row.locator("th")).to_have_text("164")
    api.expect(row.locator("mark").first).to_be_in_viewport()
    api.expect(dialog.locator(".kb-grid thead")).to_contain_text("ABCD")
    api.expect(dialog.locator(".kb-grid thead th").first).to_be_in_viewport()  # it stays when rows are scrolled
    assert violations(page) == []
    turn(dialog, texts, "sheet_next")
    api.expect(dialog.get_by_role("status")).to_have_text(f"{texts['sheet_of'].format(n=2, total=2)} Staff")
    api.expect(dialog.locator(".kb-grid td", has_text="late")).to_be_visible()
    page.keyboard.press("Escape")
    api.expect(page.locator("dialog[open]")).to_have_count(0)
    dialog = opened(page, "When does the giraffe house open?", texts)
    api.expect(dialog.get_by_role("status")).to_have_text(f"{texts['slide_of'].format(n=2, total=2)} Giraffes")
    api.expect(dialog.locator(".kb-slide mark")).to_be_in_viewport()
    picture = dialog.get_by_role("img", name=texts["slide_picture"].format(n=2, name="year.pptx"))
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 320
    turn(dialog, texts, "slide_before")
    api.expect(dialog.locator(".kb-slide")).to_contain_text("91234 visitors")
    page.keyboard.press("Escape")
    dialog = opened(page, "How did the lemur Anton escape?", texts)
    api.expect(dialog.get_by_role("status")).to_have_text(f"{texts['chapter_of'].format(n=2, total=2)} The escape")
    turn(dialog, texts, "chapter_before")
    api.expect(dialog.get_by_role("status")).to_contain_text("The storm")
    assert "lemur" not in dialog.locator(".kb-document").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("locale", "size"), VIEWS)
def test_a_page_is_enlarged_at_its_quote(visit: Open, zoo: str, locale: str, size: tuple[int, int]) -> None:
    """By button, key and click; the quote stays marked where it is and in view, and the page fits again afterwards."""
    page, texts = visit(zoo, locale, size=size), LANGUAGES[locale]
    dialog = opened(page, "How many euros does the pangolin permit cost?", texts)
    image, box, view = (dialog.locator(name).first for name in ("figure img", ".kb-box", ".kb-document"))
    api.expect(box).to_be_in_viewport()
    width = image.bounding_box()["width"]
    assert width <= size[0]
    share = place_in(box, image)
    dialog.get_by_role("button", name=texts["zoom_in"]).click()
    assert image.bounding_box()["width"] == pytest.approx(1.5 * width, rel=0.01)
    page.keyboard.press("+")
    assert image.bounding_box()["width"] == pytest.approx(2 * width, rel=0.01)
    api.expect(box).to_be_in_viewport()
    assert place_in(box, image) == pytest.approx(share, abs=0.01)
    page.keyboard.press("0")
    assert image.bounding_box()["width"] == pytest.approx(width, rel=0.01)
    view.evaluate("(view) => view.scrollTo(0, 0)")
    image.click(position={"x": width / 4, "y": 60})
    assert image.bounding_box()["width"] == pytest.approx(2 * width, rel=0.01)
    image.click(position={"x": width / 4, "y": 60})
    api.expect(dialog.get_by_role("button", name=texts["zoom_out"])).to_be_disabled()
    if size != PHONE:
        page.keyboard.press("ArrowRight")
        api.expect(dialog.get_by_role("status")).to_have_text(texts["page_of"].format(n=2, total=2))
        page.keyboard.press("ArrowLeft")
    turn(dialog, texts, "page_next")
    api.expect(dialog.get_by_role("status")).to_have_text(texts["page_of"].format(n=2, total=2))
    before = dialog.get_by_role("button", name=texts["page_before"].strip("‹ "))
    before.focus()
    page.keyboard.press("Enter")  # the dialog is made anew, and what was pressed has the focus, not what closes it
    api.expect(dialog.get_by_role("status")).to_have_text(texts["page_of"].format(n=1, total=2))
    api.expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.hasAttribute('data-close')") is False


def place_in(box: api.Locator, image: api.Locator) -> tuple[float, float]:
    """Return where a box is on an image, as shares of its sides."""
    inner, outer = box.bounding_box(), image.bounding_box()
    return (inner["x"] - outer["x"]) / outer["width"], (inner["y"] - outer["y"]) / outer["height"]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_list_of_documents_says_what_is_in_them(visit: Open, zoo: str, locale: str) -> None:
    """Sheets, slides and pages are called so; the list is sorted and searched; a document opens from it."""
    page, texts = visit(zoo, locale), LANGUAGES[locale]
    tab(page, 1)
    for name, unit, n in (("animals.xlsx", "sheets", 2), ("year.pptx", "slides", 2), ("permit.pdf", "pages", 2)):
        row = page.locator(".kb-documents tr", has_text=name)
        api.expect(row.locator("summary")).to_have_text(texts[unit].format(n=n))
    row.locator("summary").click()
    api.expect(row.locator(".kb-pages li").first).to_contain_text(texts["page_range"].format(first=1, last=2))
    names = page.locator(".kb-documents .kb-opens")
    page.locator(".kb-sort[data-by=size]").click()
    api.expect(page.locator(".kb-documents th[aria-sort=ascending]")).to_contain_text(texts["size"])
    first = names.all_inner_texts()
    page.locator(".kb-sort[data-by=size]").click()
    api.expect(page.locator(".kb-documents th[aria-sort=descending]")).to_contain_text(texts["size"])
    assert names.all_inner_texts() == first[::-1]
    page.locator("#kb-filter input, #kb-filter textarea").fill("hippopotamus")
    api.expect(page.locator("#kb-documents")).to_contain_text(texts["none_such"])
    page.locator("#kb-filter input, #kb-filter textarea").fill("novel")
    api.expect(names).to_have_text(["novel.epub"])
    names.click()
    api.expect(page.locator("dialog[open]").get_by_role("status")).to_contain_text("The storm")
