"""Builds commands from functions whose parameters may be option groups; a command is imported only when called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import MISSING, fields
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast, get_args, get_type_hints

import typer
from typer._click.exceptions import NoSuchOption
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter

Command: TypeAlias = TyperCommand | TyperGroup

HOMES = {
    "Files": {
        "ingest": "ingest:ingesting",
        "list": "base:keeping",
        "rm": "base:keeping",
        "status": "base:keeping",
        "export": "move:moving",
        "import": "move:moving",
    },
    "Questions": {
        "ask": "ask:asking",
        "chat": "chat:talking",
        "search": "ask:asking",
    },
    "Answers given": {
        "log": "chat:talking",
        "replay": "chat:talking",
        "diff": "chat:talking",
        "feedback": "chat:talking",
    },
    "In the browser and in other programs": {
        "ui": "serve:serving",
        "serve": "serve:serving",
        "token": "serve:tokens",
        "mcp": "serve:serving",
    },
    "How well it finds": {
        "why": "eval:evaluation",
        "why-not": "eval:evaluation",
        "eval": "eval:evaluation",
    },
    "Models and this machine": {
        "models": "models:models",
        "reindex": "eval:evaluation",
        "gc": "eval:evaluation",
        "prompts": "chat:prompts",
        "doctor": "base:keeping",
    },
}
"""Location of each command, ``MODULE:TYPER``, under the headings of ``kb --help``."""

FAILED, USAGE, NOTHING_FOUND, SOME_FILES_FAILED, INTERRUPTED = 1, 2, 4, 5, 130
"""Exit codes other than success."""

_HOME_OF = {name: home for homes in HOMES.values() for name, home in homes.items()}


class Options:
    """Base of frozen dataclasses whose fields are options, inherited ones included. The docstring is the help heading."""

    __slots__ = ()


def commands(about: str = "") -> typer.Typer:
    """Return a Typer app for commands; ``about`` is the help of a named group."""
    return typer.Typer(help=about or None, no_args_is_help=bool(about), rich_markup_mode=None)


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command of ``app``; each parameter that is a group expands to that group's options."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        return app.command(name, cls=SectionedCommand)(_with_options(function))

    return register


class SectionedCommand(TyperCommand):
    """A command whose help shows its own options first, then each group under its heading."""

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write arguments and options."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            heading = getattr(parameter, "rich_help_panel", None) or usual
            if record := parameter.get_help_record(ctx):
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


class LazyGroup(TyperGroup):
    """The commands of ``HOMES``: each is imported when called, all of them for the help."""

    def __init__(self, **settings: object) -> None:
        """Take the settings that Typer passes to a group."""
        super().__init__(**settings | {"commands": cast("dict[str, Command]", _Commands())})  # type: ignore[arg-type]

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Find the command; if an option precedes it, say where the option belongs."""
        try:
            return super().parse_args(ctx, args)
        except NoSuchOption as error:
            named = error.option_name
            error.message = f"No such option before the command: {named}. Write it behind: kb COMMAND ... {named}"
            raise

    def invoke(self, ctx: Context) -> object:
        """Run the command; an input that ends where it is waited for (Ctrl-D) stops it as Ctrl-C does."""
        try:
            return super().invoke(ctx)
        except EOFError as error:
            raise KeyboardInterrupt from error

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands under their headings, each with its full first sentence."""
        for heading, homes in HOMES.items():
            with formatter.section(heading):
                formatter.write_dl([(name, _first_sentence(self.commands[name].help or "")) for name in homes])


class _Commands(Mapping[str, Command]):
    """The commands by name, imported on lookup."""

    def __getitem__(self, name: str) -> Command:
        module, _, variable = _HOME_OF[name].partition(":")
        group = get_group(getattr(import_module(f".{module}", __package__), variable))
        return cast("Command", group.commands.get(name, group))

    def __iter__(self) -> Iterator[str]:
        return iter(_HOME_OF)

    def __len__(self) -> int:
        return len(_HOME_OF)


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split()).split(". ")[0].removesuffix(".")


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    """Return the function with each group parameter replaced by that group's options."""
    own = inspect.signature(function, eval_str=True)
    groups = {name: each.annotation for name, each in own.parameters.items() if _is_group(each.annotation)}
    parameters: list[inspect.Parameter] = []
    for name, parameter in own.parameters.items():
        parameters += _parameters(groups[name]) if name in groups else [parameter.replace(kind=parameter.KEYWORD_ONLY)]

    @functools.wraps(function)
    def run(**given: object) -> None:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        function(**given, **made)

    # What typer reads: the options instead of the group parameters.
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__
    return run


def _is_group(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Options)


def _parameters(group: type[Options]) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    heading = (inspect.getdoc(group) or "").removesuffix(".")
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=_under(heading, hints[field.name]),
        )
        for field in fields(group)  # type: ignore[arg-type]
    ]


def _under(heading: str, hint: object) -> object:
    """Return the annotation of an option, placed under a help heading."""
    kind, option = get_args(hint)
    option = copy(option)
    option.rich_help_panel = heading
    return Annotated[kind, option]
