"""How the command line shows recorded answers and conversations."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from ..answers.log import Session
from ..answers.record import Record
from ..answers.replay import Replay, diff, differences
from ..hosting.harmless import harmless
from . import show

_SHORT = 70


def records(found: Sequence[Record], *, as_json: bool) -> None:
    """Show recorded answers, one per line."""
    if as_json:
        show.dump([_data(record) for record in found])
        return
    for record in found:
        text = _short("(not in the documents)" if record.abstained else record.text)
        show.say(f"{record.id:>5}  {record.at[:16]}  {record.feedback:<4}  {_short(record.asked.said)}  ->  {text}")
    if not found:
        show.message("nothing is recorded yet")


def record(found: Record, *, as_json: bool) -> None:
    """Show one recorded answer in full."""
    if as_json:
        show.dump(_data(found))
        return
    asked = found.asked
    rows = (
        ("asked", f"{asked.said}  ({found.at}{f', conversation {found.session}' if found.session else ''})"),
        ("searched for", asked.question if asked.question != asked.said else ""),
        ("index", ", ".join(f"{name} {index[:16]}".strip() for name, index in found.indexes)),
        ("model", f"{found.model or 'none: nothing was found'}  {found.model_hash[:23]}"),
        ("sampling", str(asked.sampling)),
        ("style", f"{asked.style}, from {asked.k} passages{', strict' if asked.strict else ''}"),
        ("seconds", ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in found.timings)),
        ("feedback", "  ".join(filter(None, (found.feedback, found.comment, found.correction)))),
    )
    for label, value in rows:
        if value:
            show.say(f"{label:<12} {value}")
    for message in found.written.messages:
        show.say(f"\n[{message.role}]\n{message.content}")
    show.say(f"\n[answer]\n{found.text}")


def sessions(found: Sequence[Session], *, as_json: bool) -> None:
    """Show conversations, one per line."""
    if as_json:
        show.dump(found)
        return
    for session in found:
        show.say(f"{session.id}  {session.started[:16]}  {session.n_turns:>3} turns  {_short(session.title)}")
    if not found:
        show.message("there is no conversation yet; begin one with: kb chat")


def conversation(found: tuple[Record, ...], to_markdown: Callable[[tuple[Record, ...]], str], *, as_json: bool) -> None:
    """Show a whole conversation, as Markdown or JSON."""
    if as_json:
        show.dump([_data(record) for record in found])
    else:
        show.say(harmless(to_markdown(found)))


def replay(again: Replay, *, as_json: bool) -> None:
    """Show whether an answer came out the same, and what differs."""
    if as_json:
        show.dump(
            {
                "identical": again.identical,
                "changes": again.changes,
                "diff": again.diff,
                "before": json.loads(again.record.answer),
                "answer": again.answer,
            }
        )
        return
    show.say("identical" if again.identical else "not the same")
    for line in (*again.changes, *again.diff):
        show.say(line)


def difference(before: Record, after: Record) -> None:
    """Show the differences between two records."""
    told = (*differences(before, after), *diff(before.text, after.text))
    for line in told:
        show.say(line)
    if not told:
        show.message("the two are the same")


def _data(record: Record) -> dict[str, object]:
    return asdict(record) | {"answer": json.loads(record.answer)}


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
