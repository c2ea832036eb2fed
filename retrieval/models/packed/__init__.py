"""multilingual-e5-small as a package carries it: 4-bit weights, read as data; and what of it was trained to be the reader."""
