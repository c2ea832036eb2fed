"""Keyword, vector and TF-IDF lanes with their indexes."""
