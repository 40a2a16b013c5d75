"""The parallel run of an integration in mode observe: its output next to that of the engine that it replaces."""
