"""kb: question answering over your own files, on your own machine, with a source for every sentence.

``from kb import KnowledgeBase`` is the way in; the names below are loaded when first used, so ``import kb`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .app.answers.answer import Answer
    from .app.api import KnowledgeBase
    from .app.several import KnowledgeBases
    from .ingest.document import Chunk, Document, Failure, IngestReport
    from .ingest.errors import KBError
    from .llm.generator import Sampling
    from .prompts.prompt import Citation, Sentence
    from .retrieval.hit import Hit

__version__ = "0.1.0"

_HOME = {
    "Answer": ".app.answers.answer",
    "Chunk": ".ingest.document",
    "Citation": ".prompts.prompt",
    "Document": ".ingest.document",
    "Failure": ".ingest.document",
    "Hit": ".retrieval.hit",
    "IngestReport": ".ingest.document",
    "KBError": ".ingest.errors",
    "KnowledgeBase": ".app.api",
    "KnowledgeBases": ".app.several",
    "Sampling": ".llm.generator",
    "Sentence": ".prompts.prompt",
}

__all__ = [
    "Answer",
    "Chunk",
    "Citation",
    "Document",
    "Failure",
    "Hit",
    "IngestReport",
    "KBError",
    "KnowledgeBase",
    "KnowledgeBases",
    "Sampling",
    "Sentence",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'kb' has no attribute {name!r}")
    return getattr(import_module(_HOME[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
