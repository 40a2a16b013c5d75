"""Codes that no table knows: the code tables of an integration, and which codes of a message are not in them."""
