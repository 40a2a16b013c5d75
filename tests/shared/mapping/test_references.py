"""Which resource refers to which, as the message maps of the guide have it; the order behind a vaccination; addresses of MSH."""

from typing import Any

import pytest

from shared.hl7 import parse
from shared.mapping import compose_bundle, to_bundle
from tests.shared.mapping.converting import OBR, PID, converted, only, resources, rules

VXU = "VXU^V04^VXU_V04"
RXA = "RXA|0|1|20260110||207^COVID^CVX|0.3|mL^mL^UCUM||||||||L1||||||CP"


def test_software_is_a_source_of_the_message_and_what_passed_it_on_a_derivation() -> None:
    found = converted(PID, kind="ADT^A31^ADT_A05")
    assert "focus" in only(found, "MessageHeader")
    found = converted("SFT|Maker|1|Product|B1", "SFT|Other|2|Engine|B2", PID, kind="ADT^A31^ADT_A05")
    first, second = resources(found, "Device")[-2:]
    source = resources(found, "Provenance")[-2]
    assert [(each["role"], each["what"]["reference"][9:]) for each in source["entity"][-2:]] == [
        ("source", first["id"]),
        ("derivation", second["id"]),
    ]
    assert not [each for each in only(found, "MessageHeader")["focus"] if each["type"] == "Device"]


@pytest.mark.parametrize(("kind", "whose"), [("ADT^A06^ADT_A06", 0), ("ADT^A40^ADT_A39", 1)])
def test_a_prior_account_is_of_a_patient(kind: str, whose: int) -> None:
    found = converted(PID, "MRG|L9^^^154^PI||ACC1", *(["PV1|1|I"] if whose == 0 else []), kind=kind)
    account = only(found, "Account")
    assert account["subject"][0]["reference"].endswith(resources(found, "Patient")[whose]["id"])


def request(orc: str, rxa: str = RXA) -> Any:
    return only(converted(PID, orc, rxa, kind=VXU), "ServiceRequest")


def test_the_order_behind_a_vaccination() -> None:
    found = converted(PID, "ORC|RE|P1^PAS|F1^GP|||||||||G1^Llwyd^Sian", RXA, kind=VXU)
    made, given = only(found, "ServiceRequest"), only(found, "Immunization")
    assert made["subject"] == given["patient"]
    assert made["identifier"] == given["identifier"]
    assert (made["status"], made["intent"], made["requester"]["type"]) == ("unknown", "order", "Practitioner")
    assert only(found, "MessageHeader")["focus"] == [
        {"reference": f"urn:uuid:{each['id']}", "type": each["resourceType"]} for each in (*resources(found, "Patient"), given)
    ]


@pytest.mark.parametrize(
    ("orc", "expected"),
    [("ORC|NW|P1", "unknown"), ("ORC|NW|P1|||IP", "active"), ("ORC|RE|P1|||CM", "completed"), ("ORC|OC|P1", "revoked")],
)
def test_an_order_of_a_vaccine_that_was_given_is_active_only_where_its_status_says_so(orc: str, expected: str) -> None:
    assert request(orc)["status"] == expected
    assert (("event-against-status", "ORC-1") in rules(converted(PID, orc, RXA, kind=VXU))) is (orc == "ORC|NW|P1")


@pytest.mark.parametrize("orc", ["ORC|RE", "ORC|RE||F1"])
def test_a_record_without_a_placer_tells_of_no_order(orc: str) -> None:
    assert not resources(converted(PID, orc, RXA, kind=VXU), "ServiceRequest")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AP", {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0443", "code": "AP"}]}),
        ("ARI", {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0912", "code": "ARI"}]}),
        ("ZZ", {"text": "ZZ"}),
    ],
)
def test_what_somebody_does_at_a_vaccination_is_a_code_of_its_own_table(code: str, expected: dict[str, Any]) -> None:
    found = converted(PID, "ORC|RE||F1", f"PRT|1|AD||{code}|G1^Llwyd^Sian", RXA, kind=VXU)
    assert only(found, "Immunization")["performer"][0]["function"] == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("RSLT", "http://terminology.hl7.org/CodeSystem/v2-0936"), ("QST", ""), ("ZZ", None)]
)
def test_the_type_of_an_observation_is_a_code_of_its_table(kind: str, expected: str | None) -> None:
    found = converted(PID, OBR, f"OBX|1|NM|1^x^L||5||||||F{'|' * 18}{kind}")
    (category,) = only(found, "Observation")["category"]
    assert category.get("text") == ("ZZ" if expected is None else None)
    assert (("code-kept-as-text", "OBX-29") in rules(found)) is (expected is None)


@pytest.mark.parametrize("kind", ["CAP", "NPI", "N"])
def test_every_type_of_a_universal_id_is_a_code(kind: str) -> None:
    message = converted(PID.replace("^^^NHS^NH", f"^^^LAB&abc&{kind}^PI"), kind="ADT^A31^ADT_A05")
    assigner = only(message, "Patient")["identifier"][0]["assigner"]["identifier"]
    assert assigner["type"]["coding"][0] == {"system": "http://terminology.hl7.org/CodeSystem/v2-0301", "code": kind}


def source(msh_3: str, msh_24: str = "") -> Any:
    header = f"MSH|^~\\&|{msh_3}|7A3|HUB|CDR|20260115103000||ADT^A31^ADT_A05|M1|P|2.5.1||||||UNICODE UTF-8||||||{msh_24}"
    return to_bundle(parse(f"{header}\r{PID}\r"))["entry"][0]["resource"]["source"]


@pytest.mark.parametrize(
    ("msh_3", "msh_24", "endpoint"),
    [
        ("LAB^1.2.840.5^ISO", "", "urn:oid:1.2.840.5"),
        ("LAB", "^1.2.840.5^ISO", "urn:oid:1.2.840.5"),
        ("LAB", "ADDR^lab.example^DNS", "urn:dns:lab.example"),
        ("LAB", "^https://lab.example/v2", "https://lab.example/v2"),
        ("LAB", "^1.2.840.5", "urn:oid:1.2.840.5"),
        ("LAB^1.2.3.4.5.6^ISO", "^7F2A9C1E-0000-4000-8000-000000000001^GUID", "urn:uuid:7f2a9c1e-0000-4000-8000-000000000001"),
    ],
)
def test_a_universal_id_is_the_address_of_the_source(msh_3: str, msh_24: str, endpoint: str) -> None:
    assert source(msh_3, msh_24)["endpoint"] == endpoint


@pytest.mark.parametrize(
    ("msh_3", "msh_24", "name"),
    [
        ("LAB^X9^L", "", "LAB - L:X9"),
        ("LAB", "ADDR^X9^x400", "LAB - ADDR - x400:X9"),
        ("", "ADDR", "ADDR"),
        ("LAB", "ADDR", "LAB - ADDR"),
        ("LAB", "ADDR^1.2^ISO", "LAB - ADDR - ISO:1.2"),
    ],
)
def test_a_universal_id_that_is_no_address_is_in_the_name_of_the_source(msh_3: str, msh_24: str, name: str) -> None:
    made = source(msh_3, msh_24)
    assert made["name"] == name
    assert "endpoint" not in made


def composed(request: dict[str, Any]) -> Any:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Dau"}]}
    made = {"resourceType": "ServiceRequest", "id": "r", "status": "active", "intent": "order"}
    entries = [{"resource": {**made, "subject": {"reference": "Patient/p"}, **request}}, {"resource": patient}]
    return compose_bundle({"resourceType": "Bundle", "type": "collection", "entry": entries}, "REF^I12")


SERVICE = {"coding": [{"system": "http://snomed.info/sct", "code": "183519002", "display": "Cardiology"}]}
CATEGORY = {"coding": [{"system": "http://snomed.info/sct", "code": "3457005", "display": "Referral"}]}


@pytest.mark.parametrize(
    ("request_", "rf1_3", "rf1_5"),
    [
        ({"code": SERVICE}, "183519002^Cardiology^SCT", ""),
        ({"code": SERVICE, "category": [CATEGORY]}, "183519002^Cardiology^SCT^3457005^Referral^SCT", ""),
        ({"code": {"text": "Heart"}, "category": [CATEGORY]}, "^Heart^^3457005^Referral^SCT", ""),
        ({"category": [CATEGORY]}, "3457005^Referral^SCT", ""),
        (
            {"code": {"coding": [*SERVICE["coding"], {"system": "urn:x", "code": "C"}]}, "category": [CATEGORY]},
            "183519002^Cardiology^SCT^C^^urn:x",
            "3457005^Referral^SCT",
        ),
    ],
)
def test_the_service_that_a_referral_asks_for_is_its_type(request_: dict[str, Any], rf1_3: str, rf1_5: str) -> None:
    found = composed(request_)
    rf1 = next(line for line in found.message.lines if line.startswith("RF1")).split("|")
    assert (rf1[3], rf1[5] if len(rf1) > 5 else "") == (rf1_3, rf1_5)
    assert not [issue for issue in found.issues if "code" in issue.where or "category" in issue.where]
