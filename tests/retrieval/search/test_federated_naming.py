"""What a question names, and its codes, come first in several bases searched as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.retrieval.search.federated import search_together
from kb.retrieval.search.naming import merged
from kb.retrieval.search.search import Searcher

BASES = {
    "contracts": {
        "northwind-contract.md": "The term is twelve months.\n\nNotice is given in writing.\n\nPayment is due in 30 days.",
        "rules.md": "What is the notice period in the contract? The notice period is in the contract.",
    },
    "orders": {
        "alder-contract.md": "The notice period of the contract is three months. Notice is in writing.",
        "order.md": "SO7005 was shipped to Bremen.",
        "shipping.md": "Where was an order shipped to? Orders were shipped to where the order was to be shipped to.",
    },
}


@pytest.fixture(scope="module")
def searchers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Searcher]]:
    """Two bases with other documents."""
    home, found, opened = tmp_path_factory.mktemp("home"), {}, []
    for base, documents in BASES.items():
        folder = tmp_path_factory.mktemp(base)
        for name, text in documents.items():
            (folder / name).write_text(text, "utf-8")
        kb = KnowledgeBase.open(base, home=home, embedder="tfidf")
        kb.ingest([folder])
        opened.append(kb)
        found[base] = kb.searcher
    yield found
    for kb in opened:
        kb.close()


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What is the notice period in the Northwind contract?", "northwind-contract.md"),
        ("What is the notice period in the Alder contract?", "alder-contract.md"),
        ("Where was the order so-7005 shipped to?", "order.md"),
    ],
)
def test_what_is_named_comes_first(searchers: dict[str, Searcher], question: str, first: str) -> None:
    """Whichever base it is in, and whatever the others say of the same words."""
    assert Path(search_together(searchers, question, 3).hits[0].chunk.source).name == first


def test_a_name_is_absent_where_no_base_holds_it(searchers: dict[str, Searcher]) -> None:
    """One base alone does not know Bremen."""

    def absent(question: str, *bases: str) -> tuple[str, ...]:
        return merged([searchers[base].rank(question, 3).naming for base in bases]).absent

    assert absent("What does Alder Bremen Ltd owe?", "contracts", "orders") == ("Alder Bremen Ltd",)
    assert absent("Was it shipped to Bremen?", "contracts") == ("Bremen",)
    assert absent("Was it shipped to Bremen?", "contracts", "orders") == ()
