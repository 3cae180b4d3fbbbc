"""API and workers on several hosts: namespaces on a bridge, one PostgreSQL, one front, one simulated cloud."""
