"""A conversation: each question may refer to earlier ones, and each answer is searched for from scratch.

Comes in: what was typed. Goes out: answers. Never: a passage carried over from an earlier turn, or an unfinished turn in the
history.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from collections.abc import Generator as Generates
from contextlib import closing

from ...ingest.media import page_name
from ...llm.generator import Sampling
from ...prompts.condense import Turn, by_rule, checked, condense_prompt
from ...prompts.leaning import leans
from ...prompts.prompt import TaskName
from ...prompts.templates import Style
from ...retrieval.search.search import PLAIN
from ...retrieval.search.select import Ordering
from ...retrieval.where import Where
from .answer import PASSAGES, Answer, Asked, checked_question
from .answering import Answering
from .log import Log, new_session
from .record import Record, answer_of

_CONDENSED_TOKENS = 128


class Chat:
    """One conversation; not thread-safe. Closing what ``stream`` returns stops the answer, not the conversation."""

    def __init__(
        self,
        answers: Callable[[Asked], Generates[Answer]],
        answering: Answering,
        log: Log,
        session: str | None = None,
        turns: Sequence[Turn] | None = None,
    ) -> None:
        """Begin or continue a conversation; create it with ``Asks.chat``.

        Raises:
            InputError: there is no such conversation, and ``turns`` is not given.
        """
        records = log.session(session) if session and turns is None else ()
        self.id = records[0].session if records else session or new_session()
        parts = answering.library.parts
        said = (
            turn_of(record.asked.said, answer_of(record, lambda base: parts[base].catalog if base in parts else None))
            for record in records
        )
        self._turns = list(said if turns is None else turns)
        self._answers = answers
        self._generator = answering.generator
        self._templates = answering.prompts

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The questions and answers, oldest first."""
        return tuple(self._turns)

    def ask(self, text: str) -> Answer:
        """Return the answer to what was typed; see ``stream``."""
        *_, answer = self.stream(text)
        return answer

    def stream(
        self,
        text: str,
        k: int = PASSAGES,
        sampling: Sampling | None = None,
        where: Where | None = None,
        *,
        style: Style = "plain",
        strict: bool = False,
        ordering: Ordering = PLAIN,
        task: TaskName | None = None,
    ) -> Generates[Answer]:
        """Yield the answer as it grows; its ``question`` is what was searched for.

        Raises: as ``KnowledgeBase.stream``.
        """
        text = checked_question(text, k)
        question = self.standing_alone(text)
        asked = Asked(
            question, k, sampling or Sampling(), where or Where(), style, strict, text, self.id, ordering,
            self._turns[-1].about if self._turns and leans(text) else (), task,
        )  # fmt: skip
        with closing(self._answers(asked)) as answers:
            for answer in answers:
                if answer.finished:
                    self._turns.append(turn_of(text, answer))
                yield answer

    def standing_alone(self, text: str) -> str:
        """Return what was typed as a standalone question; unchanged if it is one already.

        A model rewrites it if there is one and it adds only what was said; otherwise a rule carries the topic over.
        """
        if not self._turns or not leans(text):
            return text
        generator = self._generator()
        if generator.name != "extractive":
            room = generator.context_tokens - _CONDENSED_TOKENS
            prompt = condense_prompt(
                text, self._turns, count_tokens=generator.count_tokens, room_tokens=room, templates=self._templates
            )
            written = "".join(generator.generate(prompt, Sampling(max_tokens=_CONDENSED_TOKENS)))
            if condensed := checked(written, text, self._turns):
                return condensed
        return by_rule(text, self._turns)


def turn_of(said: str, answer: Answer) -> Turn:
    """Return a question and its answer, with what later questions may refer to."""
    cited = answer.citations or answer.closest[:1]
    about = tuple(dict.fromkeys((one.base, one.source) for one in cited))
    passages = (hit.chunk.text for hit in answer.hits if (hit.base, hit.chunk.source) in about[:1])
    exact = answer.text[slice(*answer.answer_span)] if answer.answer_span else ""
    return Turn(said, answer.question, answer.text, about, exact, "\n".join(passages))


def to_markdown(records: tuple[Record, ...]) -> str:
    """Return a conversation as Markdown, each answer followed by its quotes."""
    parts = [f"# {records[0].asked.said}\n\n{records[0].at}\n"]
    for record in records:
        parts.append(f"## {_one_line(record.asked.said)}\n\n{record.text}\n")
        quotes = [
            f"- [{cited['mark']}] "
            + (f"{cited['base']}: " if cited.get("base") else "")
            + cited["source"]
            + (f", {page_name(cited['source'], cited['page'])}" if cited["page"] else "")
            + f" ({cited['start']}-{cited['stop']}): {_one_line(cited['quote'])}"
            for sentence in json.loads(record.answer)["sentences"]
            for cited in sentence["citations"]
        ]
        if quotes:
            parts.append("\n".join(dict.fromkeys(quotes)) + "\n")
    return "\n".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())
