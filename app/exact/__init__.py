"""Answers that need no passages: what there is, what mentions something, what tables come to."""
