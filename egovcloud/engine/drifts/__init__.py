"""Drift: what is desired and what is seen as facts, the journal of what differs, and the remedies."""
