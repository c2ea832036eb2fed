"""Answers that need no passages: the inventory, mentions, table results."""
