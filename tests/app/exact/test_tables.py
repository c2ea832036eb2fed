"""Questions to tables are answered by computing, with the rows cited and the formula in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.answers.answer import Asked
from kb.app.exact.tables import from_tables
from kb.retrieval.where import Where

FILES = {
    "car/maintenance.csv": (
        "date,work,garage,cost_eur\n2024-05-21,Brake pads,Weber Autos,312.80\n2025-03-17,Inspection,Tuv Sud,148.60\n"
        "2025-10-29,Battery,Weber Autos,163.90\n"
    ),
    "office/price list.md": (
        "# Price list\n\n| Article | Name | Price | Stock |\n|---|---|---|---|\n| A-1 | Desk lamp | 40.00 EUR | 7 |\n"
        "| A-2 | USB cable | 12.50 EUR | 0 |\n| A-3 | Standing desk | 480.00 EUR | 2 |\n"
    ),
    "invoices/R-7.md": (
        "# Invoice R-7\n\n| Item | Amount |\n|---|---|\n| Advice | 100.00 EUR |\n| Travel | 20.00 EUR |\n\nPayable in May.\n\n"
        "| Net total | 120.00 EUR |\n|---|---|\n| VAT | 24.00 EUR |\n| Total | 144.00 EUR |\n"
    ),
    "仓库/库存.csv": "编号,品名,库存\nK1,螺栓,4\nK2,垫片,90\nK3,轴承,9\n",
    "old/price list.md": "# Price list\n\n| Article | Name | Price |\n|---|---|---|\n| A-1 | Desk lamp | 35.00 EUR |\n",
    "shelves.csv": "Item,Planned,Spent\nOak shelf,80,95\nBrackets,20,\n",
    "letter.md": "# Letter\n\nThe battery of the car cost 500 EUR, said Weber. A desk lamp is cheap.\n",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of five tables and a letter that speaks of the same things."""
    folder = tmp_path_factory.mktemp("docs")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf") as kb:
        kb.ingest([folder])
        yield kb


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "How much did I spend on the car in 2025?",
            "312.50 EUR: sum of cost_eur over 2 rows where date is in 2025 [1]",
        ),
        (
            "what did I pay Weber altogether",
            "476.70 EUR: sum of cost_eur over 2 rows where garage is Weber Autos [1] [2]",
        ),
        ("What did the battery cost?", "Battery: cost_eur 163.90 [1]"),
        ("how much is a desk lamp", "Desk lamp: Price 40.00 EUR [1]"),
        ("What's the cheapest article in the price list?", "USB cable: Price 12.50 EUR, Article A-2 [1]"),
        ("Is the USB cable in stock?", "No. USB cable: Stock 0 [1]"),
        ("Is the stock of the desk lamp below 10?", "Yes. Desk lamp: Stock 7 [1]"),
        ("did the oak shelf cost more than planned?", "Yes. Oak shelf: Spent 95, Planned 80 [1]"),
        ("What is the total of invoice R-7?", "Total: 144.00 EUR [1]"),
        ("库存低于10的有哪些？", "2 行：螺栓：库存 4 [1]；轴承：库存 9 [2]"),
        ("螺栓的库存是多少", "螺栓：库存 4 [1]"),
        ("库存一共多少", "103：3 行“库存”的合计 [1]"),
        (
            "how many car maintenance rows are from Weber",
            "2 rows where garage is Weber Autos: Brake pads, Battery [1] [2]",
        ),
        ("库存低于10的有几种？", "2 行（“库存”小于 10）：螺栓、轴承 [1] [2]"),
    ],
)
def test_a_table_answers_exactly(base: KnowledgeBase, question: str, text: str) -> None:
    """Short, in the question's language, with the names of the columns as they are written."""
    answer = base.ask(question)
    assert answer.text == text
    assert answer.model == ""
    assert all(sentence.support == "supported" for sentence in answer.sentences)
    for citation in answer.citations:
        assert base.document_text(citation.source)[citation.start : citation.stop] == citation.quote
        assert citation.quote.startswith("|")


@pytest.mark.parametrize(
    "question",
    [
        "How much did I spend on the garden in 2025?",
        "Why is the desk lamp so expensive?",
        "What did the battery of the phone cost?",
        "螺栓的保质期多长",
    ],
)
def test_what_no_table_knows_is_left_to_the_passages(base: KnowledgeBase, question: str) -> None:
    """A model, or quotes, go on with it."""
    assert base.ask(question).searched.lanes


def test_rows_that_follow_on_each_other_are_one_place(base: KnowledgeBase) -> None:
    """With a line for each."""
    (citation,) = base.ask("How much did I spend on the car in 2025?").citations
    assert citation.quote.count("\n") == 1
    assert Path(citation.source).name == "maintenance.csv"


def test_a_filter_narrows_the_tables(base: KnowledgeBase) -> None:
    """Of two editions only the one that it admits is asked."""
    assert base.ask("how much is a desk lamp", where=Where(sources=("old/*",))).text == "Desk lamp: Price 35.00 EUR [1]"


def test_two_tables_that_disagree_give_no_sure_answer(tmp_path: Path) -> None:
    """Neither is known to be right."""
    for name, price in (("north.csv", 4), ("south.csv", 5)):
        (tmp_path / name).write_text(f"item,price\nsalt,{price}\nflour,2\n")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "north.csv", tmp_path / "south.csv"])
        assert kb.ask("how much is the salt").searched.lanes
        assert kb.ask("how much is the flour").text.startswith("flour: price 2")
        assert kb.ask("how much is the salt in south").text.startswith("salt: price 5")


MORE = {
    "regions.csv": "region,last year,this year\nNorth,100,150\nSouth,200,120\n",
    "parts.csv": "Product,Unit price,Stock,Safety stock\nBolt,2,50,20\nNut,30,5,20\nWasher,1,90,10\n",
    "zahlungen.csv": "Rechnung;Summe\nA;1.250 €\nB;980 €\nC;2.400 €\n",
    "films.csv": "Film,Year\nTotal Recall,1990\nMean Streets,1973\nAlien,1979\nTotal of years,5942\n",
    "crew.csv": "Name,Job,Room\nAda,Cook,1\nBen,,\nCy,Mate,3\n",
    "supply.csv": "Article,Supplier\nNail,Acme\nScrew,-\nHook,N/A\nRope,Birke\n",
    "long.csv": "day,cost\n" + "".join(f"d{n},{n}\n" for n in range(1, 31)),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """Tables that are easily misread."""
    folder = tmp_path_factory.mktemp("odd")
    for name, text in MORE.items():
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf") as kb:
        kb.ingest([folder])
        yield kb


@pytest.mark.parametrize(
    ("question", "held", "not_held"),
    [
        ("Which region has the highest last year?", "South", "North"),
        ("Which products are below the safety stock and what is their unit price?", "Nut", "Bolt"),
        ("How many films are there?", "3", "1 row"),
        ("how many different suppliers are in the supply list?", "2 different Supplier", "4"),
        ("average cost in long", "15.5", ""),
    ],
)
def test_tables_that_are_easily_misread(odd: KnowledgeBase, question: str, held: str, not_held: str) -> None:
    """Columns called last year, a film called Total Recall, a dash for nothing, a price asked for beside the stock."""
    answer = odd.ask(question)
    assert held in answer.text
    assert not not_held or not_held not in answer.text
    assert not any("rows are listed" in note for note in answer.notes)


def test_what_a_table_leaves_open_is_not_computed(odd: KnowledgeBase) -> None:
    """A dot may part thousands or decimals; of Ben nothing is known but the name."""
    library = odd.answering.library
    for question in ("highest summe in zahlungen", "how many people are in the crew"):
        assert from_tables(library, Asked(question)) is None
