"""Rebuild a packed model's tokenizer, XLM-RoBERTa's, as a ``tokenizer.json`` from its pieces and their scores.

Comes in: a packed file. Goes out: input for the ``tokenizers`` library. Never: the file's character table, which is NFKC except
for what is written out here, and knows no accents that follow their letter.
"""

from __future__ import annotations

import json

from .file import PackedFile

_WAVE, _KEPT = "\uff5e", "\ue000"
"""The full-width tilde has a piece of its own; NFKC would turn it into an ASCII one."""
_SPACES = "[\t\n\r\f\x85\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
_DROPPED = "[\x00-\x1f\x7f-\x9f]"
_FIRST, _LAST, _UNKNOWN = "<s>", "</s>", "<unk>"
_SPECIAL = (_FIRST, "<pad>", _LAST, _UNKNOWN, "<mask>")
_METASPACE = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}


def tokenizer_json(packed: PackedFile) -> str:
    """Return the whole ``tokenizer.json``."""
    ids = {piece: packed.pieces.index(piece) for piece in _SPECIAL}
    return json.dumps(
        {
            "version": "1.0",
            "added_tokens": [_added(piece, at) for piece, at in sorted(ids.items(), key=lambda each: each[1])],
            "normalizer": {
                "type": "Sequence",
                "normalizers": [
                    _replace({"String": _WAVE}, _KEPT),
                    _replace({"Regex": _SPACES}, " "),
                    _replace({"Regex": _DROPPED}, ""),
                    {"type": "NFKC"},
                    _replace({"String": _KEPT}, _WAVE),
                ],
            },
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, _METASPACE]},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [_special(_FIRST), {"Sequence": {"id": "A", "type_id": 0}}, _special(_LAST)],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                "special_tokens": {
                    piece: {"id": piece, "ids": [ids[piece]], "tokens": [piece]} for piece in (_FIRST, _LAST)
                },
            },
            "decoder": _METASPACE,
            "model": {
                "type": "Unigram",
                "unk_id": ids[_UNKNOWN],
                "byte_fallback": False,
                "vocab": list(zip(packed.pieces, packed.scores, strict=True)),
            },
        },
        ensure_ascii=False,
    )


def _added(piece: str, at: int) -> dict[str, object]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": at, "content": piece, **flags, "special": True}


def _replace(pattern: dict[str, str], content: str) -> dict[str, object]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _special(piece: str) -> dict[str, object]:
    return {"SpecialToken": {"id": piece, "type_id": 0}}
