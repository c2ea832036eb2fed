"""A question finds its chunks: embedders, vector indexes, keyword lanes and their fusion."""
