"""Commands for a running hub."""
