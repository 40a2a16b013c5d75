"""The ops page: service status, what became of a message, what needs action. Metadata only, never content."""
