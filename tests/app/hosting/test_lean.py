"""Gradio is imported without its type stubs and its MCP server, and works."""

from __future__ import annotations

import subprocess
import sys

from needs import needs

needs("gradio", extra="ui")

PROBE = """
import sys
import kb.app.ui
import gradio, gradio.component_meta
print(gradio.component_meta.create_or_modify_pyi.__module__, "mcp" in sys.modules)
with gradio.Blocks() as page:
    box = gradio.Textbox()
    box.submit(str.upper, box, box)
print(len(page.fns))
import mcp.types
print(mcp.types.ToolAnnotations.__name__)
"""


def test_gradio_is_imported_lean() -> None:
    """No stub is written, no MCP server made; components are what they are, and so is the package of ``kb mcp``."""
    needs("mcp", extra="mcp")
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.split() == ["kb.app.hosting.lean", "False", "1", "ToolAnnotations"]
