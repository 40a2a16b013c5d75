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


FILES: dict[str, tuple[Json, Json, str]] = {  # the attachment, the resource that its address names, and OBX-2 to OBX-5
    "its own data": ({"contentType": "application/pdf", "data": "UERG", "title": "T"}, {}, "ED|^T||^AP^PDF^Base64^UERG"),
    "a Binary": (
        {"contentType": "x/y", "url": "Binary/b", "title": "T"},
        {"resourceType": "Binary", "contentType": "application/pdf", "data": "UERG"},
        "ED|^T||^AP^PDF^Base64^UERG",
    ),
    "the text of a Binary": (
        {"url": "Binary/b"},
        {"resourceType": "Binary", "contentType": "text/plain", "data": "QQpC"},
        "TX|^D||A~B",
    ),
    "the address of no Binary": ({"url": "Patient/p", "contentType": "image/png"}, {}, "RP|^D||Patient/p^^IM^PNG"),
    "an address elsewhere": (
        {"url": "https://example.wales/p.png", "contentType": "image/png"},
        {},
        "RP|^D||https://example.wales/p.png^^IM^PNG",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_the_file_of_a_document_is_its_data_that_of_a_binary_or_an_address(case: str) -> None:
    attachment, binary, expected = FILES[case]
    document = {**DOCUMENT, "description": "D", "content": [{"attachment": attachment}]}
    message = from_bundle(bundle(PATIENT, document, *([{**binary, "id": "b"}] if binary else [])))
    (line,) = [each for each in message.encode().decode().split("\r") if each.startswith("OBX")]
    assert line.split("|", 2)[2].removesuffix("||||||F") == expected


PROVIDERS: tuple[Json, ...] = (
    {
        "resourceType": "Organization",
        "id": "o",
        "name": "Meddygfa",
        "identifier": [{"value": "W1"}],
        "address": [{"city": "Bangor"}],
        "telecom": [{"system": "phone", "value": "01", "use": "work"}],
    },
    {
        "resourceType": "Practitioner",
        "id": "d",
        "name": [{"family": "Meddyg", "given": ["Ann"]}],
        "identifier": [{"value": "G1"}],
    },
    {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "Practitioner/d"},
        "organization": {"reference": "Organization/o"},
        "period": {"start": "2024-01-02", "end": "2025-01-02"},
        "telecom": [{"system": "phone", "value": "03", "use": "work"}],
    },
)
PRD = {
    "Organization/o": "Meddygfa|^^Bangor||01^WPN^PH||W1",
    "Practitioner/d": "Meddyg^Ann|||||G1",
    "PractitionerRole/r": "Meddyg^Ann|||03^WPN^PH||G1|20240102|20250102|Meddygfa^^^^^^^^^W1",
    "Practitioner/absent": "",
}


@pytest.mark.parametrize("reference", PRD)
@pytest.mark.parametrize(("element", "role"), [("requester", "RP"), ("performer", "RT")])
def test_a_provider_of_a_referral_is_a_person_a_role_or_an_organization(reference: str, element: str, role: str) -> None:
    provider: Any = {"reference": reference}
    made = {**REFERRAL, element: provider if element == "requester" else [provider]}
    lines = from_bundle(bundle(PATIENT, made, *PROVIDERS)).encode().decode().split("\r")
    expected = [f"PRD|{role}^^HL70286|{PRD[reference]}"] if PRD[reference] else []
    assert [line for line in lines if line.startswith("PRD")] == expected


def test_a_note_of_a_vaccination_is_a_note_behind_it() -> None:
    message = from_bundle(bundle(PATIENT, {**VACCINATION, "note": [{"text": "one"}, {"text": "two"}]}))
    lines = message.encode().decode().rstrip("\r").split("\r")
    assert lines[-2:] == ["NTE|1||one", "NTE|2||two"]


def coded(code: str, **more: str) -> Json:
    return {"coding": [{"system": "http://loinc.org", "code": code, **more}]}


@pytest.mark.parametrize(
    ("code", "category", "written"),
    [
        (coded("A"), coded("K"), "RF1|A||A^^LN^K^^LN"),
        (coded("A", version="2"), coded("K"), "RF1|A||A^^LN^^^^2||K^^LN"),
        ({**coded("A", display="a"), "text": "Enghraifft"}, coded("K"), "RF1|A||A^a^LN^^^^^^Enghraifft||K^^LN"),
        (coded("A"), coded("K", version="2"), "RF1|A||A^^LN||K^^LN^^^^2"),
        (coded("A"), {**coded("K", display="k"), "text": "Enghraifft"}, "RF1|A||A^^LN||K^k^LN^^^^^^Enghraifft"),
    ],
)
def test_the_type_of_a_referral_takes_its_category_in_only_if_nothing_is_left_out(
    code: Json, category: Json, written: str
) -> None:
    message = from_bundle(bundle(PATIENT, {**REFERRAL, "code": code, "category": [category]}))
    assert message.encode().decode().split("\r")[1] == written


def test_one_diet_of_a_stay_is_written() -> None:
    stay = {"dietPreference": [{"text": "first"}, {"text": "second"}]}
    message = from_bundle(bundle(PATIENT, {**VISIT, "hospitalization": stay}))
    assert message.encode().decode().split("\r")[3].endswith("|^first")
