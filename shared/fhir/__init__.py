"""FHIR R4: resources as plain dicts, transactions, outcomes and the check against the official definitions.

``check`` is imported when it is first used, to keep the start of an app fast.
"""

from typing import TYPE_CHECKING, Any

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.outcome import outcome
from shared.fhir.profile import FhirProfile
from shared.fhir.reference import Ids, full_url, reference
from shared.fhir.resource import JSON, Decimal, Element, Resource, element, resource, to_json

if TYPE_CHECKING:
    from shared.fhir.validation.checker import check

__all__ = [
    "JSON",
    "Decimal",
    "Element",
    "FhirProfile",
    "Ids",
    "Resource",
    "check",
    "element",
    "entry",
    "full_url",
    "outcome",
    "reference",
    "resource",
    "to_json",
    "transaction_bundle",
]


def __getattr__(name: str) -> Any:
    if name != "check":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from shared.fhir.validation.checker import check

    globals()["check"] = check
    return check
