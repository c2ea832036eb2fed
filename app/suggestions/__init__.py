"""Suggested questions about a base: made from what its documents hold, and kept if kb answers them."""
