"""The ops page: how the hub is, what became of a message, what waits for a person. Metadata only, never content."""
