"""Workers that are killed and stopped in the middle of their work, and what must be true afterwards."""
