"""Bases of a few files, what is in them, and bases that cannot be written to."""

from __future__ import annotations

from pathlib import Path

from kb import KnowledgeBase
from kb.retrieval.models.embedder import Embedder

TRAVEL = (
    "# Travel\n\nHotel nights are refunded up to 120 dollars.\n\nTaxis are refunded up to 40 dollars.\n\n"
    "Hotel nights are approved by the head of department.\n"
)
ZH = "# 差旅\n\n住宿费每晚最多报销四百五十元。\n\n出租车每次最多报销八十元。\n\n住宿费由部门经理批准。\n"
HOTEL = "How much is refunded for hotel nights?"


def make(folder: Path, name: str, files: dict[str, str], embedder: str | Embedder = "tfidf") -> KnowledgeBase:
    """Return a base of some files."""
    place = folder / name
    place.mkdir(exist_ok=True)
    for file, text in files.items():
        (place / file).write_text(text, "utf-8")
    kb = KnowledgeBase.open(name, embedder=embedder, llm="extractive")
    kb.ingest([place])
    return kb


def close(home: Path) -> None:
    """Take away the right to write, from folders and files."""
    for path in (home, *home.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def open_up(home: Path) -> None:
    """Give it back."""
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
