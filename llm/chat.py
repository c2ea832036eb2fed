"""A prompt becomes the messages that every chat API takes, and no text in it can pose as a turn of its own.

Comes in: a ``Prompt``, whose passages come from anywhere. Goes out: role and content. Never: a model's control token
inside the content: tokenizers read ``<|eot_id|>`` in a document as the end of the turn.
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
    """One message, as JSON has it."""

    role: str
    content: str


def turns(prompt: Prompt) -> list[Turn]:
    """Return the messages, with a space put into whatever looks like a control token: ``< |eot_id|>``."""
    return [
        Turn(role=message.role, content=_CONTROL.sub(r"\g<0> ", whole(message.content))) for message in prompt.messages
    ]


def whole(text: str) -> str:
    """Return the text with ``?`` for each half of a surrogate pair, which JSON and tokenizers refuse."""
    return text.encode("utf-8", "replace").decode("utf-8")
