"""The text in pictures that Markdown and notebooks hold follows what shows them; all files are made here."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from kb.ingest.images.ocr import OCR_HINT, ocr_installed
from kb.ingest.readers.data import read_notebook
from kb.ingest.readers.text import read_markdown
from kb.ingest.run.discover import discover
from kb.ingest.run.job import is_quick

pytest.importorskip("PIL.Image", reason="pillow, of the ocr extra, draws the pictures")
from drawing import picture

needs_ocr = pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")


def encoded(text: str) -> str:
    """Return a PNG with a line of text, as base64."""
    return base64.b64encode(picture(text)).decode()


PUMP, VALVE = encoded("The pump stands in hall two"), encoded("The valve is red")
DRAWING = "<svg xmlns='http://www.w3.org/2000/svg'><text># Flow</text><text>90 l/s</text></svg>"
MARKDOWN = f"""# Pumps

See ![the hall](data:image/png;base64,{PUMP} "a title") here,
and on.

## Valves

- one <img width=3 src="data:image/png;base64,{PUMP}"> and ![][image1]

```html
<img src="data:image/png;base64,AAAA">
```

The end.

[image1]: <data:image/png;base64,{VALVE}>"""


def notebook(*cells: dict[str, object]) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


CELLS = notebook(
    {
        "cell_type": "markdown",
        "source": ["# Plant\n", "\n", "![hall](attachment:hall%20two.png)"],
        "attachments": {"hall two.png": {"image/png": PUMP}},
    },
    {
        "cell_type": "code",
        "source": "plot()",
        "outputs": [
            {"output_type": "display_data", "data": {"text/plain": "<Figure>", "image/png": [VALVE[:90], VALVE[90:]]}},
            {"output_type": "display_data", "data": {"image/svg+xml": [DRAWING], "image/png": VALVE}},
        ],
    },
)


@needs_ocr
def test_the_text_in_markdowns_pictures_follows_the_paragraph_that_shows_them() -> None:
    """Inline, as HTML and by a name; the bytes are left out, and code is left as it is."""
    reading = read_markdown(MARKDOWN.encode(), "a.md")
    assert reading.text == (
        '# Pumps\n\nSee ![the hall](data:image/png;base64,… "a title") here,\nand on.\n\nThe pump stands in hall two\n\n'
        '## Valves\n\n- one <img width=3 src="data:image/png;base64,…"> and ![][image1]\n\nThe valve is red\n\n'
        '```html\n<img src="data:image/png;base64,AAAA">\n```\n\nThe end.\n\n[image1]: <data:image/png;base64,…>'
    )
    assert [reading.text[heading.start :][:8] for heading in reading.headings] == ["# Pumps\n", "## Valve"]
    assert reading.notes == ("The text in 2 picture(s) was recognised.",)


@needs_ocr
def test_the_text_in_a_notebooks_pictures_follows_its_cell() -> None:
    """Attached to a cell, and among its outputs, where one drawing has two forms; no heading comes of it."""
    reading = read_notebook(CELLS, "a.ipynb")
    assert reading.text == (
        "# Plant\n\n![hall](attachment:hall%20two.png)\n\nThe pump stands in hall two\n\n```\nplot()\n```\n\n"
        "```\n<Figure>\n```\n\nThe valve is red\n\n\\# Flow\n90 l/s"
    )
    assert [heading.title for heading in reading.headings] == ["Plant"]
    assert reading.notes == ("The text in 2 picture(s) was recognised.",)


def test_without_recognition_they_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is broken, in either."""
    monkeypatch.setenv("KB_OCR", "off")
    waiting = f"2 picture(s) were not read. {OCR_HINT}"
    assert read_notebook(CELLS, "a.ipynb").notes == (waiting,)
    broken = f"{MARKDOWN}\n![](data:image/png;base64,A!) ![](data:image/png,)".encode()
    assert read_markdown(broken, "a.md").notes == (waiting, "1 picture(s) cannot be read (PNG).")


@pytest.mark.parametrize(
    "text", ["![a](b.png) ![c] [d]: data:image/png", "`data:image/`", "![![![" * 20_000 + "data:image/"]
)
def test_what_holds_no_picture_is_left_as_it_is(text: str) -> None:
    """A picture elsewhere is no part of the file; unclosed brackets cost no time."""
    assert read_markdown(text.encode(), "a.md").text == text


def test_markdown_that_holds_pictures_is_read_by_a_worker(tmp_path: Path) -> None:
    """Pictures may be hostile, and a worker has limits on time and memory."""
    (tmp_path / "a.md").write_text("# Plan\n\nText, and then <IMG SRC='DATA:IMAGE/PNG;base64,AAAA'>")
    (tmp_path / "b.md").write_text("# Plan\n\n![](a.png)")
    assert [is_quick([found]) for found in discover([tmp_path]).files] == [False, True]
