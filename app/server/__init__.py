"""HTTP: kb's own API, OpenAI's, and MCP."""
