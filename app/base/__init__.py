"""One base on disk: its settings, what embeds it, what writes to it, its status."""
