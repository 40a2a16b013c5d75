"""A value that fits no FHIR type loses no part: it becomes text, or an issue says so."""

import base64

import pytest

from shared.hl7 import parse
from shared.mapping.datatypes.value import media_type, positive
from shared.mapping.guide import convert
from shared.mapping.wales.patient import welsh_identifiers
from shared.validation.authorities import NHS_NUMBER
from tests.shared.mapping.converting import OBR, PID, converted, message, only, resources, rules


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


@pytest.mark.parametrize("kind", ["", "TUBE^Tube^L"], ids=["of a container without a type", "of a typed container"])
def test_each_additive_of_a_specimen_is_kept(kind: str) -> None:
    spm = f"SPM|1|S1||BLD||EDTK^K^L~HEPL^H^L~FL^F^L{'|' * 21}{kind}"
    containers = only(converted(PID, OBR, spm), "Specimen")["container"]
    assert [each["additiveCodeableConcept"]["coding"][0]["code"] for each in containers] == ["EDTK", "HEPL", "FL"]
    assert [bool(each.get("type")) for each in containers] == [bool(kind), False, False]


def test_the_address_of_a_holiday_home_is_marked_as_one() -> None:
    patient = only(converted("PID|1||1||J||||||1 Stryd^^Tref^^^^HV"), "Patient")
    (extension,) = patient["address"][0]["extension"]
    assert extension == {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-AD-use", "valueCode": "HV"}


def test_the_status_of_an_nhs_number_is_the_first_extension_and_its_number_has_no_spaces() -> None:
    """Extensions come first in FHIR: the order counts in its XML."""
    other = {"url": "https://example.wales/other", "valueString": "kept"}
    made = {"identifier": [{"use": "official", "system": NHS_NUMBER, "value": "999 000 0018", "extension": [other]}]}
    (number,) = welsh_identifiers(made, "01")
    assert [*number] == ["extension", "use", "system", "value"]
    assert number["value"] == "9990000018"
    first, second = number["extension"]
    assert first["valueCodeableConcept"]["coding"][0]["code"] == "01"
    assert second == other
    (bare,) = welsh_identifiers({"identifier": [{"system": NHS_NUMBER, "value": "9990000018"}]}, "01")
    assert [*bare] == ["extension", "system", "value"]
    assert welsh_identifiers({"identifier": [{"value": "1"}]}) == []


@pytest.mark.parametrize(("spm", "specimens"), [("SPM", 0), ("SPM||||", 0), ("SPM|1|S1||BLD", 1)])
def test_an_empty_specimen_segment_makes_no_specimen(spm: str, specimens: int) -> None:
    assert len(resources(converted(PID, OBR, spm), "Specimen")) == specimens


def test_the_description_of_an_episode_is_an_extension_of_it() -> None:
    pv1 = "PV1|1|I" + "|" * 51 + "Follow up^|E1^^^PAS"
    episode = only(converted(PID, pv1, kind="ADT^A01^ADT_A01"), "EpisodeOfCare")
    (words,) = episode["extension"]
    assert words == {"url": "http://hl7.org/fhir/StructureDefinition/resource-instance-description", "valueMarkdown": "Follow up"}
    assert episode["identifier"][0]["value"] == "E1"


@pytest.mark.parametrize(("sender", "name"), [("LAB", "LAB"), ("", "unknown")])
def test_a_message_of_no_facility_comes_from_its_application(sender: str, name: str) -> None:
    text = message(PID, kind="ADT^A31^ADT_A05").replace("|LAB|7A3|", f"|{sender}||")
    made = [each for each in resources(convert(parse(text)), "Provenance") if each["agent"][0]["who"].get("display")]
    assert name in [each["agent"][0]["who"]["display"] for each in made]


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", None), ("1", 1), (str((1 << 31) - 1), (1 << 31) - 1), (str(1 << 31), None), ("-1", None), ("1.0", None), ("", None)],
)
def test_a_positive_number_of_fhir_has_31_bits(text: str, number: int | None) -> None:
    assert positive(text) == number


@pytest.mark.parametrize("number", ["", "E1^^^BCU"])
@pytest.mark.parametrize("words", ["", "Gofal diabetes"])
def test_an_episode_of_care_has_its_number_or_its_words_or_both(words: str, number: str) -> None:
    found = converted(PID, f"PV1|1|I{'|' * 51}{words}|{number}", kind="ADT^A01^ADT_A01")
    episodes = resources(found, "EpisodeOfCare")
    assert len(episodes) == bool(words or number) == len(only(found, "Encounter").get("episodeOfCare", []))
    for episode in episodes:
        assert [each["valueMarkdown"] for each in episode.get("extension", [])] == [words] * bool(words)
        assert [each["value"] for each in episode.get("identifier", [])] == ["E1"] * bool(number)
        assert episode["status"] == "active"


@pytest.mark.parametrize(("severity", "coded", "words"), [("", None, []), ("SV", "severe", []), ("QQ", None, ["QQ"])])
@pytest.mark.parametrize("reaction", ["", "Rash"])
def test_a_reaction_has_what_was_sent_of_it_and_its_severity(
    reaction: str, severity: str, coded: str | None, words: list[str]
) -> None:
    """A severity alone is that of an unknown reaction; one that is not in its table is a note."""
    found = converted(PID, "PV1|1|I", f"AL1|1|DA|X^Penicillin^L|{severity}|{reaction}", kind="ADT^A01^ADT_A01")
    made = only(found, "AllergyIntolerance").get("reaction", [])
    assert len(made) == bool(reaction or severity)
    for each in made:
        assert [known.get("text", "") for known in each["manifestation"]] == [reaction]
        assert (each.get("severity"), [note["text"] for note in each.get("note", [])]) == (coded, words)


@pytest.mark.parametrize(
    ("identifier", "system", "assigner"),
    [
        ({"system": "https://example.wales/id", "assigner": {"display": "103"}}, "https://example.wales/id", "103"),
        ({"assigner": {"display": "103"}}, "urn:oid:2.16.840.1.113883.2.1.8.1.3.103", "103"),
        ({"system": "https://example.wales/id"}, "https://example.wales/id", ""),
        ({"assigner": {"display": "a name"}}, None, ""),
        ({}, None, ""),
    ],
)
def test_a_number_of_wales_has_the_system_that_it_has_or_that_of_its_authority(
    identifier: dict[str, object], system: str | None, assigner: str
) -> None:
    found = welsh_identifiers({"identifier": [{"value": "1", **identifier}]})
    expected = [{"value": "1", "system": system, **({"assigner": {"display": assigner}} if assigner else {})}]
    assert found == (expected if system else [])
