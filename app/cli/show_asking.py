"""Prints the results of ``kb eval --questions``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from . import show

if TYPE_CHECKING:
    from ..measure.asking import Asking

_SHOWN = 20
"""Maximum number of wrongly answered questions shown."""


def show_asking(done: Asking) -> None:
    """Print the verdicts by kind, the agreement with the expected answers, and what went wrong."""
    from ..measure.asking import HAVE, HAVE_NONE

    columns = (*HAVE, *HAVE_NONE)
    typer.echo(f"{'':<14}{'n':>5}" + "".join(f"{column:>18}" for column in columns))
    for one in done.kinds:
        typer.echo(f"{one.kind:<14}{one.n:>5}" + "".join(f"{one.counts[column] or '.':>18}" for column in columns))
    counts = done.kinds[-1].counts
    n, without = sum(counts[verdict] for verdict in HAVE), sum(counts[verdict] for verdict in HAVE_NONE)
    typer.echo(
        f"sure and right {_share(counts['right'], n)} of {n} that have an answer, sure and wrong {_share(counts['wrong'], n)};"
        f" not sure {_share(counts['not sure, right'] + counts['not sure, wrong'], n)}, nothing {_share(counts['nothing'], n)}"
    )
    if without:
        typer.echo(f"answered though there is no answer: {_share(counts['answered falsely'], without)} of {without}")
    typer.echo(
        f"over {done.n_compared} sure answers: EM {done.exact_match:.3f}, F1 {done.f1:.3f}, ROUGE-L {done.rouge_l:.3f},"
        f" BLEU {done.bleu:.3f}; the right file is cited or near {done.found:.1%};"
        f" median {done.median_characters:.0f} characters"
    )
    missed = [outcome for outcome in done.outcomes if outcome.verdict not in {"right", "refused", "not sure"}]
    for outcome in missed[:_SHOWN]:
        show.say(f"{outcome.verdict}: {outcome.question.question}")
    if len(missed) > _SHOWN:
        show.message(f"{len(missed) - _SHOWN} more; all of them, with what was shown: kb eval --questions FILE --json")


def _share(n: int, of: int) -> str:
    return f"{n / of:.1%}" if of else "-"
