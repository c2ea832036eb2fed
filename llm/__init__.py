"""Generate text from a prompt: the model backends."""
