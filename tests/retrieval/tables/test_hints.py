"""Every pattern means what its examples say, and nothing that only looks like them."""

from __future__ import annotations

import pytest
from kb.retrieval.tables.hints import Hint, hints, kinds


@pytest.mark.parametrize(("name", "hint"), [*hints().items(), *kinds().items()])
def test_a_pattern_holds_its_examples_and_not_the_others(name: str, hint: Hint) -> None:
    assert [text for text in hint.examples if not hint.within(text)] == [], name
    assert [text for text in hint.others if hint.within(text)] == [], name
