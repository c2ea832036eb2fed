"""How well a base finds and answers; whether a model works on this machine."""
