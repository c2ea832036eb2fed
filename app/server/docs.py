"""``/docs``: the endpoints as a readable page, made from the OpenAPI document.

It loads nothing from elsewhere: the usual page loads its scripts from a CDN, which this server's security policy blocks and a
computer without a network cannot reach.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import cast

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

Schema = Mapping[str, object]

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>kb: HTTP API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:52rem;margin:0 auto;padding:1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow:auto;padding:.6rem;border:1px solid #8886;
border-radius:6px}h3 b{display:inline-block;min-width:4.5em;text-transform:uppercase;color:#0f766e}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;
border-bottom:1px solid #8883}@media(prefers-color-scheme:dark){h3 b{color:#5eead4}}</style>
"""
_INTRODUCTION = """<h1>kb: HTTP API</h1><p>The machine-readable description is <a href="openapi.json">openapi.json</a>.
<code>/v1</code> is what clients of OpenAI speak; each knowledge base is a model. On a server with tokens, send
<code>Authorization: Bearer TOKEN</code>. The <code>text</code> of an answer and of its sentences, and its
<code>reasoning</code>, are Markdown that any viewer can show; a <code>quote</code> and a passage are exactly what the document
says: show them as plain text. Errors are <code>{"error": {"message", "type", "code"}}</code>.</p>"""


def docs(app: FastAPI) -> APIRouter:
    """Return ``/docs``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    def page() -> HTMLResponse:
        return HTMLResponse(_PAGE + _INTRODUCTION + "".join(_endpoints(app.openapi())) + "</html>")

    return router


def _endpoints(document: Schema) -> Iterator[str]:
    components = cast("Schema", document.get("components", {}))
    schemas = cast("Mapping[str, Schema]", components.get("schemas", {}))
    for path, methods in cast("Mapping[str, Mapping[str, Schema]]", document["paths"]).items():
        for method, operation in methods.items():
            place = escape(f"{method}-{path}")
            yield f'<section id="{place}"><h3><b>{method}</b> <code>{escape(path)}</code></h3>'
            yield f"<p>{escape(str(operation.get('description', '')))}</p>"
            yield from _parameters(cast("list[Schema]", operation.get("parameters", [])))
            yield from _body(operation, schemas)
            codes = cast("Mapping[str, Schema]", operation["responses"])
            yield f"<p>Answers: {', '.join(escape(code) for code in sorted(codes))}</p></section>"


def _parameters(parameters: list[Schema]) -> Iterator[str]:
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(str(one['name']))}</code><td>{one['in']}<td>{_kind(cast('Schema', one['schema']))}"
            for one in parameters
        )
        yield f"<table><tr><th>parameter<th>in<th>what{rows}</table>"


def _body(operation: Schema, schemas: Mapping[str, Schema]) -> Iterator[str]:
    body = cast("Mapping[str, Mapping[str, Mapping[str, Schema]]]", operation.get("requestBody", {}))
    for form, content in body.get("content", {}).items():
        schema = _resolved(content["schema"], schemas)
        required = cast("list[str]", schema.get("required", []))
        yield f"<table><tr><th>{escape(form)}<th>what<th>"
        for name, each in cast("Mapping[str, Schema]", schema.get("properties", {})).items():
            said = "required" if name in required else f"default {_default(each)}" if "default" in each else ""
            yield f"<tr><td><code>{escape(name)}</code><td>{_kind(_resolved(each, schemas))}<td>{said}"
        yield "</table>"


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return schemas[name] if name else schema


def _default(schema: Schema) -> str:
    return f"<code>{escape(json.dumps(schema['default'], ensure_ascii=False))}</code>"


def _kind(schema: Schema) -> str:
    """Return in words what a value must be."""
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in cast("list[Schema]", schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(one))}</code>" for one in cast("list[object]", schema["enum"]))
    words = escape(str(schema.get("type", schema.get("title", "anything"))))
    limits = {
        "minimum": ">=",
        "exclusiveMinimum": ">",
        "maximum": "<=",
        "exclusiveMaximum": "<",
        "maxLength": "length <=",
    }
    said = [f"{sign} {schema[key]}" for key, sign in limits.items() if key in schema]
    of = f" of {_kind(cast('Schema', schema['items']))}" if "items" in schema else ""
    return words + of + (f" ({escape(', '.join(said))})" if said else "")
