"""Imports Gradio without two parts kb does not use: an MCP server, and type stubs rewritten on every import.

Together they take more than half of the CPU time of that import, which every ``kb ui`` and ``kb serve`` waits for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_STUBS, _SERVER = "gradio.component_meta", "gradio.mcp"


class _Lean(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with _hidden("mcp"):
            self._loader.exec_module(module)
        if hasattr(module, "create_or_modify_pyi"):
            vars(module)["create_or_modify_pyi"] = lambda *_: None


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in (_STUBS, _SERVER):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Lean(spec.loader)
        return spec


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Make importing a package fail as if it were not installed, unless it is already imported."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # documented: an import of it fails
    try:
        yield
    finally:
        del sys.modules[package]


def import_lean() -> None:
    """Make a future import of gradio leave them out."""
    if "gradio" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
