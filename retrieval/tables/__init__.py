"""Read tables from a document's Markdown, and query them exactly."""
