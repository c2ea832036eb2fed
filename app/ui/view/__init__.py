"""What a document looks like on the page: text, sheets, slides and pages, with what is cited marked."""
