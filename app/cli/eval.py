"""``kb why``, ``kb why-not``, ``kb eval``, ``kb reindex`` and ``kb gc``: explain, measure and move retrieval."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...ingest.errors import InputError
from ..api import KnowledgeBase
from ..as_data import as_data
from ..base.config import Config
from . import show
from .commands import command, commands
from .options import AnsweringBase, AsJson, Base, ChunkTokens, Filters, Lanes, Shown, StoredBase
from .show_asking import show_asking
from .terminal import name

if TYPE_CHECKING:
    from ...retrieval.search.explain import Candidate, Why, WhyNot
    from ..answers.answer import Answer
    from ..measure.evaluate import Evaluation
    from ..measure.judged import Question
    from ..measure.written import WrittenFigures

evaluation = commands()

_WRITTEN = 50
"""Maximum number of questions that a model writes: each takes seconds."""
_ANSWERED = 30
"""Maximum number of questions that it answers."""
_BELOW = 10
"""Number of candidates that ``kb why`` lists below the last one a search shows."""
K = Annotated[int, typer.Option("-k", help="How many passages.")]


@command(evaluation, "why")
def why_(
    question: Annotated[str, typer.Argument(help="As for kb search.")],
    k: K = 10,
    lanes: Lanes = None,
    *,
    filters: Filters,
    shown: Shown,
    base: Base,
    every: Annotated[
        bool, typer.Option("--all", help=f"Also those more than {_BELOW} ranks below what is shown.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show every candidate of a search: what each lane said of it, and the rule that cut it."""
    from ...retrieval.search.explain import why

    with base.open() as kb:
        explained = why(kb.searcher, question, k, lanes or None, filters.where, shown.ordering)
    if as_json:
        show.dump(explained)
    else:
        _show_why(explained, None if every else _BELOW)


@command(evaluation, "why-not")
def why_not_(
    expected: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The file that was expected, or the end of its path.")
    ],
    question: Annotated[str, typer.Argument(help="As for kb search.")],
    k: K = 10,
    lanes: Lanes = None,
    *,
    filters: Filters,
    shown: Shown,
    base: Base,
    as_json: AsJson = False,
) -> None:
    """Explain why a file is not among the passages that a search shows."""
    from ...retrieval.search.explain import why_not

    with base.open() as kb:
        explained = why_not(
            kb.catalog, kb.searcher, expected, question, k, lanes or None, filters.where, shown.ordering
        )
    if as_json:
        show.dump(explained)
    else:
        _show_why_not(explained)


@command(evaluation, "eval")
def eval_(
    sets: Annotated[
        list[Path] | None,
        typer.Argument(help="Sets with corpus.jsonl, queries.jsonl and qrels.tsv. [default: the base]"),
    ] = None,
    questions_of: Annotated[
        Path | None, typer.Option("--questions", metavar="FILE", help="Ask these: lines of JSON with what is expected.")
    ] = None,
    limit: Annotated[int, typer.Option(min=2, help="Questions of a set at most.")] = 200,
    save: Annotated[Path | None, typer.Option(help="Keep the figures, for --compare.")] = None,
    compare_with: Annotated[Path | None, typer.Option("--compare", help="Figures kept before.")] = None,
    *,
    base: AnsweringBase,
    as_json: AsJson = False,
) -> None:
    """Measure how well search finds, by every lane, and whether it knows when it does not know.

    On the base itself, questions are made from its headings, definitions and sentences; a language model, where one is
    configured, writes a quarter of them, and answers some. With --questions those of a file are asked, and the answers scored.
    """
    if questions_of:
        if sets or save or compare_with:
            raise InputError("--questions is for one base, without sets, --save or --compare")
        _ask_people(base, questions_of, as_json=as_json)
        return
    _check_place(save)
    from ..measure.evaluate import compare, evaluate, read_evaluations
    from ..measure.judged import by_text
    from ..measure.written import evaluate_written

    before = read_evaluations(compare_with) if compare_with else ()
    written = None
    if sets:
        done = tuple(evaluate_set(folder, base.config(), limit) for folder in sets)
    else:
        with base.open() as kb:
            questions = _questions(kb, limit)
            done = (evaluate(kb.config.name, kb.catalog, kb.searcher, questions, by_text),)
            if kb.generator().name != "extractive":
                show.message(f"{kb.generator().name} answers up to {_ANSWERED} questions")
                written = evaluate_written(kb.answering, questions, min(limit, _ANSWERED))
        show.message(
            "note: these questions are in the words of your documents; people use others, and are answered less often."
            " To measure that, write some down: kb eval --questions FILE"
        )
    differences = compare(before, done) if before else ()
    if save:
        save.write_text(json.dumps(as_data(done), ensure_ascii=False), encoding="utf-8")
    if as_json:
        told = {"written": as_data(written)} if written else {}
        show.dump({"evaluations": as_data(done), "differences": as_data(differences)} | told)
        return
    for evaluated in done:
        _show_evaluation(evaluated)
    if written:
        _show_written(written)
    for one in differences:
        typer.echo(
            f"{one.name} {one.lane}: nDCG@10 {one.before:.4f} -> {one.after:.4f} over {one.n_questions} questions, "
            f"p = {one.p:.3f}: {one.verdict}"
        )


def _check_place(save: Path | None) -> None:
    """Refuse a file in a folder that is not there, before a long measurement."""
    if save and not save.parent.is_dir():
        raise InputError("{path} does not exist; check the path", path=save.parent)


def _ask_people(base: AnsweringBase, path: Path, *, as_json: bool) -> None:
    """Ask the questions of a file, follow-ups in a conversation; nothing is recorded."""
    from ..answers.chat import Chat
    from ..measure.asking import ask_all
    from ..measure.expected import read_expected

    questions = read_expected(path)
    with base.open() as kb:

        def ask(turns: Sequence[str]) -> Answer:
            talk = Chat(partial(kb.answers, record=False), kb.answering, kb.log, turns=())
            return [talk.ask(turn) for turn in turns][-1]

        done = ask_all(questions, ask)
    if as_json:
        show.dump(done)
    else:
        show_asking(done)


def _show_written(written: WrittenFigures) -> None:
    of = f"of {written.n_questions} questions that have an answer"
    typer.echo(
        f"{written.model}: {of} {written.n_written} answered in its own words, {written.n_quoted} in quotes, "
        f"{written.n_unsure} with the closest passages, {written.n_refused} refused; "
        f"{written.n_cite_right} cite the passage that the question was made from"
    )
    faults = ", ".join(f"{kind} {n}" for kind, n in written.faults) or "none"
    typer.echo(
        f"{written.n_supported} of {written.n_sentences} sentences are borne out; texts with a fault, not shown: {faults}"
    )
    if written.first_word_s is not None and written.words_per_s is not None:
        typer.echo(f"first word after {written.first_word_s:.1f} s (median), then {written.words_per_s:.1f} words/s\n")


def _questions(kb: KnowledgeBase, limit: int) -> list[Question]:
    """Return questions made from a base; a quarter of them written by its model, if it has one."""
    from ..measure.judged import make_questions
    from ..measure.written_questions import write_questions

    generator = kb.generator()
    if generator.name == "extractive":
        return make_questions(kb.catalog, limit)
    n_written = min(limit // 4, _WRITTEN)
    show.message(f"{generator.name} writes {n_written} questions")
    written = write_questions(kb.catalog, generator, n_written)
    if len(written) < n_written:
        show.message(f"note: only {len(written)} of what it wrote are questions that could be asked")
    return [*written, *make_questions(kb.catalog, limit - len(written))]


def evaluate_set(folder: Path, config: Config, limit: int) -> Evaluation:
    """Ingest the passages of a set into a temporary base, and ask its questions."""
    from ...retrieval.models.registry import open_embedder
    from ..measure.evaluate import evaluate
    from ..measure.judged import lay_out, read_set

    questions = read_set(folder, limit)
    with tempfile.TemporaryDirectory() as temporary:
        files, units = lay_out(folder, Path(temporary) / "files")
        embedder = open_embedder(config.embedder, cache=config.models, progress=show.message)
        with KnowledgeBase.open("evaluation", home=Path(temporary), embedder=embedder or "tfidf") as kb:
            kb.ingest([files])
            return evaluate(folder.resolve().name, kb.catalog, kb.searcher, questions, units)


def _show_evaluation(evaluated: Evaluation) -> None:
    typer.echo(
        f"{evaluated.name}: {len(evaluated.questions)} questions, {evaluated.n_documents} documents, "
        f"{evaluated.n_chunks} passages"
    )
    typer.echo(
        f"{'lane':<7} {'nDCG@10':>7} {'95 %':>13} {'R@1':>6} {'R@5':>6} {'R@10':>6} {'MRR@10':>6}"
        f" {'p50 ms':>7} {'p95':>7} {'p99':>7}"
    )
    for one in evaluated.figures:
        typer.echo(
            f"{one.lane:<7} {one.ndcg10:7.4f} {one.interval[0]:6.3f}-{one.interval[1]:.4f} {one.recall1:6.3f}"
            f" {one.recall5:6.3f} {one.recall10:6.3f} {one.mrr10:6.3f} {one.p50_ms:7.1f} {one.p95_ms:7.1f} {one.p99_ms:7.1f}"
        )
    abstention = evaluated.abstention
    typer.echo(
        f"answers {abstention.answered:.1%} of {abstention.n_answerable} questions that have an answer; "
        f"shows the closest passages of {abstention.unsure:.1%}, and says of the others that nothing was found"
    )
    if abstention.n_unanswerable:
        n = abstention.n_unanswerable
        shown = f"{abstention.unsure_without:.1%} with the closest passages"
        typer.echo(f"refuses {abstention.abstained:.1%} of {n} that have none here, {shown}; the rest get a wrong one")
    if abstention.strict:
        strictness, answered = abstention.strict
        typer.echo(f"with KB_STRICTNESS={strictness:g} answers at most 5 % of those, and {answered:.1%} of the others")
    curve = "  ".join(f"{coverage:.0%} {risk:.2f}" for coverage, risk in abstention.curve)
    typer.echo(f"share of wrong answers if only so many questions are answered, the surest first: {curve}\n")


@command(evaluation)
def reindex(
    chunk_tokens: ChunkTokens = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the embedder and size before.")] = False,
    *,
    base: Base,
    as_json: AsJson = False,
) -> None:
    """Move to another embedder, size of passages or --store, from stored text, while the old one answers.

    Run it again if it was interrupted.
    """
    if base.store and base.embedder is None and chunk_tokens is None and not rollback:
        _move_store(base, base.store, as_json=as_json)
        return
    if (base.embedder is None and chunk_tokens is None) != rollback:
        raise InputError(
            "say where to move: kb reindex --embedder NAME, --chunk-tokens N, --store STORE, or --rollback"
        )
    with (
        base.open(embedder="auto") as kb,
        show.progress() as progress,
    ):
        if rollback:
            moved = kb.rollback(progress=progress, say=show.message)
        else:
            moved = kb.reindex(base.embedder, chunk_tokens=chunk_tokens, progress=progress, say=show.message)
    if as_json:
        show.dump(moved)
        return
    typer.echo(
        f"moved from {moved.previous} to {moved.embedder}: {moved.n_documents} documents, {moved.n_chunks} passages, "
        f"{moved.n_embedded} newly embedded; {moved.seconds:.1f} s"
    )
    show.message("to go back: kb reindex --rollback; to free what the old one needs: kb gc")


def _move_store(base: Base, store: str, *, as_json: bool) -> None:
    with base.open(store=None) as kb, show.progress() as progress:
        moved = kb.move_store(store, progress=progress)
    if as_json:
        show.dump(moved)
        return
    typer.echo(f"moved {moved.n_vectors} vectors from {moved.previous} to {moved.store}; {moved.seconds:.1f} s")
    for note in moved.notes:
        show.message(f"note: {note}")


@command(evaluation)
def gc(*, base: StoredBase, as_json: AsJson = False) -> None:
    """Free what belongs to embedders that do not serve any more."""
    with base.open(embedder="auto") as kb:
        freed = kb.gc()
    if as_json:
        show.dump(freed)
        return
    typer.echo(
        f"freed {freed.bytes / 1e6:.1f} MB: {freed.n_vectors} vectors, {freed.n_spare_chunks} passages kept to go back, "
        f"{len(freed.collections)} vector indexes"
    )


def _show_why(explained: Why, below: int | None) -> None:
    weights = ", ".join(
        f"{lane} x {weight:.2f}" for lane, weight in zip(explained.lanes, explained.weights, strict=True)
    )
    typer.echo(f"score = sum of z x weight: {weights}")
    if any(candidate.rerank is not None for candidate in explained.candidates):
        typer.echo("ranked by the cross-encoder's score, where it read the passage")
    typer.echo(f"{'rank':>4} {'shown':>5} {'score':>7}  {_columns(explained)}  passage")
    last = max((at for at, candidate in enumerate(explained.candidates, 1) if candidate.place), default=0)
    listed = explained.candidates[: None if below is None else last + below]
    for candidate in listed:
        show.say(_line(candidate))
    if left := len(explained.candidates) - len(listed):
        show.message(f"{left} more rank below; all of them: kb why --all")
    for note in explained.notes:
        show.message(f"note: {note}")


def _columns(explained: Why) -> str:
    return "  ".join(f"{lane:>6} {'score':>7} {'z':>6}" for lane in explained.lanes)


def _line(candidate: Candidate) -> str:
    read = "" if candidate.rerank is None else f"  rerank {candidate.rerank:.4f}"
    votes = "  ".join(
        f"{f'#{vote.rank}' if vote.rank else '-':>6} {vote.score:7.3f} {vote.z:6.2f}" for vote in candidate.votes
    )
    place = candidate.place or "-"
    passage = f"{name(Path(candidate.chunk.source).name)} ({candidate.chunk.start}-{candidate.chunk.stop})"
    rule = f"  cut: {candidate.cut}" if candidate.cut else ""
    rule += f" ({name(Path(candidate.repeats).name)})" if candidate.repeats else ""
    rule += "  holds the question word for word" if candidate.verbatim else ""
    rule += "  the question names its document" if candidate.named else ""
    rule += f"  names +{candidate.names:.2f}" if candidate.names else ""
    return f"{candidate.rank:>4} {place:>5} {candidate.score:7.3f}  {votes}{read}  {passage}{rule}"


def _show_why_not(explained: WhyNot) -> None:
    show.say(f"{name(explained.source)}: {explained.fate}\n{explained.reason}")
    for note in explained.notes:
        show.message(f"note: {note}")
