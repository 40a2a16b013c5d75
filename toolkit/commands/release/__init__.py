"""Commands for a release."""
