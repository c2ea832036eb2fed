"""Text, web, mail, books and archives become Markdown; the table of all readers."""
