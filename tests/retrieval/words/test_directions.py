"""Directions are left out of what is searched; what is asked for never is."""

from __future__ import annotations

import pytest
from kb.retrieval.words.directions import without_directions


@pytest.mark.parametrize(
    ("asked", "direction"),
    [
        ("Who founded the city?", "If the documents do not say, state that and explain why."),
        ("How long is the warranty?", "Answer in one short paragraph."),
        ("How long is the warranty?", "Please cite your sources."),
        ("I bought a kettle in May. It leaks. What can I do?", "Keep the answer under 50 words."),
        (
            "What is the boiling point of X?",
            "Do not use anything but the context. If it is not in the context, say so.",
        ),
        ("保修期有多长？", "如果资料中没有答案，请明确说明，并用一小段话解释原因。"),
        ("谁创立了这座城市？", "请用中文简要回答。"),
        ("年假怎么结转？", "请列出引用的原文。"),
    ],
)
def test_directions_are_left_out(asked: str, direction: str) -> None:
    """A sentence on how to answer, behind the question, is no part of what is searched."""
    assert without_directions(f"{asked} {direction}") == asked


@pytest.mark.parametrize(
    "question",
    [
        "Explain why the sky is blue.",
        "If the documents were lost, who pays?",
        "Answer the phone: who said that?",
        "What is a bond? Explain how its price follows interest rates.",
        "I lost my passport. If I apply today, when do I get a new one?",
        "My order has not come. When will it be sent?",
        "如果资料丢失，谁来负责？",
        "请问保修期有多长？",
        "我的护照丢了。如果今天申请，什么时候能拿到？",
        "What is new? If I use the documents of last year, what is missing?",
        "",
    ],
)
def test_what_is_asked_for_stays(question: str) -> None:
    """A first sentence always stays, and so does one that does not speak of the answer."""
    assert without_directions(question) == question
