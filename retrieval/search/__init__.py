"""Search for one question: ask the lanes, fuse, order, weigh and explain."""
