"""Recorded pairs of the replaced engine next to what the hub does with them: the report, and its faces."""
