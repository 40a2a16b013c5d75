"""A value that fits no FHIR type loses no part: it becomes text, or an issue says so."""

import base64

import pytest

from shared.mapping.datatypes.value import media_type
from tests.shared.mapping.converting import OBR, PID, converted, only, resources, rules


def observation(obx: str, *more: str) -> dict[str, object]:
    return resources(converted(PID, OBR, obx, *more), "Observation")[0]


@pytest.mark.parametrize(
    ("sn", "text"), [(">100", ">100 mg/L"), ("5.4", "5.4 mg/L"), ("=<^23", "=< 23 mg/L"), ("<>^23", "<> 23 mg/L")]
)
def test_sn_that_is_no_clean_quantity_is_text_with_its_unit(sn: str, text: str) -> None:
    found = converted(PID, OBR, f"OBX|1|SN|1^x^L||{sn}|mg/L|||||F")
    assert only(found, "Observation")["valueString"] == text
    assert ("value-not-mapped", "OBX-5") in rules(found) or sn.startswith("<>")


@pytest.mark.parametrize(
    "sn",
    [
        "^61^:",
        "^61^/^",
        "^^:^62",
        "<^61^-^62",
        "^61^x^62",
        "^65^^66",
        "^61^-^",
        "^-^",
        ">^^",
        "^61^62",
        "^a",
        "^61^:^b",
        "^61^+",
        "^62^-^61",
        "^61^^^^67",
    ],
)
def test_every_part_of_an_sn_arrives(sn: str) -> None:
    text = str(observation(f"OBX|1|SN|1^x^L||{sn}|mg/L|||||F"))
    assert all(part in text for part in sn.split("^") if part), text


@pytest.mark.parametrize("sn", ["<^10", "^1^-^5", "^1^:^128", "^2^+"])
def test_a_clean_sn_has_its_fhir_type(sn: str) -> None:
    found = converted(PID, OBR, f"OBX|1|SN|1^x^L||{sn}|mg/L|||||F")
    assert not [rule for rule, _ in rules(found) if rule == "value-not-mapped"]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("NM", "<5", "<5 mg/L"),
        ("ST", ">90", ">90 mg/L"),
        ("ST", "5 mg/L", "5 mg/L"),
        ("XX", "7", "7 mg/L"),
        ("VR", "1^2", "1-2 mg/L"),
    ],
)
def test_the_unit_stands_in_the_text_of_a_value_that_has_none(kind: str, value: str, text: str) -> None:
    assert observation(f"OBX|1|{kind}|1^x^L||{value}|mg/L|||||F")["valueString"] == text


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("CWE", "A^B^L"),
        ("DT", "20260101"),
        ("TM", "1200"),
        ("TX", "two~lines"),
        ("ST", "positive"),
        ("CWE", ""),
        ("NM", ""),
        ("ST", "+++"),
        ("ST", "-"),
        ("ST", "5 cells"),
        ("FT", "1\\.br\\2"),
    ],
)
def test_the_unit_of_any_other_value_is_a_note(kind: str, value: str) -> None:
    assert {"text": "unit: mg/L"} in observation(f"OBX|1|{kind}|1^x^L||{value}|mg/L|||||F")["note"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("CWE", "^^"), ("CE", '""^""'), ("CWE", '""'), ("SN", "^^"), ("NR", "^"), ("DR", "^"), ("NM", '""'), ("ST", '""')],
)
def test_a_value_of_nothing_is_no_value(kind: str, value: str) -> None:
    made = observation(f"OBX|1|{kind}|1^x^L||{value}||||||F")
    assert not [name for name in made if name.startswith("value")]
    assert made["status"] == "final"


def test_a_repeated_text_and_mixed_repetitions_are_all_kept() -> None:
    made = observation("OBX|1|NM|1^x^L||5~<6|mg/L|||||F")
    values = made["component"]
    assert values[0]["valueQuantity"]["unit"] == "mg/L"  # type: ignore[index]
    assert values[1]["valueString"] == "<6 mg/L"  # type: ignore[index]


TWO = "OBX|1|ED|PDF^Report^L||^AP^PDF^Base64^JVBERi0xLjQ=~^AP^PDF^Base64^JVBERi0xLjU=||||||F"


@pytest.mark.parametrize("kind", ["ORU^R01^ORU_R01", "MDM^T02^MDM_T02"])
def test_every_file_of_a_repeating_field_is_a_content(kind: str) -> None:
    about = (OBR,) if kind.startswith("ORU") else ("TXA|1|CN|AP|||||||||D1^LAB|||||AU",)
    made = only(converted(PID, *about, TWO, kind=kind), "DocumentReference")
    data = [base64.b64decode(content["attachment"]["data"]) for content in made["content"]]
    assert data == [b"%PDF-1.4", b"%PDF-1.5"]


def test_a_document_with_a_bad_repetition_keeps_the_good_one_and_names_the_other() -> None:
    found = converted(PID, OBR, "OBX|1|ED|PDF^Report^L||^AP^PDF^Hex^ZZ~^AP^PDF^Base64^JVBERi0xLjU=||||||F")
    assert len(only(found, "DocumentReference")["content"]) == 1
    assert ("value-not-mapped", "OBX-5") in rules(found)


@pytest.mark.parametrize(
    ("xtn", "points"),
    [
        ("^^^ann@example.org^^029^20555555", [("phone", "029 20555555"), ("email", "ann@example.org")]),
        ("01792 555555^PRN^PH^ann@example.org", [("phone", "01792 555555"), ("email", "ann@example.org")]),
        ("^NET^Internet^ann@example.org", [("email", "ann@example.org")]),
        ("ann@example.org^NET^Internet", [("email", "ann@example.org")]),
        ("^NET^Internet^ann@example.org^^029^20555555", [("phone", "029 20555555"), ("email", "ann@example.org")]),
        ("^PRN^PH^ann@example.org", [("email", "ann@example.org")]),
        ("01792 555555^PRN^FX", [("fax", "01792 555555")]),
        ("01792 555555^PRN^Internet", [("phone", "01792 555555")]),
    ],
)
def test_the_number_and_the_address_of_one_xtn_are_two_contact_points(xtn: str, points: list[tuple[str, str]]) -> None:
    pid = f"{PID}|||||{xtn}"
    found = only(converted(pid, kind="ADT^A31^ADT_A05"), "Patient")["telecom"]
    assert [(each["system"], each["value"]) for each in found] == points


def test_results_that_belong_together_are_tied() -> None:
    """OBX-4: an organism, and what it yields to."""
    obx = (
        "OBX|1|CWE|ORG^Organism^L|1|E^E coli^L||||||F",
        "OBX|2|CWE|ORG^Organism^L|2|S^S aureus^L||||||F",
        "OBX|3|ST|AMOX^Amoxicillin^L|1|R||||||F",
        "OBX|4|ST|AMOX^Amoxicillin^L|2|S||||||F",
    )
    one, two, r, s = resources(converted(PID, OBR, *obx), "Observation")
    assert [each["reference"] for each in one["hasMember"]] == ["urn:uuid:" + r["id"]]
    assert [each["reference"] for each in two["hasMember"]] == ["urn:uuid:" + s["id"]]


def test_one_sub_id_for_all_results_ties_nothing() -> None:
    """Some systems write 1 everywhere: the first result is no parent of the others."""
    obx = ("OBX|1|CWE|A^a^L|1|E^E^L||||||F", "OBX|2|CWE|B^b^L|1|E^E^L||||||F")
    assert not [each for each in resources(converted(PID, OBR, *obx), "Observation") if "hasMember" in each]


@pytest.mark.parametrize(("common", "detail"), [("ORC|NW|1|||||5&mL^BID", ""), ("ORC|NW|1", "|" * 23 + "5&mL^BID")])
def test_an_order_keeps_the_unit_of_its_quantity(common, detail):
    found = converted(PID, common, f"OBR|1|1||X^Y^L{detail}", kind="ORM^O01")
    assert [each.get("quantityQuantity") for each in resources(found, "ServiceRequest")] == [{"value": 5.0, "unit": "mL"}]


@pytest.mark.parametrize(
    ("kind", "subtype", "named"),
    [
        ("AP", "PDF", "application/pdf"),
        ("", "PDF", "application/pdf"),
        ("IM", "jpg", "image/jpeg"),
        ("IM", "x-other", "image/x-other"),
        ("TEXT", "", "text/plain"),
        ("FT", "", "text/plain"),
        ("Application", "pdf", "application/pdf"),
        ("AP", "image/png", "image/png"),
        ("image/png", "", "image/png"),
        ("image/png", "text/html", "text/html"),
        ("image/png", "PNG", "image/png"),
        ("AP", "", ""),
        ("", "other", ""),
        ("AP", "a b", ""),
        ("AP", "/", ""),
        ("", "", ""),
    ],
)
def test_the_type_of_a_file_is_named_by_either_part(kind: str, subtype: str, named: str) -> None:
    assert media_type(kind, subtype) == named
    assert media_type(f" {kind} ", f" {subtype.upper()} ") == named


@pytest.mark.parametrize(
    ("order", "kept"), [("2", True), (str(2**31 - 1), True), (str(2**31), False), ("9" * 30, False), ("two", False)]
)
def test_a_birth_order_is_a_fhir_integer_or_is_named(order: str, kept: bool) -> None:
    """FHIR R4: an integer has 32 bits. A longer one cannot even be written as JSON."""
    found = converted(PID + "|" * (25 - PID.count("|")) + order, OBR)
    patient = only(found, "Patient")
    assert patient.get("multipleBirthInteger") == (int(order) if kept else None)
    assert kept is not any(where == "PID-25" for _, where in rules(found))
