"""One suite for all drivers: a capability that a driver declares is a test here that it passes."""
