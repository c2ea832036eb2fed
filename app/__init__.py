"""The stages joined: the Python API and the faces that stand on it."""
