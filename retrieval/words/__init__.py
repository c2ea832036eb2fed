"""Parse words, numbers and questions: pure functions of text."""
