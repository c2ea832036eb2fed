"""MCP clients see the base through four tools, tested with the official client over real pipes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from kb import KnowledgeBase

mcp = pytest.importorskip("mcp", reason="the mcp extra is not installed")


async def test_an_mcp_client_lists_and_calls_each_tool(tmp_path: Path) -> None:
    """Search, ask, list and read, with exact places; a wrong source is an error the client can read."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "travel.md").write_text("# Travel\n\nHotel nights are refunded up to 120 dollars.\n")
    with KnowledgeBase.open(embedder="tfidf") as base:
        base.ingest([folder])
    source = str(folder / "travel.md")
    server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "kb", "mcp"], env=dict(os.environ), cwd="/")
    async with mcp.Client(server) as client:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == {"search", "ask", "list", "read"}
        asked = await client.call_tool("ask", {"question": "How much is refunded for a hotel night?"})
        answer = json.loads(asked.content[0].text)
        assert "120 dollars" in answer["answer"]
        assert (answer["sure"], answer["abstained"], answer["closest"]) == (True, False, [])
        text = Path(source).read_text()
        assert text[answer["citations"][0]["start"] : answer["citations"][0]["stop"]] == answer["citations"][0]["quote"]
        found = await client.call_tool("search", {"question": "hotel", "k": 1})
        assert source in found.content[0].text
        listed = await client.call_tool("list", {})
        assert source in listed.content[0].text
        read = json.loads((await client.call_tool("read", {"source": source})).content[0].text)
        assert (read["text"], read["next"]) == (text, None)
        by_name = json.loads((await client.call_tool("read", {"source": "travel.md"})).content[0].text)
        assert by_name == read
        wrong = await client.call_tool("read", {"source": "/etc/passwd"})
        assert wrong.is_error
        assert "'/etc/passwd' is not in the knowledge base" in wrong.content[0].text
        beyond = await client.call_tool("read", {"source": source, "start": 10**6})
        assert "the text has" in beyond.content[0].text
        assert (await client.call_tool("search", {"question": "hotel", "k": 10**9})).is_error
        described = {tool.name: tool.input_schema["properties"] for tool in tools}
        assert all(field["description"] for fields in described.values() for field in fields.values())
