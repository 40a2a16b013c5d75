"""The one place that reads settings: environment variables, as Azure gives them to a function app."""

import os


def setting(name: str, default: str = "") -> str:
    """The setting's text; the default when it is absent or empty."""
    return os.environ.get(name, "") or default
