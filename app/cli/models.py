"""``kb models``: the models on this machine, how well they do, and the only command that downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...llm.models.cores import busy_cores, physical_cores
from ...llm.models.known import known_models, pull_known, pulled
from ...retrieval.models.registry import ModelOnDisk, list_models, pull
from ..as_data import as_data
from ..base.config import load_config
from . import show
from .commands import command, commands
from .options import AsJson, Home, Place

if TYPE_CHECKING:
    from ..measure.model_check import ModelCheck

models = commands("Models on this machine: to embed, to rerank and to write answers.")


@command(models, "list")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """List the models on this machine, each with the option that takes it: --embedder, --rerank or --llm."""
    models = load_config(home=home).models
    files = {name: path for name in known_models() if (path := pulled(name, models))}
    known = (ModelOnDisk(name, str(path), path.stat().st_size, "language") for name, path in files.items())
    show.models((*list_models(models), *known), as_json=as_json)


@command(models, "pull")
def pull_(
    name: Annotated[
        str,
        typer.Argument(
            help="A known name, e.g. smollm2; a Hugging Face name, e.g. BAAI/bge-m3; or OWNER/MODEL/FILE, "
            "e.g. Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf."
        ),
    ],
    home: Home = None,
) -> None:
    """Download a model: to embed, to rerank, or to write answers; the only command that uses the network."""
    models = load_config(home=home).models
    if name in known_models():
        path = pull_known(name, models)
        show.message(f"pulled {name} ({known_models()[name].licence}) to {path}; use it with: --llm {name}")
    else:
        show.message(f"pulled {name} to {pull(name, models)}")


@command(models, "suggest")
def suggest_(home: Home = None, as_json: AsJson = False) -> None:
    """Say which language models this machine can run: seconds to the first word, and words a second."""
    from ..measure.suggest import best, measured_speed, suggestions

    place = load_config(home=home).models
    speed = measured_speed(place)
    found = suggestions(place, speed)
    if as_json:
        show.dump({"speed": as_data(speed), "models": as_data(found)})
        return
    typer.echo(f"{'model':<14} {'languages':<9} {'memory':>8} {'first word':>10} {'words/s':>8}  {'':<14} licence")
    for one in found:
        said = {"fits": "on this machine" if one.is_here else "fits", "slow": "too slow", "large": "too large"}[
            one.verdict
        ]
        typer.echo(
            f"{one.name:<14} {', '.join(one.languages):<9} {one.memory_bytes / 1e9:5.1f} GB {one.first_word_s:8.1f} s"
            f" {one.words_per_s:8.1f}  {said:<15} {one.licence}"
        )
    by = (
        f"measured with {speed.measured_with}"
        if speed.measured_with
        else "an estimate; kb models pull smollm2 lets it measure"
    )
    show.message(f"speed: {by}, on {physical_cores()} cores")
    if (busy := busy_cores()) > physical_cores() / 2:
        show.message(f"note: this machine is busy ({busy:.1f} cores); on a quiet one models are faster")
    for language, name in (("English", "en"), ("Chinese", "zh")):
        if chosen := best(found, name):
            get = (
                f"--llm {chosen.name}" if chosen.is_here else f"kb models pull {chosen.name}, then --llm {chosen.name}"
            )
            show.message(f"for {language}: {get}")


@command(models, "check")
def check_(
    model: Annotated[
        str,
        typer.Argument(help="An embedding model: minilm, a folder or a Hugging Face name."),
    ],
    *,
    base: Place,
    as_json: AsJson = False,
) -> None:
    """Try an embedding model on this machine and on the knowledge base: how it runs, what it reads, whether it would help."""
    from ..api import KnowledgeBase
    from ..measure.model_check import check_model

    config = base.config()
    if config.is_there:
        with KnowledgeBase(config) as kb:
            checked = check_model(model, config.models, kb.catalog, kb.embedder, show.message)
    else:
        checked = check_model(model, config.models, say=show.message)
    if as_json:
        show.dump(checked)
    else:
        _show_check(checked)


def _show_check(checked: ModelCheck) -> None:
    cosine = "not compared: sentence-transformers is not installed"
    if checked.cosine is not None:
        cosine = f"mean {checked.cosine:.5f}, least {checked.least_cosine:.5f}"
    rows = [
        ("model", f"{checked.name}  ({checked.folder})"),
        ("runs on", checked.runs),
        ("vectors", f"{checked.dim} numbers; reads {checked.max_tokens} tokens at once"),
        ("prompts", f"query {checked.query_prompt!r}, passage {checked.document_prompt!r}"),
        ("cosine", cosine),
        ("speed", f"{checked.chunks_per_s:.0f} passages/s"),
    ]
    if checked.base:
        on = checked.base
        beside = f"; {on.current} {on.current_readable:.0%}" if on.current else ""
        rows.append(("reads", f"{on.readable:.0%} of the passages{beside}"))
        beside = f"; {on.current} {on.current_ndcg10:.4f}, p = {on.p:.3f}" if on.current else ""
        among = f"{on.n_questions} questions made from the base, among {on.n_passages} passages"
        rows.append(("finds", f"nDCG@10 {on.ndcg10:.4f}{beside}  ({among})"))
    for label, value in rows:
        typer.echo(f"{label:<16} {value}")
    typer.echo(checked.verdict)
