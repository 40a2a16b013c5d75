"""The names of FHIR R4. The path of an issue has only these: any other property name is the sender's text and may be personal."""

import re
from functools import cache

import orjson

from shared.fhir.definitions.tables import FOLDER

UNKNOWN = "(unknown)"
STEP = re.compile(r"[^.\[\]]+")


@cache
def names() -> frozenset[str]:
    """Every type, and every JSON property of any type."""
    return frozenset(orjson.loads((FOLDER / "names.json").read_bytes()))


def known_name(name: str) -> str:
    """The name of a type or a property; ``(unknown)`` if FHIR R4 has no such name.

    >>> known_name("birthDate"), known_name("_birthDate"), known_name("Jones")
    ('birthDate', '_birthDate', '(unknown)')
    """
    return name if name.removeprefix("_") in names() else UNKNOWN


def mask_path(path: str) -> str:
    """The path with every step that is not an index or a name of FHIR replaced by ``(unknown)``.

    >>> mask_path("Bundle.entry[0].resource.Jones.name[1]")
    'Bundle.entry[0].resource.(unknown).name[1]'
    """
    return STEP.sub(lambda step: step[0] if step[0].isascii() and step[0].isdigit() else known_name(step[0]), path)
