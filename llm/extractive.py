"""Answer without a model: quote the sentences that answer the question, word for word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate

from ..ingest.errors import CannotDoError
from ..ingest.text.split import count_words
from ..prompts.fill import language_of, nothing_found
from ..prompts.prompt import Prompt, TaskName
from ..prompts.templates import Language
from ..retrieval.hit import Hit
from ..retrieval.sentences.units import Candidate, is_row
from ..retrieval.words.asks import asks_for
from .candidates import candidates_of
from .composed import comparison, summary
from .generator import Pieces, Sampling
from .quotes import Quote, laid_out, leads_in, listed_with, name_of, rows_with
from .sampling import require
from .selection import is_part, select

MAX_ITEMS = 12
"""Limit for a list, a table or lines of code that the best sentence leads in."""
_SHORT_LIST = 6
"""Items. In a longer list several may look alike, and one of them be meant."""
_WHOLE = 800
"""Characters up to which a passage was not cut: a table in it is whole."""
_ROWS: Mapping[Language, str] = {"en": "{n} rows", "zh": "{n} 行"}
"""Heading above rows when the question asks how many there are."""


class Extractive:
    """A ``Generator`` that quotes."""

    name = "extractive"
    context_tokens = 1 << 20

    def count_tokens(self, text: str) -> int:
        """Return the length in characters: there is no tokenizer, and no limit that needs one."""
        return len(text)

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """Yield the sentences that answer, best first, each with its mark; in ``sampling``, only ``seed`` is moot.

        Raises:
            CannotDoError: something other than quoting the best sentences was requested.
        """
        if require(self.name, sampling, frozenset()) == "sample":
            raise CannotDoError("{name} quotes and leaves nothing to chance; ask with temperature 0", name=self.name)
        quotes = _DONE[prompt.task](prompt)
        kept = _within(quotes, sampling.max_tokens)
        if not kept:
            yield prompt.nothing_found or nothing_found(language_of(prompt.question))
        before: Quote | None = None
        for quote in kept:
            yield f"{laid_out(quote, before)} [{quote[1].passage}]"
            before = quote
        return "length" if len(kept) < len(quotes) else "stop"

    def close(self) -> None:
        """Nothing to free."""


def _answer(prompt: Prompt) -> list[Quote]:
    """Return the sentences that answer, under their file's name if the question asks for a file.

    After the best one comes what it leads in, or the rest of its list: a list is more than one of its lines.
    """
    question, chosen = prompt.question, select(prompt)
    all_ = list(candidates_of(prompt))
    best = chosen[:1]
    led = [one for one in all_ if best and leads_in(best[0], one)][:MAX_ITEMS]
    count = asks_for("count", question)
    if best and not led and (count or asks_for("several", question)) and is_row(best[0].text):
        best = rows_with(best[0], all_, prompt.hits, question)
    elif not led and (
        asks_for("how", question) or asks_for("several", question) or _in_one_list(chosen, all_, prompt.hits)
    ):
        best = _listed(chosen, all_, prompt.hits)
    whole = [*best[:MAX_ITEMS], *led]
    quotes = [*whole, *(one for one in chosen[1:] if not any(is_part(one, other) for other in whole))]
    if asks_for("file", question):
        return [(name_of(prompt.hits[one.passage - 1]), one) for one in quotes]
    if count and 1 < len(best) <= MAX_ITEMS and is_row(best[0].text) and _are_all(best, prompt.hits):
        return [(_ROWS[language_of(question)].format(n=len(best)), one) for one in best]
    return [("", one) for one in quotes]


def _listed(chosen: Sequence[Candidate], all_: Sequence[Candidate], hits: Sequence[Hit]) -> list[Candidate]:
    """Return the best sentence with its list, or with the list of another sentence of its passage."""
    for at, one in enumerate(chosen):
        listed = listed_with(one, all_, hits) if one.passage == chosen[0].passage else []
        if len(listed) > 1:
            return [*chosen[: at > 0], *listed]
    return list(chosen[:1])


def _in_one_list(chosen: Sequence[Candidate], all_: Sequence[Candidate], hits: Sequence[Hit]) -> bool:
    """Return whether several of the sentences are of the best one's short list: then all of it answers, in its order."""
    listed = listed_with(chosen[0], all_, hits) if len(chosen) > 1 else []
    return len(listed) <= _SHORT_LIST and any(
        is_part(one, item) for one in chosen[1:] for item in listed if not is_part(chosen[0], item)
    )


def _are_all(rows: Sequence[Candidate], hits: Sequence[Hit]) -> bool:
    """Return whether a table's rows are all in one passage, which has room for more: of a longer table not all are found."""
    chunk = hits[rows[0].passage - 1].chunk
    in_one = {one.passage for one in rows} == {rows[0].passage}
    return in_one and len(chunk.text) <= _WHOLE and not (chunk.headings and chunk.headings[-1].startswith("| "))


_DONE: Mapping[TaskName, Callable[[Prompt], list[Quote]]] = {
    "answer": _answer,
    "summarise": summary,
    "compare": partial(comparison, select=select),
}


def _within(quotes: Sequence[Quote], max_tokens: int) -> list[Quote]:
    """Return the first quotes with no more than ``max_tokens`` words in all; always the first one, as quotes are whole."""
    used = accumulate(count_words([one.text for _, one in quotes]))
    return [quote for quote, total in zip(quotes, used, strict=True) if total <= max_tokens or quote is quotes[0]]
