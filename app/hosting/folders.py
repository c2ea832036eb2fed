"""Folders that a base follows: added once, watched while the server runs, each with its last changes.

Comes in: a base and a folder of this computer. Goes out: what is watched, and the result of the last scan. Never: two writers
at once: each scan waits its turn; or a scan into a base that was renamed or deleted.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from ...ingest.document import Step
from ...ingest.errors import InputError, KBError
from ...ingest.paths import expanded
from ...ingest.run.sync import Selection
from ..api import KnowledgeBase
from ..watch import watch
from .bases import Bases
from .worker import said

_FILE = "folders.json"
_AGAIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Folder:
    """A watched folder."""

    path: str
    looked: float = 0.0
    """Time of the last scan, in seconds since 1970; 0 until the first scan is over."""
    added: int = 0
    updated: int = 0
    removed: int = 0
    failed: int = 0
    problem: str = ""
    """Why it cannot be scanned."""
    step: Step | None = None
    """How far the first scan is; ``None`` once it is over."""


class Folders:
    """The watched folders of all bases, one thread each."""

    def __init__(self, bases: Bases) -> None:
        self._base_of = bases.get
        bases.when_gone.append(self._forget)
        self._state: dict[tuple[str, str], Folder] = {}
        self._stops: dict[tuple[str, str], threading.Event] = {}
        self._lock = threading.Lock()

    def of(self, base: str) -> list[Folder]:
        """Return the folders of a base, and watch them from now on."""
        paths = followed(self._base_of(base))
        for path in paths:
            self._watch(base, path)
        return [self._state.get((base, path), Folder(path)) for path in paths]

    def add(self, base: str, path: str) -> None:
        """Keep a base in step with a folder from now on.

        Raises:
            InputError: there is no such folder.
        """
        place = expanded(path.strip())
        if not place.is_absolute() or not place.is_dir():
            raise InputError("{path!r} is not a folder on this computer; give its full path", path=path.strip()[:200])
        kb = self._base_of(base)
        with self._lock:
            _keep(kb, list(dict.fromkeys([*followed(kb), str(place)])))
        self._watch(base, str(place))

    def drop(self, base: str, path: str) -> None:
        """Stop watching a folder; what was read from it stays."""
        kb = self._base_of(base)
        with self._lock:
            _keep(kb, [one for one in followed(kb) if one != path])
            self._state.pop((base, path), None)
            if stop := self._stops.pop((base, path), None):
                stop.set()

    def _forget(self, base: str) -> None:
        """Stop watching the folders of a base that was renamed or deleted."""
        with self._lock:
            for key in [key for key in self._stops if key[0] == base]:
                self._state.pop(key, None)
                self._stops.pop(key).set()

    def _watch(self, base: str, path: str) -> None:
        with self._lock:
            if (base, path) in self._stops:
                return
            stop = self._stops[base, path] = threading.Event()
        threading.Thread(target=self._work, args=(base, path, stop), daemon=True).start()

    def _work(self, base: str, path: str, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                step = partial(self._step, base, path)
                for report in watch(
                    self._base_of(base), [path], selection=Selection(), progress=step, say=lambda _: None, stop=stop
                ):
                    added, updated, removed, failed = map(
                        len, (report.added, report.updated, report.removed, report.failed)
                    )
                    self._state[base, path] = Folder(path, time.time(), added, updated, removed, failed)
            except Exception as error:  # another process is writing, or the folder is gone: look again later
                if not isinstance(error, KBError | OSError):
                    logging.getLogger("kb").exception("watching a folder failed")
                self._state[base, path] = Folder(path, problem=said(error))
            stop.wait(_AGAIN_S)

    def _step(self, base: str, path: str, step: Step) -> None:
        known = self._state.get((base, path), Folder(path))
        if not known.looked:  # later scans are short, and one that finds nothing new reports no end
            self._state[base, path] = replace(known, problem="", step=step)


def followed(kb: KnowledgeBase) -> list[str]:
    """Return the folders that a base follows."""
    with suppress(OSError, ValueError):
        kept = json.loads((kb.config.folder / _FILE).read_text(encoding="utf-8"))
        return [path for path in kept if isinstance(path, str)]
    return []


def _keep(kb: KnowledgeBase, paths: list[str]) -> None:
    new = kb.config.folder / f"{_FILE}.new"
    new.write_text(json.dumps(paths, ensure_ascii=False), encoding="utf-8")
    new.replace(kb.config.folder / _FILE)  # atomic: a crash leaves the old list or the new one
