"""Turn chunks into a prompt, and a model's text into cited sentences."""
