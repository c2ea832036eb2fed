"""Tokens: who may do what on a server that others can reach.

Comes in: a token as sent by a client. Goes out: its role. Never: a token written to disk (only its SHA-256; a token has 256
random bits, so a slow hash would add no protection) or to a log.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from ...ingest.errors import InputError, StorageError

ROLES = ("read", "write", "admin")
"""Each role includes the ones before it: ask and search; add and remove documents; create and delete bases."""

_PREFIX = "kb-"


@dataclass(frozen=True, slots=True)
class Token:
    """What is stored for a token."""

    id: str
    """The first 8 hex digits of its hash."""
    role: str
    note: str
    created: str
    """ISO 8601, UTC."""
    sha256: str
    bases: tuple[str, ...] = ()
    """The only bases it is valid for; empty: all."""


def allows(role: str, needed: str) -> bool:
    """Return whether a role includes another."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


class Tokens:
    """The tokens of a home, in ``tokens.json``, reread whenever the file changes."""

    def __init__(self, home: Path) -> None:
        self._path = home / "tokens.json"
        self._seen: tuple[int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def list(self) -> tuple[Token, ...]:
        """Return all tokens, oldest first.

        Raises:
            StorageError: the file is damaged.
        """
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_ino) != self._seen:
                rows = json.loads(self._path.read_text(encoding="utf-8"))
                self._tokens = tuple(Token(**row | {"bases": tuple(row.get("bases", ()))}) for row in rows)
                self._seen = (stat.st_mtime_ns, stat.st_ino)
        except FileNotFoundError:
            self._tokens, self._seen = (), None
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(
                "{path}: cannot be read ({why}); fix it, or remove it and add tokens", path=self._path, why=error
            ) from error
        return self._tokens

    def add(self, role: str, note: str = "", bases: Sequence[str] = ()) -> str:
        """Create a token and return it; it cannot be shown again.

        Args:
            role: one of ``ROLES``.
            note: whose it is.
            bases: the only bases it is valid for; they need not exist yet. Default: all.
        Raises:
            InputError: there is no such role.
        """
        if role not in ROLES:
            raise InputError("{role!r} is not a role; the roles are {roles:list}", role=role, roles=ROLES)
        secret = _PREFIX + secrets.token_urlsafe(32)
        digest = _digest(secret)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with self._writing():
            self._write((*self.list(), Token(digest[:8], role, note, created, digest, tuple(bases))))
        return secret

    def revoke(self, token_id: str) -> None:
        """Delete a token; a running server refuses it from now on.

        Raises:
            InputError: there is no such token.
        """
        if all(token.id != token_id for token in self.list()):
            raise InputError("there is no token {token_id!r}; kb token list shows them", token_id=token_id)
        with self._writing():
            self._write(tuple(token for token in self.list() if token.id != token_id))

    def find(self, secret: str) -> Token | None:
        """Return the stored data of a token, or ``None`` if it is unknown."""
        digest = _digest(secret)
        found = [token for token in self.list() if secrets.compare_digest(token.sha256, digest)]
        return found[0] if found else None

    def _writing(self) -> FileLock:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(str(self._path.with_suffix(".lock")), timeout=5)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        new = self._path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump([asdict(token) for token in tokens], file, indent=2)
        new.replace(self._path)
        self._seen = None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
