"""What holds the codes of a question comes first."""

from __future__ import annotations

from pathlib import Path

import pytest
from kb import KnowledgeBase

DOCUMENTS = {
    "E110.md": "故障码E110的意思是风扇堵转。请问是什么意思时看手册。",
    "E111.md": "E111：压缩机过热，请断电三十分钟。",
    "faq.md": "请问这是什么意思？请问那是什么意思？什么是故障码？请问故障码是什么意思？故障码的意思是什么？",
    "printer.md": "The MX-4120-C is a laser printer. It prints 30 pages a minute.",
    "other printer.md": "How many pages a minute does the printer print? The MX-4121 prints pages, many a minute.",
    "orders.md": "Order SO7005 was paid with 4,850 EUR by Alder.",
    "order rules.md": "Orders are paid by invoice. Which order was paid? An order that was paid is not open.",
}


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("请问故障码E111是什么意思？", "E111.md"),
        ("how many pages a minute does the mx4120c print", "printer.md"),
        ("How many pages a minute does the MX 4120 C printer print?", "printer.md"),
        ("Which order was paid with 4850?", "orders.md"),
        ("Was order so7005 paid?", "orders.md"),
        ("Which order was paid in 2024?", "order rules.md"),
    ],
)
def test_what_holds_all_codes_comes_first(tmp_path: Path, question: str, first: str) -> None:
    """However the code is written, and however many words of the question stand elsewhere; a year is no code."""
    for name, text in DOCUMENTS.items():
        (tmp_path / name).write_text(text, "utf-8")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        assert Path(kb.search(question)[0].chunk.source).name == first
