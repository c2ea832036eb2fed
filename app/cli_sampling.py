"""How a model writes, as options of a command: one set, for every command that makes a model write.

Comes in: a command that takes a ``Sampling``. Goes out: the same command with an option for each setting of it. Never: a
default of its own.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Literal

import typer

from ..llm.generator import Sampling
from ..prompts.templates import Style

StyleName = Annotated[
    Style,
    typer.Option("--style", help="How the model is told to answer: at once, thinking first, or shown an example."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Leave out sentences that no passage bears out.")]

_OPTIONS: dict[str, object] = {
    "temperature": Annotated[float, typer.Option(help="0 is always the same answer.")],
    "top_k": Annotated[int | None, typer.Option(help="Choose among this many tokens.", show_default=False)],
    "top_p": Annotated[float | None, typer.Option(help="Choose among the likeliest of this mass.", show_default=False)],
    "min_p": Annotated[
        float | None, typer.Option(help="Not what is less likely than this share of the likeliest.", show_default=False)
    ],
    "repeat_penalty": Annotated[float | None, typer.Option(help="Above 1: repeat less.", show_default=False)],
    "seed": Annotated[int, typer.Option(help="For temperatures above 0.")],
    "max_tokens": Annotated[int, typer.Option(help="Longest answer.")],
    "stop": Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="End before this; may be repeated.", show_default=False)
    ],
    "banned": Annotated[
        list[str] | None,
        typer.Option("--ban", metavar="TEXT", help="Never write this; may be repeated.", show_default=False),
    ],
    "strategy": Annotated[
        Literal["auto", "greedy", "sample", "beam"], typer.Option(help="auto: greedy at temperature 0, else sample.")
    ],
    "n_beams": Annotated[int, typer.Option("--beams", help="More than 1 only with --strategy beam.")],
}
_LISTS = ("stop", "banned")
_DEFAULTS = {field.name: None if field.name in _LISTS else field.default for field in fields(Sampling)}


def with_sampling(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with an option for each setting of its parameter ``sampling``."""
    own = inspect.signature(command, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for parameter in own.parameters.values():
        parameters += _parameters() if parameter.name == "sampling" else [parameter]

    @functools.wraps(command)
    def run(**given: object) -> None:
        settings = {name: given.pop(name) for name in _OPTIONS}
        settings |= {name: tuple(settings[name] or ()) for name in _LISTS}  # type: ignore[arg-type]
        command(sampling=Sampling(**settings), **given)  # type: ignore[arg-type]

    # What typer reads: the options instead of the one parameter that they make.
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__
    return run


def _parameters() -> list[inspect.Parameter]:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [
        inspect.Parameter(name, kind, default=_DEFAULTS[name], annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]
