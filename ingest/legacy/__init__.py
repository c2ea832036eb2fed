"""Office files from before 2007 become Markdown."""
