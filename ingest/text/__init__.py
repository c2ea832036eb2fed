"""Bytes become text, text becomes sentences and chunks."""
