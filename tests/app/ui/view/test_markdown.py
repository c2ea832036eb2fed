"""Markdown on the page: shown as what it is, marked where sentences and quotes stand, and harmless whatever it says."""

from __future__ import annotations

import random
import re

import pytest

pytest.importorskip("gradio", reason="the ui extra is not installed")

from kb.app.ui.view.excerpts import around, excerpt, head_above, is_row, is_rule
from kb.app.ui.view.markdown import Place, render

_TABLE = "| No | Name |\n| --- | :---: |\n" + "".join(f"| {n} | name{n} |\n" for n in range(30))
DOCUMENTS = {
    "staff.xlsx": f"## Staff\n\n{_TABLE}\n## Others\n\n{_TABLE}",
    "staff.csv": _TABLE,
    "bare.md": "# Staff\n\nNo | Name\n--- | ---\n" + "".join(f"{n} | name{n}\n" for n in range(30)),
    "steps.md": "# Steps\n\n" + "".join(
        f"{n}. Open it.\n\n   ```sh\n   open -f {n}\n\n   close\n   ```\n\n   - Say so:\n\n     ~~~\n     said {n}\n"
        f"     ~~~\n\n   | Key | Value |\n   | --- | --- |\n   | {n} | one |\n\n"
        for n in range(1, 9)
    ),
    "mail.eml": "".join(f"> ```\n> run {n}\n> ```\n>\n> | a | b |\n> | --- | --- |\n> | {n} | 2 |\n\n" for n in range(9)),
    "tool.py": '````python\n"""Help.\n\n```sh\ntool\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"""\n\n' + "x = 1\n" * 90 + "````",
    "notes.docx": "```\n" + "code\n\n" * 60 + f"```\n\ntext\n\n{_TABLE}",
}  # fmt: skip
NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![tracked](http://evil.example/pixel.png)",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&#58;alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "[click][ref]\n\n[ref]: javascript:alert(1)",
    '[a](https://x.example/"onmouseover="alert(1))',
    "{{value}} ${1+1} `code`",
)


def marked(text: str, *quotes: str) -> str:
    """Return a text as HTML with its quotes in ``<m>``, each with ``!`` behind it."""
    places = [Place(text.index(quote), text.index(quote) + len(quote), "<m>", "</m>", "!") for quote in quotes]
    return render(text, places)


def test_what_markdown_means_is_shown() -> None:
    """Tables with a head, lists, code, headings and emphasis become what they are; no sign of them is left."""
    html = render(
        "# Prices\n\n| Item | EUR |\n|---|---|\n| Tea | 3 |\n\n1. one\n2. **two**\n\n```py\nx = 1\n```\n\n---"
    )
    for piece in ("<th>Item</th>", "<td>3</td>", "<ol>", "<strong>two</strong>", "<pre><code", "<hr"):
        assert piece in html
    assert not any(sign in html for sign in ("|", "**", "```", "# ", "<h1"))


@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_runs_and_nothing_is_fetched(nasty: str) -> None:
    """Scripts, pictures from elsewhere, addresses that run and templates come out as text."""
    html = render(f"Before {nasty} after")
    assert not any(piece in html.lower() for piece in ("<script", "<img", 'href="javascript', 'href="data'))
    assert not set(html) & set("{}$`")
    assert ' onmouseover="' not in html


def test_a_link_leads_out_without_telling_where_from() -> None:
    """An address of the web is a link in a tab of its own; one within the documents is words."""
    html = render("[web](https://example.org/a) and [here](other.md)")
    assert '<a href="https://example.org/a" target="_blank" rel="noopener noreferrer nofollow">web</a>' in html
    assert html.count("<a ") == 1


def test_a_place_is_marked_in_each_block_that_it_goes_over() -> None:
    """A list item, a heading, a row and a sentence with emphasis are marked within what they are, and tagged once."""
    assert "<li><m>one <strong>two</strong></m>!</li>" in marked("- one **two**\n- three", "- one **two**")
    assert '<p class="kb-heading kb-heading-2"><m>Title</m>!</p>' in marked("## Title\n\ntext", "## Title")
    row = marked("| a | b |\n|---|---|\n| 1 | 2 |", "| 1 | 2 |")
    assert "<td><m>1</m></td>" in row
    assert "<td><m>2</m>!</td>" in row
    assert "<m>end</m>" in marked("- first\n- the end", "first\n- the end").replace("the end", "end")


@pytest.mark.parametrize("bare", ["```", "| --- | :---: |", "---", "   "])
def test_separators_and_fences_are_not_marked(bare: str) -> None:
    """What claims nothing gets no mark, and stays what it is."""
    assert "<m>" not in render(f"a\n\n{bare}\n", [Place(3, 3 + len(bare), "<m>", "</m>", "!")])


def test_code_is_marked_within() -> None:
    """A quote that is a block of code is marked inside it, without its fences."""
    html = marked("```py\nx = 1\n```", "```py\nx = 1\n```")
    assert "<m>x = 1</m>" in html
    assert "<pre>" in html


def test_the_head_of_a_row_is_found() -> None:
    """The head stands at the top of the table that a row is in; other tables, and rows without one, have none."""
    text = "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n\nwords\n\n| x |\n| y |\n"
    assert head_above(text, text.index("| 3")) == "| a | b |\n| --- | --- |"
    assert head_above(text, text.index("| a")) == head_above(text, text.index("| y")) == ""
    assert is_row("| 1 | 2 |")
    assert not is_row("a | b")
    assert is_rule("|:--|--:|")


def test_an_excerpt_keeps_the_head_of_its_table_and_marks_the_quote() -> None:
    """In the middle of a long table the excerpt still says what the columns are."""
    text = "| No | Name |\n| --- | --- |\n" + "".join(f"| {n} | name{n} |\n" for n in range(500))
    at = text.index("| 300 |")
    begin, end = around(text, [(at, at + 17)], 100)
    html = excerpt("staff.xlsx", text, [(at, at + 17)], begin, end)
    assert "<th>Name</th>" in html
    assert "<td><mark>name300</mark></td>" in html
    assert "name100<" not in html


def spans_of(text: str) -> list[tuple[int, int]]:
    """Return every line of a text, and many other spans."""
    lines = [match.span() for match in re.finditer(r".+", text)]
    chance = random.Random(5)
    begins = (chance.randrange(len(text)) for _ in range(60))
    return [*lines, *((begin, min(begin + chance.randrange(1, 200), len(text))) for begin in begins)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whatever_is_quoted_tables_and_code_are_shown_as_such(name: str) -> None:
    """No card and no reader that begins, ends or is marked anywhere shows a table's rule or a fence."""
    text = DOCUMENTS[name]
    for start, stop in spans_of(text):
        for begin, end in (around(text, [(start, stop)], 60), (start, stop), (0, len(text))):
            html = excerpt(name, text, [(start, stop)], begin, end)
            outside = re.sub("<pre>.*?</pre>" if name == "tool.py" else "</?pre>", "", html, flags=re.DOTALL)
            raw = re.search(r"\|? *:?--|(?:&#96;){3}|~~~", outside)
            assert not raw, (text[start:stop], text[begin:end], html)


def test_an_excerpt_that_begins_in_a_list_item_begins_with_the_item() -> None:
    """Its text, set in, would be code by itself; the number of its step is seen."""
    text = DOCUMENTS["steps.md"]
    at = text.index("close")
    html = excerpt("steps.md", text, [(at, at + 5)], at, at + 5)
    assert "Open it." in html
    assert "<pre><code" in html
    assert "<mark>close</mark>" in html


def test_code_files_are_shown_as_code() -> None:
    """A comment of a program is no heading."""
    html = excerpt("run.py", "# set up\nx = 1\n", [(9, 14)], 0, 15)
    assert "<pre>" in html
    assert "<mark>x = 1</mark>" in html
