"""What happens when something is clicked, asked or dropped in the browser.

Comes in: what Gradio hands over. Goes out: HTML and updates, in the order of the outputs that ``ui`` wires. Never: an action
that the visitor's role does not allow, or an error shown as an answer.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import gradio as gr

from ..ingest.document import IngestReport
from ..ingest.errors import InputError, KBError
from ..ingest.sync import Step
from ..llm.generator import Sampling
from . import ui_html
from .api import KnowledgeBase
from .server_auth import allows
from .server_bases import Bases, forget, upload
from .server_gate import Gate
from .ui_html import Turn
from .ui_sources import nothing_chosen, panel
from .ui_texts import texts_for

Update: TypeAlias = "Mapping[str, object]"
"""What ``gr.update`` returns."""

_REFRESH_S = 0.1
_HEADING = re.compile(r"^#{2,3} +(.{4,60})$", re.MULTILINE)
_HANZI = re.compile(r"[\u4e00-\u9fff]")
_EXAMPLES, _LOOKED_AT = 4, 40


class Handlers:
    """The handlers of one page; what a visitor sees is in Gradio's session state, not here."""

    def __init__(self, bases: Bases, gate: Gate) -> None:
        self.bases = bases
        self.gate = gate

    # Asking

    def ask(
        self,
        question: str,
        turns: list[Turn],
        base: str,
        k: float,
        temperature: float,
        seed: float,
        max_tokens: float,
        request: gr.Request,
    ) -> Iterator[tuple[object, ...]]:
        """Yield (question, turns, conversation, panel, send, stop) as the answer grows."""
        texts = texts_for(request.headers.get("accept-language", ""))
        if not question.strip():
            yield tuple(gr.skip() for _ in range(6))
            return
        turn = Turn(question.strip())
        busy = (gr.update(visible=False), gr.update(visible=True))
        idle = (gr.update(visible=True), gr.update(visible=False))
        shown = ui_html.conversation([*turns, turn], texts)
        yield "", [*turns, turn], shown, nothing_chosen(texts), *busy
        sampling = Sampling(seed=int(seed), temperature=float(temperature), max_tokens=int(max_tokens))
        side: object = nothing_chosen(texts)
        try:
            kb = self.bases.get(base)
            last = 0.0
            with self.gate.ticket() as ticket:
                ticket.wait()
                for answer in kb.stream(question, int(k), sampling):
                    turn = replace(turn, answer=answer)
                    if not answer.finished and time.monotonic() - last > _REFRESH_S:
                        last = time.monotonic()
                        shown = ui_html.conversation([*turns, turn], texts)
                        yield gr.skip(), [*turns, turn], shown, gr.skip(), gr.skip(), gr.skip()
            if turn.answer:
                side = panel(kb, turn.answer, len(turns), texts)
        except KBError as error:
            turn = replace(turn, error=str(error))
        yield gr.skip(), [*turns, turn], ui_html.conversation([*turns, turn], texts), side, *idle

    def stop(self, turns: list[Turn], request: gr.Request) -> tuple[object, ...]:
        """Return (turns, conversation, send, stop) with the last answer left as it is."""
        texts = texts_for(request.headers.get("accept-language", ""))
        if turns and turns[-1].under_way:
            turns = [*turns[:-1], replace(turns[-1], stopped=True)]
        return turns, ui_html.conversation(turns, texts), gr.update(visible=True), gr.update(visible=False)

    def choose(self, turns: list[Turn], base: str, event: gr.EventData, request: gr.Request) -> str:
        """Return the panel for the mark or source that was clicked."""
        texts = texts_for(request.headers.get("accept-language", ""))
        said = event._data or {}  # noqa: SLF001  Gradio's own way to hand over what the script says
        number, sentence, mark = (_number(said.get(key)) for key in ("turn", "sentence", "mark"))
        if number is None or not 0 <= number < len(turns) or mark is None:
            return nothing_chosen(texts)
        answer = turns[number].answer
        if answer is None or (sentence is not None and not 0 <= sentence < len(answer.sentences)):
            return nothing_chosen(texts)
        return panel(self.bases.get(base), answer, number, texts, sentence, mark)

    def export(self, turns: list[Turn]) -> str:
        """Return the conversation as Markdown, with its sources."""
        parts = []
        for turn in turns:
            parts.append(f"## {turn.question}\n\n{turn.answer.text if turn.answer else turn.error}\n")
            for citation in turn.answer.citations if turn.answer else ():
                page = f", p. {citation.page}" if citation.page else ""
                quote = " ".join(citation.quote.split())
                parts.append(f"- [{citation.mark}] {Path(citation.source).name}{page}: {quote}")
        return "\n".join(parts) + "\n"

    # The page, and choosing a base

    def page(self, base: str | None, request: gr.Request) -> tuple[object, ...]:
        """Return (base, turns, conversation, panel, documents, facts): a base as it is first shown."""
        texts = texts_for(request.headers.get("accept-language", ""))
        names = self.bases.names()
        name = base if base in names else self.bases.config.name
        kb = self.bases.get(name)
        return (
            gr.update(choices=list(names), value=name),
            [],
            self._welcome(kb, texts),
            nothing_chosen(texts),
            _documents(kb, texts),
            self._facts(kb, texts),
        )

    def create(self, name: str, request: gr.Request) -> tuple[object, ...]:
        """Return (base, name, message) after making a base."""
        texts = texts_for(request.headers.get("accept-language", ""))
        try:
            _check(request, "write")
            self.bases.create(name.strip())
        except KBError as error:
            return gr.skip(), gr.skip(), ui_html.problem(str(error), texts)
        done = ui_html.message(texts["created"].format(name=name.strip()))
        return gr.update(choices=list(self.bases.names()), value=name.strip()), "", done

    def ask_delete(self, base: str, request: gr.Request) -> tuple[object, ...]:
        """Return (row, question) that ask whether the base is to go."""
        texts = texts_for(request.headers.get("accept-language", ""))
        n = self.bases.get(base).status().n_documents
        asked = texts["delete_really"].format(name=base, n=n)
        return gr.update(visible=True), ui_html.message(asked)

    def delete(self, base: str, request: gr.Request) -> tuple[object, ...]:
        """Return (base, row, message) after removing a base."""
        texts = texts_for(request.headers.get("accept-language", ""))
        try:
            _check(request, "admin")
            self.bases.delete(base)
        except KBError as error:
            return gr.skip(), gr.update(visible=False), ui_html.problem(str(error), texts)
        done = ui_html.message(texts["removed"].format(name=base))
        first = gr.update(choices=list(self.bases.names()), value=self.bases.config.name)
        return first, gr.update(visible=False), done

    # Documents

    def filter(self, base: str, only: str, request: gr.Request) -> str:
        """Return the documents whose name contains ``only``."""
        texts = texts_for(request.headers.get("accept-language", ""))
        return _documents(self.bases.get(base), texts, only)

    def upload(self, files: list[str] | None, base: str, request: gr.Request) -> Iterator[tuple[object, ...]]:
        """Yield (files, progress, documents) while files are read."""
        texts = texts_for(request.headers.get("accept-language", ""))
        if not files:
            return
        try:
            _check(request, "write")
            kb = self.bases.get(base)
            steps: queue.Queue[Step | IngestReport | BaseException] = queue.Queue()
            threading.Thread(target=_ingest, args=(kb, files, steps), daemon=True).start()
            yield gr.skip(), ui_html.message(texts["saving"].format(n=len(files))), gr.skip()
            while isinstance(said := _latest(steps), Step):
                bar = ui_html.progress(said.stage, said.done, said.total, said.source, texts)
                yield gr.skip(), bar, gr.skip()
            if isinstance(said, BaseException):
                raise said
        except KBError as error:
            yield None, ui_html.problem(str(error), texts), gr.skip()
            return
        yield None, ui_html.report(said, texts), _documents(kb, texts)

    def forget(self, base: str, only: str, event: gr.EventData, request: gr.Request) -> tuple[str, str]:
        """Return (message, documents) after forgetting the document that was clicked."""
        texts = texts_for(request.headers.get("accept-language", ""))
        source = str((event._data or {}).get("source", ""))  # noqa: SLF001  as in ``choose``
        kb = self.bases.get(base)
        try:
            _check(request, "write")
            forget(kb, source)
        except KBError as error:
            return ui_html.problem(str(error), texts), _documents(kb, texts, only)
        return ui_html.message(texts["removed"].format(name=Path(source).name)), _documents(kb, texts, only)

    # How it is done

    def _welcome(self, kb: KnowledgeBase, texts: ui_html.Texts) -> str:
        name = self.bases.generator.name
        local = name.startswith(("extractive", "gguf", "hf"))
        questions = examples(kb, texts)
        empty = not kb.sources()
        return ui_html.welcome(questions, texts, empty=empty, remote_model="" if local else name)

    def _facts(self, kb: KnowledgeBase, texts: ui_html.Texts) -> str:
        status = kb.status()
        facts = {"model": self.bases.generator.name, "embedder": status.embedder}
        shown = "".join(f"<p><b>{texts[key]}</b>{ui_html.escape(value)}</p>" for key, value in facts.items())
        return f'<div class="kb-facts">{shown}</div>'


def examples(kb: KnowledgeBase, texts: ui_html.Texts) -> list[str]:
    """Return questions made from headings of the base, in the language of the texts where there are such."""
    by_document: list[list[str]] = []
    chinese = bool(_HANZI.search(texts["ask"]))
    for row in [row for row in kb.sources() if row.document_id][:_LOOKED_AT]:
        headings = [heading.strip() for heading in _HEADING.findall(kb.document_text(row.source))]
        fitting = [heading for heading in headings if bool(_HANZI.search(heading)) == chinese]
        by_document.append(sorted(fitting, key=lambda heading: not heading.endswith(("?", "？"))))
    ranked = [headings[at] for at in range(_EXAMPLES) for headings in by_document if at < len(headings)]
    ranked.sort(key=lambda heading: not heading.endswith(("?", "？")))
    return [
        heading if heading.endswith(("?", "？")) else texts["example"].format(topic=heading)
        for heading in dict.fromkeys(ranked)
    ][:_EXAMPLES]


def _documents(kb: KnowledgeBase, texts: ui_html.Texts, only: str = "") -> str:
    return ui_html.documents(kb.ledger(), kb.status(), texts, only)


def _check(request: gr.Request, role: str) -> None:
    """Refuse what the visitor's token does not allow; without tokens, the visitor is the user of this computer."""
    if request.username and not allows(request.username, role):
        raise InputError(texts_for(request.headers.get("accept-language", ""))["forbidden"])


def _ingest(kb: KnowledgeBase, files: list[str], steps: queue.Queue[Step | IngestReport | BaseException]) -> None:
    try:
        steps.put(upload(kb, [(Path(file).name, Path(file)) for file in files], steps.put))
    except BaseException as error:  # noqa: BLE001  it is raised again where the steps are read
        steps.put(error)


def _latest(steps: queue.Queue[Step | IngestReport | BaseException]) -> Step | IngestReport | BaseException:
    """Wait for the next step, and skip those that are overtaken already."""
    time.sleep(_REFRESH_S)
    said = steps.get()
    while isinstance(said, Step) and not steps.empty():
        said = steps.get()
    return said


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
