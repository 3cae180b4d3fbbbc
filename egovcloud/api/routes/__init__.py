"""One module a noun; each holds a table named ``routes``."""
