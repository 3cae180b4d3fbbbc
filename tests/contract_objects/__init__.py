"""The contract of object storage: the same tests for every store."""
