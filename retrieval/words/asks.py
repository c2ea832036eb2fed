"""Tell what form of answer a question asks for: how something is done, several things, how many there are, or a file.

Comes in: a question, Chinese or English. Goes out: yes or no. Never: a look at the documents.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

Form = Literal["how", "several", "count", "file"]
"""``how`` something is done, ``several`` things, a ``count`` of things, or the ``file`` that contains something."""


def asks_for(form: Form, question: str) -> bool:
    """Return whether a question asks for an answer in this form, by the patterns of ``asks.toml``."""
    return bool(_patterns()[form].search(question))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    text = files(__package__).joinpath("asks.toml").read_text("utf-8")
    return {
        form["means"]: re.compile("|".join(form["patterns"]), re.IGNORECASE) for form in tomllib.loads(text)["form"]
    }
