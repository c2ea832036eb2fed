"""Find the chunks for a question: embedders, vector indexes, keyword lanes and their fusion."""
