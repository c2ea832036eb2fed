"""The files on disk and the catalog are brought into agreement."""
