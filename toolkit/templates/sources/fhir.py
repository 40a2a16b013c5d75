"""The title: describe its purpose here."""

from typing import Any

from shared.destinations.memory import Memory
from shared.formats.fhir.profile import ResourceProfile
from shared.formats.fhir.source import Fhir
from shared.integration import Http, Integration, Queue
from shared.validation.authorities import NHS_NUMBER
from toolkit.templates.seen import SEEN

PROFILE = ResourceProfile("The title")


def numbers(bundle: Any) -> list[Any]:
    """The identifiers of the first patient."""
    resources = (each["resource"] for each in bundle.get("entry", ()))
    return next((each.get("identifier", []) for each in resources if each["resourceType"] == "Patient"), [])


def patient(bundle: Any) -> str:
    """The NHS Number; ``""`` without one."""
    return next((each.get("value", "") for each in numbers(bundle) if each.get("system") == NHS_NUMBER), "")


def lane(bundle: Any) -> str:
    """The NHS Number, otherwise the first identifier."""
    return patient(bundle) or next((f"{each.get('system')}|{each.get('value')}" for each in numbers(bundle)), "")


INTEGRATION = Integration(
    name="the-name",
    summary="Say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=Fhir(bundle_types=("message", "collection")),
    triggers=(Http(), Queue()),
    profile=PROFILE,
    lane=lane,
    transform=lambda bundle: bundle,  # passed on as it was sent; a mapping.py may change it
    outgoing=PROFILE,
    destination=Memory(),
    seen=SEEN,
    patient=patient,
)
