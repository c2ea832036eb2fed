"""Constrain what a model may write: no banned strings, only given figures and words, or a phrase of a quote."""
