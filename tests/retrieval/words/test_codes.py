"""Codes: one code however its parts are joined, and what only looks like one."""

from __future__ import annotations

import pytest
from kb.retrieval.words.numerals import in_digits, numerals
from kb.retrieval.words.question import figures
from kb.retrieval.words.tokens import tokens


@pytest.mark.parametrize(
    "forms",
    [
        ("mx4120c", "MX-4120-C", "MX4120C", "MX_4120_C"),
        ("inv-2026-003", "INV-2026-003", "INV2026003"),
        ("UTF-8", "utf8", "utf_8"),
        ("rfc2119", "RFC-2119"),
    ],
)
def test_all_forms_find_each_other(forms: tuple[str, ...]) -> None:
    """Hyphens, underscores and case part no code from itself."""
    for question in forms:
        for text in forms:
            assert figures(question) <= set(tokens(text)), (question, text)


def test_parts_apart_find_the_code() -> None:
    """In capitals with spaces it is found joined, and a code finds its number."""
    assert figures("mx4120c") <= set(tokens("The MX 4120 C is a printer"))
    assert figures("RFC 2119") <= set(tokens("see RFC2119"))
    assert figures("Who has the MX-4120?") <= set(tokens("MX-4120-C"))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a 5-year plan", "a 5 year plan"),
        ("mid-2022", "mid-2022"),
        ("2nd-floor", "2-floor"),
        ("report-2024-03.pdf", "report-2024-03.pdf"),
        ("https://example.org/a-1", "https://example.org/a-1"),
        ("well-known", "well-known"),
        ("GDP 2022", "GDP 2022"),
    ],
)
def test_what_only_looks_like_a_code_is_none(text: str, plain: str) -> None:
    """Measures, years, files, addresses and words with hyphens."""
    assert in_digits(text) == plain


def test_a_spaced_code_demands_nothing() -> None:
    """GDP 2022 is found as one, and asked for as two."""
    assert [one.tokens for one in numerals("GDP 2022")] == [("gdp2022",)]
    assert figures("GDP 2022") == {"2022"}
