"""PDF files become Markdown."""
