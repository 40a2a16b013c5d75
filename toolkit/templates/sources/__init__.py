"""The declaration of an integration, for each kind of source."""
