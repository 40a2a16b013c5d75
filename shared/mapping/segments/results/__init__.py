"""Segments of results (chapter 7): the report, its observations and specimens."""
