"""Files become text and chunks, kept in the catalog: the truth from which all else is derived."""
