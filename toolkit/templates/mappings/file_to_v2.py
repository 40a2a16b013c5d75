"""The title: a document and its sidecar -> MDM^T02, with the document in OBX-5."""

from typing import Any

from shared.fhir.reference import full_url
from shared.fhir.resource import Resource, element, resource
from shared.hl7 import Message, compose, replace
from shared.mapping import from_bundle
from shared.mapping.back.values import date_time_dtm
from shared.mapping.events import codeable, subject
from shared.mapping.events import patient as person_of
from shared.validation import Hl7Profile
from shared.validation.rules import OUTGOING as RULES
from shared.validation.standard_structures import structures_of

OUTGOING = Hl7Profile(name="The title MDM 2.5.1", structures=structures_of(("MDM^T02",)), rules=RULES)


def to_message(sidecar: Any) -> Message:
    """The notice of the document; other segments can be added here."""
    made = from_bundle({"resourceType": "Bundle", "entry": entries(sidecar)}, "MDM^T02^MDM_T02")
    header, event_type, *others = made.segments()
    sent, mode = date_time_dtm(sidecar["recorded"]), "T" if sidecar.get("test") else "P"
    names = {"3": "SENDER", "5": "TARGET", "7": sent, "10": sidecar["id"], "11": mode}
    return compose(made, [replace(header, names), replace(event_type, {"2": sent}), *others])


def entries(sidecar: Any) -> list[Resource]:
    """The patient and the description of the document."""
    made = person_of(sidecar["patient"], "patient"), described(sidecar, "patient")
    return [{"fullUrl": full_url(each["id"]), "resource": each} for each in made]


def described(sidecar: Any, patient_id: str) -> Resource:
    """The document, one line for each element."""
    document = sidecar["document"]
    attachment = element(contentType=document["contentType"], data=document["data"], title=document.get("title"))
    return resource(
        "DocumentReference",
        id="document",
        masterIdentifier=element(system=sidecar["source"], value=document["id"]),
        status=document["status"],
        type=codeable(document["type"]),
        subject=subject(patient_id, sidecar["patient"]["nhsNumber"]),
        date=sidecar["recorded"],
        content=[{"attachment": attachment}],
    )
