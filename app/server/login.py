"""Signing in to the web page of a server that has tokens. Never a token in a URL."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..i18n.texts import ZH, texts_for
from .requests import COOKIE, Door

_A_DAY_S = 86_400
_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>kb</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>body{{font-family:system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;margin:0}}
form{{display:grid;gap:.8rem;width:min(22rem,88vw)}}input,button{{font:inherit;padding:.6rem .8rem;border-radius:8px;
border:1px solid #8888}}button{{background:#0f766e;color:#fff;border:0;cursor:pointer}}p{{color:#b91c1c;margin:0}}</style>
<form method="post" action="login"><h1>kb</h1><label for="token">{label}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>{wrong}
<button>{send}</button></form></html>"""


class SignIn:
    """An ASGI middleware that sends visitors without a token from the page to the sign-in form."""

    def __init__(self, app: ASGIApp, *, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or send its browser to ``/login``."""
        opened = scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET"
        stranger = opened and self._door.role(Request(scope)) is None
        await (RedirectResponse("login", 303) if stranger else self._app)(scope, receive, send)


def login(door: Door) -> APIRouter:
    """Return ``/login`` and ``/logout``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def ask(request: Request) -> HTMLResponse:
        return _page(request)

    @router.post("/login")
    def check(request: Request, token: Annotated[str, Form(max_length=200)]) -> Response:
        if not door.opens_the_page(token.strip()):
            return _page(request, wrong=True)
        answer = RedirectResponse("./", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, token.strip(), _A_DAY_S, httponly=True, samesite="strict", secure=secure)
        return answer

    @router.get("/logout")
    def leave() -> Response:
        answer = RedirectResponse("login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    return router


def _page(request: Request, *, wrong: bool = False) -> HTMLResponse:
    texts = texts_for(request.headers.get("accept-language", ""))
    said = f"<p role=alert>{texts['token_wrong']}</p>" if wrong else ""
    lang = "zh" if texts is ZH else "en"
    page = _PAGE.format(lang=lang, label=texts["token"], wrong=said, send=texts["token_send"])
    return HTMLResponse(page, 401 if wrong else 200)
