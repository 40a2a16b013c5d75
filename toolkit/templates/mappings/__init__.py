"""A mapping for each pair of formats that differ, ``<read>_to_<written>``. What has none is passed on as it was sent."""
