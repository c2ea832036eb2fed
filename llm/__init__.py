"""A prompt becomes text: the backends that generate."""
