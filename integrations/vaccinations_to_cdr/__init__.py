"""Vaccinations, as JSON events or as VXU^V04, to the Clinical Data Repository."""

from pathlib import Path
from typing import Any

from integrations.vaccinations_to_cdr import mapping, rules
from integrations.vaccinations_to_cdr.seen import SEEN
from shared.destinations.fhir_server import FhirServer
from shared.fhir import FhirProfile
from shared.formats.either.profile import EitherProfile
from shared.formats.either.source import Either
from shared.formats.hl7v2.source import Hl7
from shared.formats.json.events import JsonEvents
from shared.formats.json.schema import SchemaProfile
from shared.hl7.identifier import nhs_number, own_number
from shared.integration import Http, Integration, Queue
from shared.mapping.mapped import mapped_to_fhir
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON
from shared.validation.structures import VXU_V04

EVENT = SchemaProfile("vaccination event", Path(__file__).parent / "schema.json", rules.RULES, rules.POLICIES)
MESSAGE = Hl7Profile(
    name="VXU^V04 2.5.1",
    structures={"VXU_V04": VXU_V04},
    rules=(*COMMON, *rules.OF_MESSAGES, mapped_to_fhir),
    policies=rules.POLICIES,
)


def patient(sent: Any) -> str:
    """The NHS Number of an event or a message."""
    return str(sent["patient"]["nhsNumber"]) if isinstance(sent, dict) else nhs_number(sent["PID"])


INTEGRATION = Integration(
    name="vaccinations-to-cdr",
    summary="Vaccinations given, refused or corrected reach the Clinical Data Repository.",
    owner="integration-team@example.nhs.wales",
    source=Either(
        json=JsonEvents(),
        hl7=Hl7(versions=("2.5.1",), messages=("VXU^V04",), stamp=True),
    ),
    triggers=(Http(), Queue()),
    profile=EitherProfile(hl7=MESSAGE, json=EVENT),
    lane=lambda sent: patient(sent) or own_number(sent["PID"], "3"),
    transform=mapping.bundle,
    outgoing=FhirProfile(
        "Immunization",
        claims=(mapping.PROFILE,),
        same_id={
            "Immunization": "the number of the vaccination at its source",
            "Observation": "the number of the vaccination, and the code of what was observed",
        },
    ),
    destination=FhirServer("CDR"),
    patient=patient,
    dropped=rules.DROPPED,
    seen=SEEN,
)
