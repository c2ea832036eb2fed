"""Where things are: the repository, the evaluation data beside it, golden files and the handbook."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("KB_SHARED", ROOT.parent / "shared"))
GOLDEN = ROOT / "tests" / "golden"
SUPPORT = ROOT / "tests" / "support"
HANDBOOK = ROOT / "knowledge_base"
MODELS = Path(os.environ.get("KB_TEST_MODELS", ROOT / ".make" / "home" / "models"))
"""Where `make test` puts the real language model."""
