"""Small transactions for the tests of a FHIR server."""

import json
from typing import Any

from shared.envelope import Outgoing
from shared.fhir import entry

PAS = "https://fhir.example.wales/Id/pas"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
IDS = {n: f"00000000-0000-5000-8000-0000000000{n:02}" for n in range(1, 100)}


def token(system: str, value: str) -> str:
    return f"identifier={system}|{value}"


def patient(number: int = 1, value: str = "P1", **elements: Any) -> dict[str, Any]:
    named = {"identifier": [{"system": PAS, "value": value}], "name": [{"family": "Llewelyn", "given": ["Ann"]}]}
    return {"resourceType": "Patient", "id": IDS[number], **named, **elements}


def observation(number: int = 2, subject: str = f"urn:uuid:{IDS[1]}", value: float = 7.4) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": IDS[number],
        "status": "final",
        "code": {"text": "Potassium"},
        "subject": {"reference": subject},
        "valueQuantity": {"value": value, "unit": "mmol/L"},
    }


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [e if "request" in e else entry(e) for e in entries]}


def outgoing(*entries: dict[str, Any]) -> Outgoing:
    return Outgoing(content_type="application/fhir+json", body=json.dumps(bundle(*entries)).encode(), control_id="A1")


def results(value: str = "P1") -> Outgoing:
    """An observation, and its patient only when there is none."""
    return outgoing(entry(patient(value=value), if_none_exist=token(PAS, value)), observation())


def admission(value: str = "P1", removed: tuple[str, ...] = (), **elements: Any) -> Outgoing:
    """A patient that is merged into what the server holds."""
    return outgoing(entry(patient(value=value, **elements), merge=token(PAS, value), removed=removed))


def merge(survivor: str = "P1", other: str = "P2") -> Outgoing:
    """A40: both patients get their link."""
    link = {1: "replaces", 3: "replaced-by"}

    def linked(number: int, to: int, value: str) -> dict[str, Any]:
        lead = [{"other": {"reference": f"urn:uuid:{IDS[to]}"}, "type": link[number]}]
        content = {"resourceType": "Patient", "id": IDS[number], "identifier": [{"system": PAS, "value": value}]}
        return entry({**content, "active": number == 1, "link": lead}, merge=token(PAS, value))

    return outgoing(linked(1, 3, survivor), linked(3, 1, other))
