"""What words, numbers and questions are: pure functions of text."""
