"""The text in pictures."""
