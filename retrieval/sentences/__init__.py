"""Sentences: passages taken apart, and which sentence answers a question."""
