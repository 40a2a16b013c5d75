"""What became of each message; the truth about every message in flight."""
