"""An identifier of a FHIR resource with a character that cannot be seen is refused, incoming and outgoing."""

from typing import Any

import orjson
import pytest

from integrations.referrals_to_pas.rules import ReferralProfile
from shared.fhir import FhirProfile
from shared.fhir.definitions.tables import FOLDER, type_table
from shared.fhir.profile import check_identifiers_too as check
from shared.fhir.validation.hidden import ADDRESSES, PARTS, SEARCHES, is_identifier
from shared.formats.fhir.profile import ResourceProfile

SYSTEM = "https://fhir.example.nhs.wales/Id/x"
HIDDEN = ("\u200b", "\u200d", "\u202e", "\ufeff", "\u00ad", "\u2028", "\t", "\n", "\x03", "\x7f")


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def order(**more: Any) -> dict[str, Any]:
    subject = {"reference": "Patient/1"}
    return {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": subject, **more}


def collection(entry: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": [entry]}


def places(text: str, encoded: str) -> dict[str, dict[str, Any]]:
    """By path: a resource that has the text there."""
    number, search = {"system": SYSTEM, "value": text}, f"identifier={SYSTEM}%7C{encoded}"
    put = {"method": "PUT", "url": f"Patient?{search}"}
    create = {"method": "POST", "url": "Patient", "ifNoneExist": search}
    url = f"{SYSTEM}/{text}"
    whole = {"fullUrl": "urn:uuid:9ab5be52-36b6-4d4b-8c1c-0c5b6d0a3a11", "resource": patient(gender="male")}
    return {
        "Patient.identifier[0].value": patient(identifier=[number]),
        "Patient.identifier[0].system": patient(identifier=[{"system": url, "value": "1"}]),
        "Patient.contained[0].identifier[0].value": patient(contained=[patient(id="p", identifier=[number])]),
        "Patient.generalPractitioner[0].identifier.value": patient(generalPractitioner=[{"identifier": number}]),
        "Patient.extension[0].valueIdentifier.value": patient(extension=[{"url": SYSTEM, "valueIdentifier": number}]),
        "ServiceRequest.requisition.value": order(requisition=number),
        "ServiceRequest.subject.identifier.value": order(subject={"identifier": number}),
        "ServiceRequest.subject.reference": order(subject={"reference": f"Patient?{search}"}),
        "Bundle.identifier.value": {"resourceType": "Bundle", "type": "collection", "identifier": number},
        "Bundle.entry[0].resource.identifier[0].value": collection({**whole, "resource": patient(identifier=[number])}),
        "Bundle.entry[0].request.url": collection({**whole, "request": put}, "transaction"),
        "Bundle.entry[0].request.ifNoneExist": collection({**whole, "request": create}, "transaction"),
    }


PROFILES = (ResourceProfile("in"), FhirProfile(), ReferralProfile())
PLACES = tuple(places("", ""))


def found(resource: Any, profile: Any) -> list[tuple[str, str]]:
    return [(each.where, each.severity) for each in profile.check(resource) if each.rule == "hidden-character"]


@pytest.mark.parametrize(
    "profile", [ResourceProfile("in"), FhirProfile(), ReferralProfile()], ids=lambda each: type(each).__name__
)
@pytest.mark.parametrize("where", PLACES)
def test_an_identifier_with_a_hidden_character_is_refused(where: str, profile: Any) -> None:
    assert found(places("T1\u200b2", "T1%E2%80%8B2")[where], profile) == [(where, "error")]
    assert found(places("T1ŵ2", "T1%C5%B52")[where], profile) == []


@pytest.mark.parametrize("hidden", HIDDEN, ids=ascii)
def test_each_such_character_is(hidden: str) -> None:
    for value in (f"T1{hidden}2", f"{hidden}T12", f"T12{hidden}"):
        assert "hidden-character" in [each.rule for each in check(patient(identifier=[{"system": SYSTEM, "value": value}]))]


def test_free_text_may_have_them_and_no_value_is_shown() -> None:
    """A joiner is a part of a name in Persian, a zero-width space one of a text in Thai."""
    free = patient(name=[{"family": "می\u200cخواهم"}], telecom=[{"system": "phone", "value": "07700\u200b900000"}])
    assert [each.rule for each in check(free)] == []
    issues = check({**patient(identifier=[{"value": "SECRET\u200b"}]), "SECRET": {"identifier": {"value": "\u200b"}}})
    assert "hidden-character" in [each.rule for each in issues]
    assert not any("SECRET" in str(each) for each in issues)


def test_each_element_of_type_identifier_is_known() -> None:
    """By its name. An object of another type has such a name only if it has no system."""
    parts = [part for path in sorted((FOLDER / "r4").iterdir()) for part in orjson.loads(path.read_bytes())]
    assert len(parts) > 500
    for part in parts:
        for name, declared in type_table(part).items():
            if is_identifier((part, f".{name}")) and not declared.is_primitive:
                assert declared.type == "Identifier" or "system" not in type_table(declared.type), f"{part}.{name}"
            else:
                assert declared.type != "Identifier", f"{part}.{name}"


def test_each_text_that_is_searched_is_of_a_type_whose_quick_test_finds_it() -> None:
    """The quick check has a test of its own for a uri and a string; of another type, no character could be hidden."""
    parts = [part for path in sorted((FOLDER / "r4").iterdir()) for part in orjson.loads(path.read_bytes())]
    for part in parts:
        table = type_table(part)
        searched = [name for name in ADDRESSES if name in table and table[name].is_primitive]
        searched += [name for name in SEARCHES if name in table and part == "Bundle.entry.request"]
        inner = [
            type_table(each.type) for name, each in table.items() if is_identifier((part, f".{name}")) and not each.is_primitive
        ]
        named = [table[name] for name in searched] + [each[name] for each in inner for name in PARTS if name in each]
        assert {each.type for each in named if each.is_primitive} <= {"uri", "string"}, part


@pytest.mark.parametrize(
    "content", [None, [], {"identifier": "x"}, {"resourceType": "Patient", "identifier": [None, 1, {"value": 2}]}]
)
def test_what_is_no_identifier_is_passed_over(content: Any) -> None:
    assert "hidden-character" not in [each.rule for each in check(content)]
