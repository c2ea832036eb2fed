"""Office files become Markdown."""
