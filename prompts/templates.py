"""Load the templates: the text files that ship with kb, overridden by the user's own.

Comes in: a name and a language. Goes out: the template's turns, checked. Never: a template that lacks one of its slots.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, cast, get_args

from ..ingest.errors import InputError
from ..ingest.notice import Notice

Language = Literal["en", "zh"]
Style = Literal["plain", "step-by-step", "few-shot"]
Slot = Literal["passages", "question", "nothing_found", "history"]
Role = Literal["system", "user", "assistant"]

_ANSWER: tuple[Slot, ...] = ("passages", "question", "nothing_found")
SLOTS: dict[str, tuple[Slot, ...]] = {
    "answer": _ANSWER,
    "step-by-step": _ANSWER,
    "few-shot": _ANSWER,
    "brief": ("passages", "question"),
    "summarise": _ANSWER,
    "compare": _ANSWER,
    "condense": ("history", "question"),
    "abstain": (),
}
"""The slots that each template must have; ``abstain`` is one sentence, the others are turns."""
OF_STYLE: dict[Style, str] = {"plain": "answer", "step-by-step": "step-by-step", "few-shot": "few-shot"}
FINALLY: dict[Language, str] = {"en": "Answer:", "zh": "答案："}
"""What a model writes between its steps and its answer, in ``step-by-step`` style."""

_TURN = re.compile(r"^\[(system|user|assistant)\]\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Templates:
    """The shipped templates, overridden by the files ``NAME.LANGUAGE.txt`` of a folder."""

    folder: Path | None = None

    def text(self, name: str, language: Language) -> str:
        """Return a template's text, without the line break at its end.

        Raises:
            InputError: there is no such template, or the user's own cannot be used.
        """
        if name not in SLOTS or language not in get_args(Language):
            raise InputError(
                "there is no prompt {name!r} in {language!r}; the prompts are {slots:list}",
                name=name,
                language=language,
                slots=SLOTS,
            )
        if own := self.own(name, language):
            return _checked(own, name)
        return _shipped(name, language)

    def own(self, name: str, language: Language) -> Path | None:
        """Return the user's file that replaces a shipped template, if there is one."""
        file = self.folder / f"{name}.{language}.txt" if self.folder else None
        return file if file and file.is_file() else None

    def turns(self, name: str, language: Language) -> list[tuple[Role, str]]:
        """Return a template's turns, with slots unfilled."""
        parts = _TURN.split(self.text(name, language))[1:]
        return [(cast("Role", role), text) for role, text in zip(parts[::2], parts[1::2], strict=True)]

    def nothing_found(self, language: Language) -> str:
        """Return the sentence used by an answer that abstains."""
        return self.text("abstain", language)


@cache
def _shipped(name: str, language: Language) -> str:
    return resources.files(__package__).joinpath(f"{name}.{language}.txt").read_text(encoding="utf-8").rstrip("\n")


def _checked(file: Path, name: str) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig").replace("\r\n", "\n").strip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "{file}: cannot be read as UTF-8 text ({why}); fix or remove it", file=file, why=error
        ) from error
    if wrong := _fault(text, name):
        raise InputError(
            "{file}: {wrong}; fix it, or remove it to use the prompt that ships with kb", file=file, wrong=wrong
        )
    return text


def _fault(text: str, name: str) -> str:
    """Return what makes a text unusable as this template; empty if nothing does."""
    if missing := [slot for slot in SLOTS[name] if f"{{{slot}}}" not in text]:
        return Notice("it lacks {slots:and}", slots=(f"{{{slot}}}" for slot in missing))
    if name == "abstain":
        return Notice("it must be one line") if len(text.split("\n")) != 1 or not text.strip() else ""
    before, *parts = _TURN.split(text)
    faults = (
        (bool(before.strip()) or not parts, Notice("it must begin with a line [system] or [user]")),
        (parts[-2:-1] != ["user"], Notice("its last turn must be [user]")),
        ("{question}" not in "".join(parts[-1:]), Notice("its last turn lacks {slot}", slot="{question}")),
    )
    return next((sentence for wrong, sentence in faults if wrong), "")
