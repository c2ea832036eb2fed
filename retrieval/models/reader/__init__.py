"""A small model that reads a question and a sentence in its place together: trained by benchmarks/reader."""
