"""What a model's answers are worth on a base."""

from __future__ import annotations

from pathlib import Path

from kb import KnowledgeBase, Sampling
from kb.app.measure.judged import Question, by_text
from kb.app.measure.written import evaluate_written
from kb.llm.generator import Pieces
from kb.prompts.prompt import Prompt


class Scripted:
    """A small model that writes the text for the question it is asked."""

    name, context_tokens, n_parameters = "scripted", 4096, 1_000

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def count_tokens(self, text: str) -> int:
        """See ``Generator``."""
        return len(text) // 4

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """See ``Generator``."""
        assert sampling.max_tokens
        yield self._texts[prompt.question]
        return "stop"

    def close(self) -> None:
        """See ``Generator``."""


def test_figures_of_written_answers(tmp_path: Path) -> None:
    """What is shown in the model's words, what in quotes, what was wrong, and whether the right passage is cited."""
    (tmp_path / "hotel.md").write_text("# Travel\n\nThe hotel allowance is 120 euros a night.\n")
    (tmp_path / "tax.md").write_text("# Tax\n\nThe tax office in Ulm opens at nine.\n")
    texts = {
        "How much is the hotel allowance?": "The hotel allowance is 120 euros.",
        "When does the tax office open?": "[1] [2] [3] [4] [5] [6]",
    }
    with KnowledgeBase.open(embedder="tfidf", llm=Scripted(texts)) as kb:
        kb.ingest([tmp_path])
        chunks = [hit.chunk for question in texts for hit in kb.search(question, 1)]
        questions = [
            Question(text, dict.fromkeys(by_text(chunk), 1.0)) for text, chunk in zip(texts, chunks, strict=True)
        ]
        found = evaluate_written(kb.answering, [*questions, Question("What is a boson?", {})], 10)
    assert (found.n_questions, found.n_written, found.n_quoted, found.n_cite_right) == (2, 1, 1, 2)
    assert found.n_supported == found.n_sentences
    assert dict(found.faults) == {"marks": 1}
    assert found.first_word_s is not None
