"""The check of a resource against the definitions of R4 and the national profiles."""
