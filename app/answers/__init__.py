"""From a question to an answer, and the record of answers."""
