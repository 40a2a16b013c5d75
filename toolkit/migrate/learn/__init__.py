"""A draft of an integration from recorded pairs: for every target field, the simplest rule that explains all of them."""
