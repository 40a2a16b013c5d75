"""Which version of the hub this is: what ``./hub package`` wrote into the zip."""

from functools import cache
from pathlib import Path

FILE = "version.txt"  # next to function_app.py
NOT_PACKAGED = "source"


@cache
def version() -> str:
    """The commit that the package was made from; ``source`` where the app runs from a work tree."""
    path = Path(__file__).resolve().parent.parent / FILE
    return path.read_text("utf-8").strip() if path.exists() else NOT_PACKAGED
