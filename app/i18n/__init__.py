"""User-visible text, in both languages."""
