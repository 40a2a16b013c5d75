"""FHIR to HL7 v2: the segments of each type of message, and that an absent reference refers to nothing."""

from typing import Any

import pytest

from shared.mapping import from_bundle
from shared.mapping.back.writing import Writing

Json = dict[str, Any]
PATIENT: Json = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "1"}], "name": [{"family": "A"}]}
SUBJECT = {"reference": "Patient/p"}
REPORT: Json = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"}}
VACCINATION: Json = {
    "resourceType": "Immunization",
    "status": "completed",
    "vaccineCode": {"text": "v"},
    "occurrenceDateTime": "2024-05-01",
    "patient": SUBJECT,
}
REFERRAL: Json = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": SUBJECT}
DOCUMENT: Json = {
    "resourceType": "DocumentReference",
    "status": "current",
    "content": [{"attachment": {"contentType": "text/plain", "data": "QQ=="}}],
}
VISIT: Json = {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}}

# By the resource next to the patient: the message type, and the segments after MSH.
MESSAGES: list[tuple[Json | None, str, list[str]]] = [
    (None, "ADT^A31^ADT_A05", ["EVN|A31", "PID|1||1||A", "PV1|1|N"]),
    (VISIT, "ADT^A08^ADT_A01", ["EVN|A08", "PID|1||1||A", "PV1|1|IMP"]),
    (REPORT, "ORU^R01^ORU_R01", ["PID|1||1||A", "ORC|RE", "OBR|1|||^x|||||||||||||||||||||F"]),
    (
        VACCINATION,
        "VXU^V04^VXU_V04",
        ["PID|1||1||A", "ORC|RE", "RXA|0|1|20240501|20240501|^v|999||||||||||||||CP|A"],
    ),
    (REFERRAL, "REF^I12^REF_I12", ["RF1|A", "PID|1||1||A"]),
    (
        DOCUMENT,
        "MDM^T02^MDM_T02",
        ["EVN|T02", "PID|1||1||A", "PV1|1|U", "TXA|1||TX||||||||||||||||AV", "OBX|1|TX|||A||||||F"],
    ),
]


def bundle(*resources: Json, urls: bool = False) -> Json:
    entry = [{"resource": each, **({"fullUrl": f"urn:uuid:{n}"} if urls else {})} for n, each in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entry}


@pytest.mark.parametrize("urls", [True, False], ids=["with fullUrl", "without"])
@pytest.mark.parametrize(("resource", "kind", "segments"), MESSAGES, ids=[kind[:7] for _, kind, _ in MESSAGES])
def test_each_type_of_message_has_its_segments(resource: Json | None, kind: str, segments: list[str], urls: bool) -> None:
    message = from_bundle(bundle(PATIENT, *([resource] if resource else []), urls=urls))
    lines = message.encode().decode().rstrip("\r").split("\r")
    assert lines == [f"MSH|^~\\&|||||||{kind}||P|2.5.1||||||UNICODE UTF-8", *segments]


@pytest.mark.parametrize("reference", [{}, {"reference": ""}, {"identifier": {"value": "1"}}, {"display": "someone"}])
@pytest.mark.parametrize("urls", [True, False], ids=["with fullUrl", "without"])
def test_a_reference_without_an_address_is_to_nothing(reference: Json, urls: bool) -> None:
    """Also in a bundle whose entries have no address of their own, as those to be created need none."""
    assert Writing(bundle(PATIENT, VISIT, urls=urls)).resolve(reference) == {}


def test_a_name_of_a_resource_is_not_the_sending_facility() -> None:
    practice = {"resourceType": "Organization", "id": "o", "name": "Meddygfa"}
    message = from_bundle(bundle(PATIENT, practice))
    assert (message["MSH-4"], message["MSH-6"], message["EVN-7"]) == ("", "", "")
