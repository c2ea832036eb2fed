"""The catalog: its schema, tables and upkeep."""
