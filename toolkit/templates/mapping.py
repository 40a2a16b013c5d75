"""Stands for the mapping of a new integration, which is one of ``mappings``."""
