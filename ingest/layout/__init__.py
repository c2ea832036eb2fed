"""Boxes on a page become lines, columns and paragraphs, in PDF files and recognised pictures alike."""
