"""Commands for taking over an integration from another engine."""
