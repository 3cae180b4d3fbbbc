"""Answer models that more than one noun shows."""
