"""HL7 v2 to FHIR R4 by the HL7 v2-to-FHIR guide, and back: datatypes, segments, messages, code tables.

Each direction is imported when it is first used, to keep the start of an app fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.mapping.back.bundle import Composed, compose_bundle, from_bundle
    from shared.mapping.guide import Converted, convert, mapping_issues, to_bundle
    from shared.mapping.preparation import prepared

__all__ = ["Composed", "Converted", "compose_bundle", "convert", "from_bundle", "mapping_issues", "prepared", "to_bundle"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    back = name in ("Composed", "compose_bundle", "from_bundle")
    module = "back.bundle" if back else "preparation" if name == "prepared" else "guide"
    return getattr(import_module(f"shared.mapping.{module}"), name)
