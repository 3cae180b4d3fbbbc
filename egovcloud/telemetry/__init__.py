"""Prometheus: what this process counts of its own work."""
