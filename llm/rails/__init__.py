"""What a model may write: without strings that are banned, figures and words that it was given, a phrase of a quote."""
