"""A question becomes an answer, and what is kept of answers."""
