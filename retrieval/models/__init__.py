"""Find, compile and run embedders, cross-encoders and judges."""
