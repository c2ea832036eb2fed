"""The stages joined: the Python API and the interfaces built on it."""
