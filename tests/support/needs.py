"""Skips what needs a package that is not installed, without importing one that is: that costs seconds at every collection."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def needs(*packages: str, extra: str) -> None:
    """Skip the test, or the module that says so at its head, unless all the packages are installed."""
    for package in packages:
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'kb-rag[{extra}]'", allow_module_level=True)
