"""The fault laboratory: whole scenarios in virtual time, broken at every step in turn."""
