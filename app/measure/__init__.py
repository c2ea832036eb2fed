"""How well a base retrieves and answers; whether a model works on this machine."""
