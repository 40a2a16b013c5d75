"""FHIR R4: resources as plain dicts, transactions, outcomes and the check against the official definitions."""

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.check import FhirProfile, check
from shared.fhir.outcome import outcome
from shared.fhir.reference import Ids, full_url, reference
from shared.fhir.resource import JSON, Decimal, Element, Resource, element, resource, to_json

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
