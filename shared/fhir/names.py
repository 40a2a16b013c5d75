"""Names that FHIR R4 has: only those may stand in a path. A property that FHIR does not know is a text that its sender chose."""

import re
from functools import cache

import orjson

from shared.fhir.tables import FOLDER

UNKNOWN = "(unknown)"
STEP = re.compile(r"[^.\[\]]+")


@cache
def names() -> frozenset[str]:
    """Every type and every JSON property of any type."""
    return frozenset(orjson.loads((FOLDER / "names.json").read_bytes()))


def known(name: str) -> str:
    """The name of a type or a property, ``(unknown)`` when FHIR R4 has none such anywhere.

    >>> known("birthDate"), known("_birthDate"), known("Jones")
    ('birthDate', '_birthDate', '(unknown)')
    """
    return name if name.removeprefix("_") in names() else UNKNOWN


def masked(path: str) -> str:
    """A path whose every step is an index or a name of FHIR.

    >>> masked("Bundle.entry[0].resource.Jones.name[1]")
    'Bundle.entry[0].resource.(unknown).name[1]'
    """
    return STEP.sub(lambda step: step[0] if step[0].isascii() and step[0].isdigit() else known(step[0]), path)
