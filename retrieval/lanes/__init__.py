"""Hold the keyword, vector and TF-IDF lanes and their indexes."""
