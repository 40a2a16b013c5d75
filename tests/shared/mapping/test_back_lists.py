"""FHIR to HL7 v2 loses nothing without a word: what a message has no room or no field for is named in an issue."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.mapping.back.bundle import compose_bundle

Json = dict[str, Any]
Place = tuple[str | int, ...]
SAMPLES = sorted((Path(__file__).parent / "samples").glob("[!s]*.out.json"))  # SIU is not written back
WORDS = ("value", "text", "display", "family", "given", "line", "city", "data", "title", "code")  # elements that hold a text
MARK = "ZQXJ"
ABOUT_ITSELF = ("meta", "extension", "modifierExtension", "contained")
SUBJECT = {"reference": "Patient/p"}
PATIENT: Json = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "1"}], "name": [{"family": "Probe"}]}
ALLERGY: Json = {"resourceType": "AllergyIntolerance", "patient": SUBJECT, "code": {"text": "Nuts"}}
DIAGNOSIS: Json = {"resourceType": "Condition", "subject": SUBJECT, "code": {"text": "Asthma"}}
REFERRAL: Json = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": SUBJECT}
VISIT: Json = {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}}
PROVIDER: Json = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Meddyg"}]}
ROLE: Json = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/d"}}
VACCINATION: Json = {
    "resourceType": "Immunization",
    "status": "completed",
    "vaccineCode": {"text": "v"},
    "occurrenceDateTime": "2024-05-01",
    "patient": SUBJECT,
    "identifier": [{"value": "V1"}, {"value": "V2"}],
}
ADMISSION, REFERRED, VACCINATED = "ADT^A01^ADT_A01", "REF^I12^REF_I12", "VXU^V04^VXU_V04"


def bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def marked(value: Any, name: str = "") -> Any:
    """The same element with the mark in the place of each text."""
    if isinstance(value, dict):
        return {key: marked(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [marked(each, name) for each in value]
    return MARK if name in WORDS and isinstance(value, str) else value


def lists(value: Any, at: Place = ()) -> Iterator[Place]:
    """The place of each element that repeats and holds elements."""
    if isinstance(value, list):
        for n, each in enumerate(value):
            yield from lists(each, (*at, n))
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in ABOUT_ITSELF:
                if isinstance(each, list) and isinstance(each[0], dict):
                    yield (*at, name)
                yield from lists(each, (*at, name))


def path_of(at: Place) -> str:
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in at)[1:]


def is_kept(content: Json, path: str, kind: str = "") -> bool:
    """Whether the mark is in the message, or an issue names the element, what holds it or what it holds."""
    made = compose_bundle(content, kind)
    named = [issue.where for issue in made.issues if issue.where.startswith("Bundle.entry")]
    return MARK in made.message.encode().decode() or any(path.startswith(each) or each.startswith(path) for each in named)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.partition(".")[0])
def test_one_more_of_whatever_repeats_is_written_or_named(sample: Path) -> None:
    made, lost = orjson.loads(sample.read_bytes()), []
    for at in lists(made["entry"], ("Bundle", "entry")):
        content: Any = {"Bundle": copy.deepcopy(made)}
        held = content["Bundle"]
        for step in at[1:]:
            held = held[step]
        if len(at) == 2 or MARK not in str(added := marked(held[-1])):
            continue
        held.append(added)
        if not is_kept(content["Bundle"], path_of((*at, len(held) - 1))):
            lost.append(path_of(at))
    assert not lost


@pytest.mark.parametrize(
    ("kind", "resources", "path"),
    [
        (ADMISSION, ({**ALLERGY, "criticality": "high"},), "criticality"),
        (ADMISSION, ({**ALLERGY, "note": [{"text": "first"}]},), "note[0]"),
        (ADMISSION, ({**ALLERGY, "verificationStatus": {"coding": [{"code": "unconfirmed"}]}},), "verificationStatus"),
        (ADMISSION, ({**ALLERGY, "category": ["food", "medication"]},), "category"),
        (ADMISSION, ({**DIAGNOSIS, "severity": {"text": "severe"}},), "severity"),
        (ADMISSION, ({**DIAGNOSIS, "verificationStatus": {"coding": [{"code": "differential"}]}},), "verificationStatus"),
        (ADMISSION, ({**DIAGNOSIS, "clinicalStatus": {"coding": [{"code": "resolved"}]}},), "clinicalStatus"),
        (VACCINATED, (VACCINATION, {**REFERRAL, "identifier": VACCINATION["identifier"][:1]}), "identifier[1]"),
        (REFERRED, ({**REFERRAL, "intent": "plan"},), "intent"),
        (REFERRED, ({**REFERRAL, "doNotPerform": True},), "doNotPerform"),
        (REFERRED, ({**ROLE, "code": [{"text": "Cardiology"}]}, PROVIDER, REFERRAL), "code[0]"),
        (REFERRED, ({**VISIT, "reasonCode": [{"text": "Fall"}]}, REFERRAL), "reasonCode[0]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_segment_has_no_field_for_is_named(kind: str, resources: tuple[Json, ...], path: str) -> None:
    patient = (
        {**PATIENT, "generalPractitioner": [{"reference": "PractitionerRole/r"}]} if ROLE["id"] in str(resources) else PATIENT
    )
    assert is_kept(bundle(patient, *resources), f"Bundle.entry[1].resource.{path}", kind)


@pytest.mark.parametrize(
    ("resource", "name", "code"),
    [
        (ALLERGY, "clinicalStatus", "resolved"),
        (ALLERGY, "verificationStatus", "refuted"),
        (ALLERGY, "verificationStatus", "entered-in-error"),
        (DIAGNOSIS, "verificationStatus", "refuted"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_code_that_negates_counts_wherever_it_stands(resource: Json, name: str, code: str, place: int) -> None:
    codings = [{"system": "urn:local", "code": "L1"}]
    codings.insert(place, {"system": "urn:fhir", "code": code})
    made = compose_bundle(bundle(PATIENT, {**resource, name: {"coding": codings}}), ADMISSION)
    assert not {line[:3] for line in made.message.encode().split(b"\r")} & {b"AL1", b"DG1"}
    assert "not-written" in {issue.rule for issue in made.issues}


def test_only_the_software_of_a_message_is_software() -> None:
    """A glucose meter with a name is not the program that sent the message."""
    meter = {"resourceType": "Device", "id": "m", "deviceName": [{"name": "Meter", "type": "manufacturer-name"}]}
    sender = {"resourceType": "Device", "id": "s", "deviceName": [{"name": "Program", "type": "manufacturer-name"}]}
    origin = {"resourceType": "Provenance", "entity": [{"role": "source", "what": {"reference": "Device/s"}}]}
    made = compose_bundle(bundle(PATIENT, meter, sender, origin), ADMISSION)
    assert [line for line in made.message.encode().split(b"\r") if line[:3] == b"SFT"] == [b"SFT|||Program"]
    assert ("resource-not-mapped", "Bundle.entry[1].resource") in {(issue.rule, issue.where) for issue in made.issues}
