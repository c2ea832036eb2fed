"""The browser face from the first file to the last click, in English and in Chinese, as a person would go through it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from browser import served, slow_model
from kb.app.i18n.texts import EN, ZH
from numpy.typing import NDArray
from ui_page import IMAGES, ROOT, Open, api, ask, kb, tab, unfold

pytest_plugins = ("ui_page",)

Image = pytest.importorskip("PIL.Image", reason="the ui extra is not installed")

TOLERANCE = 0.01
"""Share of the pixels that may differ visibly: other versions of Chromium and pdfium smooth letters otherwise."""
VISIBLY = 60
"""Of 255."""
SIZE_TOLERANCE = 4
"""Pixels: a scroll bar is not as wide everywhere."""
ALIKE = 0.85
"""Of the marked places, that are marked in both pictures."""
SETTLES = 8
"""Looks, half a second apart, until a picture is as it should be."""


@dataclass(frozen=True)
class Story:
    """What a person does, in one language."""

    locale: str
    texts: Mapping[str, str]
    folder: str
    pdf: str
    docx: str
    pdf_question: str
    pdf_answer: str
    page: int
    docx_question: str
    docx_answer: str
    written: str
    """By a slow model."""


STORIES = (
    Story(
        "en-US", EN, "en", "machine.pdf", "models.docx",
        "Which exit code means that nothing was found?", "Exit code 4", 2,
        "What is a GGUF file?", "a quantized model in one file", "Exit code 4 means",
    ),
    Story(
        "zh-CN", ZH, "zh", "机器.pdf", "选择模型.docx",
        "哪个退出码表示没有找到答案？", "退出码四", 2,
        "没有配置模型时 kb 怎样回答？", "引用能回答问题的句子", "退出码四表示",
    ),
)  # fmt: skip
PAGES = {
    "en": (
        ("The machine", "This manual says how the machine is used.", "It has a lamp and a bell."),
        ("Exit codes", "Exit code 0 means that all went well.", "Exit code 4 means that nothing was found.",
         "Exit code 130 means that someone pressed a key."),
    ),
    "zh": (
        ("机器", "本手册说明机器的用法。", "机器有一盏灯和一个铃。"),
        ("退出码", "退出码零表示一切顺利。", "退出码四表示没有找到答案。", "退出码一百三十表示有人按了键。"),
    ),
}  # fmt: skip
"""Of the PDF: a page of its own, for the handbook's changes with every release, and its picture would."""


def write_pdf(path: Path, language: str) -> Path:
    """Write the PDF of a language."""
    from fpdf import FPDF

    pdf = FPDF()
    font = "helvetica"
    if language == "zh":
        package = pytest.importorskip("pylopdf_fonts_zh_cn", reason="the test extra is not installed")
        font = "noto"
        pdf.add_font(font, fname=Path(package.__file__).with_name("NotoSansSC-Regular.otf"))
    for heading, *lines in PAGES[language]:
        pdf.add_page()
        for line, size in ((heading, 24), *((line, 14) for line in lines)):
            pdf.set_font(font, size=size)
            pdf.multi_cell(0, 16, line, new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))
    return path


@pytest.fixture
def empty_home(tmp_path: Path) -> Path:
    """A home without bases."""
    return tmp_path / "home"


@pytest.fixture
def fresh(empty_home: Path) -> Iterator[str]:
    """Where a ``kb ui`` of that home listens."""
    with served("ui", empty_home, "--no-browser") as address:
        yield address


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES, ids=["en", "zh"])
def test_from_the_first_file_to_the_last_click(
    visit: Open, fresh: str, empty_home: Path, tmp_path: Path, story: Story
) -> None:
    """Upload a PDF and a docx, watch, ask, see the highlighted page, stop, switch base, judge, delete, reload."""
    page = visit(fresh, story.locale)
    api.expect(page.locator(".kb-welcome")).to_contain_text(story.texts["welcome_empty"])
    upload_and_watch(page, story, write_pdf(tmp_path / story.pdf, story.folder))
    ask_and_look(page, story)
    judge(page, story, empty_home)
    stop(page, story)
    switch(page, story)
    reload_and_delete(page, story)
    assert kb("list", "--home", str(empty_home)).count("\n") == 1


def upload_and_watch(page: api.Page, story: Story, pdf: Path) -> None:
    """Choose two files, and see each of them in the progress."""
    texts = story.texts
    tab(page, 1)
    page.locator("#kb-progress").evaluate(
        """(place) => { window.seen = []; new MutationObserver(() => {
            const files = place.querySelector('.kb-files'); if (files) window.seen.push(files.innerText);
        }).observe(place, { subtree: true, childList: true, characterData: true }); }"""
    )
    page.locator("#kb-files").set_input_files([pdf, ROOT / "knowledge_base" / story.folder / story.docx])
    api.expect(page.locator(".kb-report")).to_contain_text(texts["done"].split("{s}")[0].strip())
    api.expect(page.locator(".kb-documents tbody tr")).to_have_count(2)
    watched = page.evaluate("window.seen")
    assert any(story.pdf in files for files in watched), watched


def ask_and_look(page: api.Page, story: Story) -> None:
    """Ask about the PDF, and see its page with the quote highlighted."""
    tab(page, 0)
    page.locator("#kb-new-chat").click()
    page.wait_for_selector(".kb-welcome")
    page.wait_for_timeout(500)
    answer = ask(page, story.pdf_question)
    api.expect(answer).to_contain_text(story.pdf_answer)
    answer.locator(".kb-mark").first.click()
    card = page.locator(".kb-card[data-open=true]")
    api.expect(card.locator("b").first).to_have_text(story.pdf)
    api.expect(card.locator("small").first).to_contain_text(story.texts["page"].format(n=story.page))
    api.expect(card.locator(".kb-box").first).to_be_visible()
    compare(card.locator("figure"), f"highlighted-{story.folder}")


def judge(page: api.Page, story: Story, home: Path) -> None:
    """Ask about the docx, and say that the answer is good."""
    texts = story.texts
    second = ask(page, story.docx_question)
    api.expect(second).to_contain_text(story.docx_answer)
    second.locator(".kb-mark").first.click()
    api.expect(page.locator(".kb-card[data-open=true] b").first).to_have_text(story.docx)
    second.get_by_role("button", name=texts["up"]).click()
    second.locator("textarea").fill("👍 " + story.docx)
    second.get_by_role("button", name=texts["save"]).click()
    api.expect(second.locator(".kb-comment")).to_have_text("👍 " + story.docx)
    assert story.docx in kb("log", "2", "--home", str(home))


def stop(page: api.Page, story: Story) -> None:
    """Let a slow model answer, and stop it."""
    with slow_model(story.folder) as (llm, hung_up):
        choose_model(page, llm, "slow")
        tab(page, 0)
        page.locator("#kb-question textarea").fill(story.pdf_question)
        page.locator("#kb-send").click()
        api.expect(page.locator(".kb-text").last).to_contain_text(story.written)
        page.locator("#kb-stop").click()
        api.expect(page.locator(".kb-wait")).to_have_text(story.texts["stopped"])
        assert hung_up.wait(10)
        choose_model(page, "extractive", story.texts["model_none"])


def switch(page: api.Page, story: Story) -> None:
    """Make another base, and come back."""
    unfold(page, "kb-new-base-part")
    page.locator("#kb-new-base input, #kb-new-base textarea").fill("other")
    page.locator("#kb-create").click()
    api.expect(page.locator("#kb-base input")).to_have_value("other")
    tab(page, 0)
    api.expect(page.locator(".kb-welcome")).to_contain_text(story.texts["welcome_empty"])
    page.locator("#kb-base input").click()
    page.get_by_role("option", name="default").click()
    api.expect(page.locator(".kb-session").first).to_be_visible()


def reload_and_delete(page: api.Page, story: Story) -> None:
    """The conversation is there after a reload; a document that is deleted is gone from the answers, and so are they."""
    texts = story.texts
    page.reload()
    page.locator(".kb-session").first.click()
    api.expect(page.locator(".kb-turn")).to_have_count(3)  # the one that was stopped is still there
    api.expect(page.locator(".kb-comment")).to_have_text("👍 " + story.docx)
    tab(page, 1)
    button = page.get_by_role("button", name=texts["delete_name"].format(name=story.pdf))
    button.click()
    api.expect(button).to_have_text(texts["sure"])
    button.click()
    api.expect(button).to_have_count(0)
    page.reload()
    page.wait_for_selector("#kb-question")
    assert story.pdf not in ask(page, story.pdf_question).inner_text()


def choose_model(page: api.Page, spec: str, name: str) -> None:
    """Open a model in the settings, and see its name."""
    tab(page, 2)
    box = page.locator("#kb-model input")
    box.fill(spec)
    box.press("Enter")
    api.expect(page.locator("#kb-facts")).to_contain_text(name)


def compare(place: api.Locator, name: str) -> None:
    """Compare what is shown with the stored picture; ``KB_SCREENSHOTS=1`` stores it again."""
    stored = IMAGES / f"{name}.png"
    if os.environ.get("KB_SCREENSHOTS"):
        stored.write_bytes(place.screenshot())
    wanted = pixels(stored.read_bytes())
    for _ in range(SETTLES):  # a busy machine draws the page, and then the marks on it
        shown = pixels(place.screenshot())
        if shown.shape == wanted.shape and likeness(shown, wanted) >= ALIKE:
            break
        place.page.wait_for_timeout(500)
    assert np.abs(np.subtract(shown.shape, wanted.shape)).max() <= SIZE_TOLERANCE, (shown.shape, wanted.shape)
    height, width = np.minimum(shown.shape, wanted.shape)[:2]
    shown, wanted = shown[:height, :width], wanted[:height, :width]
    assert (np.abs(shown - wanted).max(axis=2) > VISIBLY).mean() <= TOLERANCE
    assert likeness(shown, wanted) >= ALIKE
    place.evaluate("(figure) => figure.querySelectorAll('.kb-box').forEach((box) => { box.style.top = '0'; })")
    moved = pixels(place.screenshot())[:height, :width]
    assert likeness(moved, wanted) < ALIKE, "marks in another place must be noticed"


def pixels(png: bytes) -> NDArray[np.int16]:
    """Return a picture at half its size: there, a letter that moved by a part of a pixel is no difference."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return np.asarray(image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX), np.int16)


def likeness(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    """Return how far two pictures have the same places marked in yellow: their intersection over their union.

    A mark is a line high, and a scroll bar elsewhere moves it by a pixel or two: the best of small shifts counts.
    """
    first, second = (np.minimum(image[..., 0], image[..., 1]) - image[..., 2] > VISIBLY for image in (one, other))
    shifts = range(-SIZE_TOLERANCE // 2, SIZE_TOLERANCE // 2 + 1)
    shifted = (np.roll(first, (down, right), (0, 1)) for down in shifts for right in shifts)
    return max(float((marked & second).sum() / max((marked | second).sum(), 1)) for marked in shifted)
