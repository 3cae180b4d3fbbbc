"""The simulator's methods, one module a noun; ``driver.py`` puts them together."""
