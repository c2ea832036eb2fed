"""Make ``docs/commands.md``: the ``--help`` of every command.

Comes in: the command line of the installed kb. Goes out: one Markdown page, the same at any width of the terminal.
Never: a word that ``kb --help`` does not print.

    python docs/build_commands.py           # write
    python docs/build_commands.py --check   # compare, exit 1 where the page is stale
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kb.app.cli.main import app
from typer.main import get_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.core import TyperCommand, TyperGroup

    Command = TyperCommand | TyperGroup

PAGE = Path(__file__).with_name("commands.md")
WIDTH = 100
_HEAD = "# Commands\n\nMade by `docs/build_commands.py` from what `--help` prints; do not edit.\n"


def commands(command: Command, name: str = "kb") -> Iterator[tuple[str, Command]]:
    """Yield a command and, of a group, every command in it, each with its full name."""
    yield name, command
    for sub, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{name} {sub}")


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for name, command in commands(get_command(app)):
        context = command.make_context(name, [], resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH)
        text = "\n".join(line.rstrip() for line in command.get_help(context).strip().splitlines())
        parts.append(f"## {name}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Write the page, or with ``--check`` say whether it is stale."""
    text = page()
    if PAGE.exists() and PAGE.read_text("utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        print("docs/commands.md is stale; run: python docs/build_commands.py")
        return 1
    PAGE.write_text(text, "utf-8")
    print("written: docs/commands.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
