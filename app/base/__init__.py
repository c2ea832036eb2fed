"""One base on disk: its settings, its embedder, writing to it, its status."""
