"""Control plane and operations console of a government computing centre."""
