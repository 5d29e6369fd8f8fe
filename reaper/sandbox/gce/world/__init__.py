"""Worlds to clean: one of each kind, as a test suite leaves them, and a look at all that exists."""
