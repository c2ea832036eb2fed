"""Turn a prompt into the messages that every chat API takes.

No text in it can pose as a turn: control tokens are broken up, as tokenizers read ``<|eot_id|>`` in a document as the end of
the turn.
"""

from __future__ import annotations

import re
from typing import TypedDict

from ..prompts.prompt import Prompt

_CONTROL = re.compile(
    r"""
      <(?=\|[^|<>\s]{1,40}\|>)                       # <|eot_id|> <|im_start|> <|user|>: LLaMA 3, GLM, Qwen, Phi
    | <(?=｜[^｜<>\s]{1,40}｜>)                       # DeepSeek
    | <(?=/?(?:s|sop|eop|bos|eos|pad|unk|mask|think|start_of_turn|end_of_turn|tool_call|tool_response)>)
    | <(?=</?SYS>>)                                  # LLaMA 2
    | \[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|g?MASK|sMASK)\])  # LLaMA 2, Mistral, ChatGLM
    """,
    re.VERBOSE,
)


class Turn(TypedDict):
    """One message, in JSON form."""

    role: str
    content: str


def turns(prompt: Prompt) -> list[Turn]:
    """Return the messages, with a space inserted into anything that looks like a control token: ``< |eot_id|>``."""
    return [
        Turn(role=message.role, content=_CONTROL.sub(r"\g<0> ", whole(message.content))) for message in prompt.messages
    ]


def whole(text: str) -> str:
    """Return the text with ``?`` for each lone surrogate, which JSON and tokenizers refuse."""
    return text.encode("utf-8", "replace").decode("utf-8")
