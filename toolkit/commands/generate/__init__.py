"""Commands that write generated files."""
