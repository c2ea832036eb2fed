"""How commands are made: from functions whose parameters may be groups of options, loaded when they are called for.

Comes in: a function that parses nothing, and a table of where the commands are. Goes out: commands whose help shows each group
of options under a heading. Never: the import of a command that is not asked for.
"""

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
"""Where each command is, ``MODULE:TYPER``, under the headings of ``kb --help``."""

FAILED, USAGE, NOTHING_FOUND, SOME_FILES_FAILED, INTERRUPTED = 1, 2, 4, 5, 130
"""What the command line exits with when it is not simply done."""

_HOME_OF = {name: home for homes in HOMES.values() for name, home in homes.items()}


class Options:
    """A frozen dataclass whose fields are options; a subclass has those of its parent too. Its docstring is their heading."""

    __slots__ = ()


def commands(about: str = "") -> typer.Typer:
    """Return what holds commands; ``about`` is the help of a group that has a name of its own."""
    return typer.Typer(help=about or None, no_args_is_help=bool(about), rich_markup_mode=None)


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command of ``app``: each parameter that is a group becomes the options of that group."""

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
    """The commands of ``HOMES``: each is imported when it is called, all of them for the help."""

    def __init__(self, **settings: object) -> None:
        """Take what Typer gives to a group."""
        super().__init__(**settings | {"commands": cast("dict[str, Command]", _Commands())})  # type: ignore[arg-type]

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Find the command; an option that was written before it is told where it belongs."""
        try:
            return super().parse_args(ctx, args)
        except NoSuchOption as error:
            named = error.option_name
            error.message = f"No such option before the command: {named}. Write it behind: kb COMMAND ... {named}"
            raise

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands under their headings, each with its first sentence whole."""
        for heading, homes in HOMES.items():
            with formatter.section(heading):
                formatter.write_dl([(name, _first_sentence(self.commands[name].help or "")) for name in homes])


class _Commands(Mapping[str, Command]):
    """The commands by name, imported when they are looked up."""

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
    """Return the function with, instead of each parameter that is a group, the options of that group."""
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

    # What typer reads: the options instead of the parameters that they make.
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
    """Return the annotation of an option, to be shown under a heading."""
    kind, option = get_args(hint)
    option = copy(option)
    option.rich_help_panel = heading
    return Annotated[kind, option]
