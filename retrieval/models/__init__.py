"""Embedders, cross-encoders and judges: found, compiled, run."""
