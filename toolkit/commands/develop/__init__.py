"""Commands for the developer of an integration."""
