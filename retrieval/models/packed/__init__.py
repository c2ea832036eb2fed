"""Read multilingual-e5-small from a package: 4-bit weights, read as data; and the parts trained to be the reader."""
