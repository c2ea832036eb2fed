"""multilingual-e5-small as a Python package carries it: 4-bit weights, read as data."""
