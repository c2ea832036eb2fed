"""The wordings of suggested questions: each file's own examples, and what is made of a whole document."""

from __future__ import annotations

import pytest
from kb.app.suggestions.found import name_of, questions
from kb.app.suggestions.templates import Language, Template, templates

NAMES: dict[Language, str] = {"en": "Garden plan", "zh": "花园计划"}
CASES = [
    pytest.param(language, template, id=f"{language}-{at}-{template.kind}")
    for language in NAMES
    for at, template in enumerate(templates(language))
]


@pytest.mark.parametrize(("language", "template"), CASES)
def test_examples(language: Language, template: Template) -> None:
    """Of each example its question is made, of what only looks like one nothing."""
    assert template.examples
    for text, question in template.examples:
        assert question in {one.text for one in questions(text, NAMES[language], [template])}
    for text in template.others:
        assert [*questions(text, NAMES[language], [template])] == []


def test_both_languages_know_the_same_kinds() -> None:
    """A reader of either language gets the same variety."""
    english, chinese = ([*dict.fromkeys(one.kind for one in templates(language))] for language in NAMES)
    assert english == chinese


@pytest.mark.parametrize(
    ("title", "file", "name"),
    [
        ("Product meeting, 4 March 2026", "2026-03-04.md", "Product meeting"),
        ("Information security policy (version 3.2)", "policy.md", "Information security policy"),
        ("Does it matter? - A case study", "blog.html", "blog.html"),
        ("", "packing list.txt", "packing list"),
        ("", "plants.csv", "plants.csv"),
        ("差旅与费用报销制度（2026年版）", "报销.md", "差旅与费用报销制度"),
        ("", "通讯录.csv", "通讯录"),
    ],
)
def test_what_a_document_is_called(title: str, file: str, name: str) -> None:
    """By its title as far as people would say it, else by its file."""
    assert name_of(title, file) == name


@pytest.mark.parametrize(
    "name", ["RECEIPT-2024-TXN_98765", "An introduction to everything that there is in the garden"]
)
def test_a_name_that_reads_badly_is_not_put_into_a_question(name: str) -> None:
    """A number or a whole sentence makes no sense within another."""
    text = "Owner: Ana Ruiz\n\nThe tomato bed is three metres long and two metres wide.\n"
    assert [*questions(text, name, templates("en"))] == []


def test_a_text_in_another_language_is_only_asked_what_it_is_about() -> None:
    """Its headings and keys do not fit into the reader's questions."""
    text = "# Plan\n\nOwner: Ana Ruiz\n\n## Tools\n\n1. Spade\n2. Rake\n3. Hose\n"
    assert [one.text for one in questions(text, "Garden plan", templates("zh"))] == ["《Garden plan》讲了什么？"]
