"""Chunks become a prompt, and a model's text becomes sentences with citations."""
