"""Keep vectors outside the catalog: one file for each engine that people already run."""
