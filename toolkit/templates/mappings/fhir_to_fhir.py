"""The title: each resource of the bundle is created or updated under a number of its own."""

from typing import Any

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.profile import FhirProfile
from shared.fhir.resource import Resource
from shared.mapping.transaction import numbered

OUTGOING = FhirProfile("TARGET")


def to_transaction(bundle: Any) -> Resource:
    """The transaction: an element that is absent keeps what the repository holds."""
    names = {"MSH-3": "the-name", "MSH-4": "", "MSH-10": bundle["identifier"]["value"]}
    sent = [each for each in bundle["entry"] if each["resource"]["resourceType"] != "MessageHeader"]
    return transaction_bundle(names, *map(written, sent))


def written(sent: Any) -> Resource:
    """The entry under the name that the others refer to it by."""
    made = sent["resource"]
    return {**entry(made, merge=numbered(made)), "fullUrl": sent["fullUrl"]}
