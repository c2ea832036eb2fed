"""``python -m kb``: the command line."""

from __future__ import annotations

from .app.cli.main import main

main()
