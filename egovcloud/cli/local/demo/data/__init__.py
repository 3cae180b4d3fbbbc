"""Who and what the demo city consists of, as data."""
