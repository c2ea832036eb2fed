"""Split passages into sentences, and find the sentence that answers a question."""
