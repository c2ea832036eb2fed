"""Tables in documents: read out of their Markdown, and asked exactly."""
