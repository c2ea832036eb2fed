"""Open a vector store by its address: ``chroma``, ``http://host:port``, ``qdrant:FOLDER``, ``postgres://host/database``, etc.

Comes in: an address without a secret. Goes out: a store. Never: a client's own error type.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from ...ingest.errors import InputError, MissingExtraError
from ...ingest.notice import Notice
from .answering import Answering, answering
from .chroma import ChromaStore
from .index import Store
from .lance import LanceStore
from .langchain import LangChainStore
from .milvus import MilvusStore
from .postgres import PostgresStore
from .qdrant import QdrantStore

CHROMA = "chroma"
"""The default store of a base: Chroma in this process, in the base's folder."""

_PACKAGES = {
    "qdrant": ("qdrant_client",),
    "milvus": ("pymilvus",),
    "postgres": ("psycopg", "pgvector"),
    "lance": ("lancedb",),
    "langchain": ("langchain_core",),
}
_IN_PROCESS = ("qdrant", "milvus", "lance")
_SERVERS = ("http", "https", "qdrant", "qdrant+https", "milvus", "milvus+https", "postgres", "postgresql")
_SOCKETS = ("postgres", "postgresql")
"""Schemes of servers that may run on this machine, without a host."""


def checked(spec: str) -> str:
    """Return an address as the base stores it, with an absolute path.

    Raises:
        InputError: it is not one, or contains a password.
    """
    scheme, colon, rest = spec.partition(":")
    if spec == CHROMA or (scheme == "langchain" and rest):
        return spec
    if colon and rest.startswith("//") and scheme in _SERVERS and _is_address(spec):
        if urlsplit(spec).password:
            raise InputError("leave the password out of the address of the store: put it in KB_STORE_KEY")
        return spec
    if scheme in _IN_PROCESS and rest and not rest.startswith("//"):
        return f"{scheme}:{Path(rest).expanduser().absolute()}"
    raise InputError(
        "{spec!r} is no vector store; write chroma, http://host:port (a Chroma server), qdrant://host:port, qdrant:FOLDER,"
        " milvus://host:port, milvus:FILE.db, postgres://user@host/database, lance:FOLDER or langchain:module.Class",
        spec=spec,
    )


def open_store(spec: str, folder: Path, key: str = "") -> Store:
    """Open a store.

    Args:
        spec: ``checked``.
        folder: of the base.
        key: the server's password or key.
    Raises:
        MissingExtraError: its client is not installed.
        StorageError: it does not answer, or cannot be used.
        InputError: it names a LangChain class that does not exist.
    """
    scheme, _, rest = spec.partition(":")
    kind = {"postgresql": "postgres"}.get(scheme, scheme).removesuffix("+https")
    if any(find_spec(package) is None for package in _PACKAGES.get(kind, ())):
        raise MissingExtraError(Notice("The store {spec}", spec=spec), kind)
    is_server = rest.startswith("//")
    place = f"{'https' if scheme.endswith('+https') else 'http'}:{rest}" if is_server else Path(rest)
    openers: dict[str, Callable[[], Store]] = {
        CHROMA: lambda: ChromaStore(folder / CHROMA),
        "http": lambda: ChromaStore(spec),
        "https": lambda: ChromaStore(spec),
        "qdrant": lambda: QdrantStore(place, key),
        "milvus": lambda: MilvusStore(place, key),
        "postgres": lambda: PostgresStore(spec, key),
        "lance": lambda: LanceStore(Path(rest)),
        "langchain": lambda: LangChainStore(rest, folder),
    }
    with answering(spec):
        return Answering(openers[kind](), spec)


def _is_address(text: str) -> bool:
    try:
        url = urlsplit(text)
        return (bool(url.hostname) or url.scheme in _SOCKETS) and url.port != 0
    except ValueError:  # not a port
        return False
