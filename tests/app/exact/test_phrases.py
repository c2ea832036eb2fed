"""What is said to kb as such is known by patterns, each of which is tried on its examples and on what only looks like it."""

from __future__ import annotations

import pytest
from kb.app.exact.phrases import document_kinds, forms, meaning


@pytest.mark.parametrize(("means", "example"), [(form.means, example) for form in forms() for example in form.examples])
def test_an_example_of_a_pattern_means_what_it_says(means: str, example: str) -> None:
    """The first pattern that matches it is one of that meaning."""
    assert meaning(example)[0] == means


@pytest.mark.parametrize("other", [other for form in forms() for other in form.others])
def test_what_looks_like_it_means_nothing(other: str) -> None:
    """It is left to the search, or to the count of mentions."""
    assert meaning(other) == ("", None)


def test_no_word_names_two_kinds() -> None:
    """So that the order of kinds does not matter."""
    words = [word for kind in document_kinds() for word in kind.words]
    assert len(words) == len(set(words))
