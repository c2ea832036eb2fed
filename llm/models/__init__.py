"""Know language models by short name: which ones there are, where they come from, and which fit this machine."""
