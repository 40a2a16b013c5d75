"""Admissions, transfers, discharges, registrations and merges to the Clinical Data Repository."""

from integrations.pas_adt_to_cdr import rules
from integrations.pas_adt_to_cdr.codes import AUTHORITIES
from integrations.pas_adt_to_cdr.dropped import DROPPED
from integrations.pas_adt_to_cdr.seen import SEEN
from shared.destinations.fhir_server import FhirServer
from shared.fhir.profile import FhirProfile
from shared.fhir.resource import Resource
from shared.formats.hl7v2.source import Hl7
from shared.hl7 import Message
from shared.hl7.identifier import nhs_number, number, own_number
from shared.integration import Http, Integration
from shared.mapping.wales.claims import profile
from shared.mapping.wales.written_anew import ADMISSIONS
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON

EVENTS = ("A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A11", "A12", "A13", "A28", "A31", "A34", "A40")


def to_transaction(message: Message) -> Resource:
    """The mapping, imported with the first message: an app that starts does without it."""
    from integrations.pas_adt_to_cdr.mapping import to_transaction

    return to_transaction(message)


INTEGRATION = Integration(
    name="pas-adt-to-cdr",
    summary="Patients, visits, allergies, diagnoses and insurance of patient administration systems reach the CDR.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.4", "2.5", "2.5.1"), messages=tuple(f"ADT^{event}" for event in EVENTS), stamp=True),
    triggers=(Http(),),
    profile=Hl7Profile(
        name="PAS ADT",
        structures=rules.STRUCTURES,
        rules=(*COMMON, *rules.ALL),
        policies=rules.POLICIES,
        refuses=("discharge-has-its-time",),
        exempt={
            "date": ("PID-7",),  # birth-date-exists is stricter
            "local-code": ("PID-16", "PID-22", "PID-32", "PV1-4", "PV1-10", "PV1-14", "PV1-36"),  # lists of Wales
        },
    ),
    lane=lambda message: own_number(message["PID"], "3"),
    after=lambda message: number(message["MRG"].first("1")),
    transform=to_transaction,
    outgoing=FhirProfile("CDR admissions", claims=(profile("Patient"),), new_id=ADMISSIONS),
    destination=FhirServer("CDR"),
    codes=(AUTHORITIES,),
    dropped=DROPPED,
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
