"""A code in any triplet of a CWE arrives: the first, the alternate and the second alternate one, each with its own system."""

import pytest

from tests.shared.mapping.converting import OBR, PID, converted, only, resources

ADT = "ADT^A31^ADT_A05"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/iso21090-PQ-translation"
ORIGINAL_TEXT = "http://hl7.org/fhir/StructureDefinition/originalText"
UCUM = "http://unitsofmeasure.org"
LOCAL = "urn:x-hub:coding-system:L"


def test_an_alternate_code_of_the_fields_table_is_mapped_where_the_first_triplet_was_not_sent() -> None:
    patient = only(converted(f"{PID}||||||||^^^M^Wedded^HL70002", kind=ADT), "Patient")
    first = patient["maritalStatus"]["coding"][0]
    assert (first["system"], first["code"]) == ("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M")
    assert patient["maritalStatus"]["text"] == "Wedded"


def test_an_alternate_code_of_the_fields_table_is_mapped_next_to_a_local_one() -> None:
    codings = only(converted(f"{PID}||||||||7^Wed^L^M^Married^HL70002", kind=ADT), "Patient")["maritalStatus"]["coding"]
    assert [(each["system"], each["code"]) for each in codings] == [
        ("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M"),
        (LOCAL, "7"),
        ("http://terminology.hl7.org/CodeSystem/v2-0002", "M"),
    ]


def test_a_code_of_another_system_is_not_read_by_the_fields_table() -> None:
    """``S`` is single in HL7 table 0002, and may be separated in a list of the sender's own."""
    status = only(converted(f"{PID}||||||||S^Separated^99OWN", kind=ADT), "Patient")["maritalStatus"]
    assert [each["system"] for each in status["coding"]] == ["urn:x-hub:coding-system:99OWN"]


@pytest.mark.parametrize(
    ("segments", "kind", "path", "expected"),
    [
        ([PID.replace("|F", "|^^^F^Female^HL70001")], ADT, "Patient.gender", "female"),
        ([PID, "AL1|1|^^^DA^Drug^HL70127|P^Pen^L|^^^SV^Severe^HL70128|Rash"], ADT, "AllergyIntolerance.type", "allergy"),
        ([PID, "NK1|1|A^B|^^^MTH^Mother^HL70063||||||||||||^^^F^Female^HL70001"], ADT, "RelatedPerson.gender", "female"),
    ],
)
def test_a_code_that_fhir_has_no_concept_for_counts_where_only_the_alternate_was_sent(
    segments: list[str], kind: str, path: str, expected: str
) -> None:
    resource, _, element = path.partition(".")
    assert only(converted(*segments, kind=kind), resource)[element] == expected


def test_an_alternate_patient_class_counts() -> None:
    found = converted(PID, "PV1|1|^^^I^Inpatient^HL70004", kind="ADT^A01^ADT_A01")
    assert only(found, "Encounter")["class"]["code"] == "IMP"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("en^English^ISO639^4^Saesneg^99LANG", {("urn:ietf:bcp:47", "en"), ("urn:x-hub:coding-system:99LANG", "4")}),
        ("^^^cy^Welsh^ISO639", {("urn:ietf:bcp:47", "cy")}),
        ("4^Saesneg^99LANG^en^English^ISO639", {("urn:ietf:bcp:47", "en"), ("urn:x-hub:coding-system:99LANG", "4")}),
        ("^^^4^Saesneg^99LANG^^^^cy^Cymraeg^ISO639", {("urn:ietf:bcp:47", "cy"), ("urn:x-hub:coding-system:99LANG", "4")}),
    ],
)
def test_every_code_of_a_language(sent: str, expected: set[tuple[str, str]]) -> None:
    patient = only(converted(f"{PID}|||||||{sent}", kind=ADT), "Patient")
    (related,) = resources(converted(PID, f"NK1|1|A^B|MTH{'|' * 17}{sent}", kind=ADT), "RelatedPerson")
    for who in (patient, related):
        (spoken,) = who["communication"]
        assert {(each["system"], each["code"]) for each in spoken["language"]["coding"]} == expected


def quantity(units: str, value: str = "5.40") -> dict[str, object]:
    found = converted(PID, OBR, f"OBX|1|NM|1^x^L||{value}|{units}|||||F")
    made: dict[str, object] = only(found, "Observation")["valueQuantity"]
    return made


def test_an_alternate_unit_is_a_translation_of_the_quantity() -> None:
    made = quantity("GMPL^g per l^L^g/L^gram per litre^UCUM")
    assert (made["unit"], made["system"], made["code"]) == ("g per l", LOCAL, "GMPL")
    (other,) = made["extension"]  # type: ignore[misc]
    assert other["url"] == TRANSLATION
    value = other["valueQuantity"]
    assert (value["unit"], value["system"], value["code"]) == ("gram per litre", UCUM, "g/L")
    assert float(value["value"]) == 5.4


def test_an_alternate_unit_alone_is_the_unit() -> None:
    made = quantity("^^^g/L^gram per litre^UCUM")
    assert (made["unit"], made["system"], made["code"]) == ("gram per litre", UCUM, "g/L")
    assert "extension" not in made


def test_the_original_text_of_a_unit_is_kept() -> None:
    made = quantity("g/L^gram per litre^UCUM^^^^^^grams a litre")
    assert (made["unit"], made["code"]) == ("gram per litre", "g/L")
    assert {"url": ORIGINAL_TEXT, "valueString": "grams a litre"} in made["extension"]  # type: ignore[operator]


def test_a_range_and_a_ratio_carry_their_units_once_each() -> None:
    found = converted(PID, OBR, "OBX|1|SN|1^x^L||^1^-^5|GMPL^g per l^L^g/L^gram per litre^UCUM|||||F")
    for end in only(found, "Observation")["valueRange"].values():
        assert end["extension"][0]["valueQuantity"]["value"] == end["value"]


def test_the_unit_of_a_cq_has_every_part() -> None:
    """CQ.2 is a CWE: original text, alternate code, second alternate code."""
    spm = f"SPM|1|P1&A^F1&B||BLD{'|' * 8}4^ML&millilitre&L&mL&ml of fluid&UCUM&&&a teaspoon"
    (specimen,) = resources(converted(PID, OBR, spm), "Specimen")
    made = specimen["collection"]["quantity"]
    assert (made["unit"], made["system"], made["code"]) == ("a teaspoon", LOCAL, "ML")
    urls = {each["url"]: each for each in made["extension"]}
    assert urls[TRANSLATION]["valueQuantity"]["code"] == "mL"
    assert urls[ORIGINAL_TEXT]["valueString"] == "millilitre"


def test_an_organization_by_an_alternate_code() -> None:
    found = converted(PID, OBR, "OBX|1|NM|1^x^L||5||||||F||||^^^W1^West Wales Pathology^99LAB")
    (lab,) = [each for each in resources(found, "Organization") if each["name"] == "West Wales Pathology"]
    assert lab["identifier"] == [{"system": "urn:x-hub:coding-system:99LAB", "value": "W1"}]


def test_each_code_of_an_organization_is_an_identifier_of_it() -> None:
    found = converted(PID, OBR, "OBX|1|NM|1^x^L||5||||||F||||A1^Path^99LAB^W1^West Pathology^ODS^^^Pathology")
    (lab,) = [each for each in resources(found, "Organization") if each["name"] == "Pathology"]
    assert [each["value"] for each in lab["identifier"]] == ["A1", "W1"]
    assert lab["alias"] == ["Path", "West Pathology"]


def test_the_type_of_a_practitioners_number_is_a_cwe() -> None:
    prd = "PRD|RP^Referring^HL70286|Meddyg^Mair|||||7654321^GMC&General Medical Council&HL70338&G&Doctor&99NUM"
    found = converted("RF1|A", prd, PID, kind="REF^I12^REF_I12")
    (who,) = resources(found, "Practitioner")
    codings = who["identifier"][0]["type"]["coding"]
    assert ("urn:x-hub:coding-system:99NUM", "G") in {(each["system"], each["code"]) for each in codings}


def test_the_degree_of_a_person_is_a_suffix_of_the_name_in_every_role() -> None:
    pv1 = "PV1|1|I|||||G1^Llwyd^Sian^^Jr^Dr^MD^^^^^^^^^^^^^^FRCP"
    (who,) = resources(converted(PID, pv1, kind="ADT^A01^ADT_A01"), "Practitioner")
    assert who["name"][0]["suffix"] == ["Jr", "MD", "FRCP"]
    assert who["qualification"][0]["code"]["coding"][0]["code"] == "MD"


def test_any_text_of_a_telephone_number_is_kept() -> None:
    phones = only(converted(f"{PID}|||||^PRN^PH^^^029^20555555^^after six", kind=ADT), "Patient")["telecom"]
    assert {"url": ORIGINAL_TEXT, "valueString": "after six"} in phones[0]["extension"]


def test_any_text_alone_is_what_there_is_to_contact_with() -> None:
    patient = only(converted(f"{PID}|||||^PRN^PH^^^^^^ask at reception", kind=ADT), "Patient")
    assert patient["telecom"] == [{"system": "other", "value": "ask at reception", "use": "home"}]


def test_a_language_without_a_code_of_bcp_47_is_text() -> None:
    patient = only(converted(f"{PID}|||||||^^^4^Saesneg^99LANG", kind=ADT), "Patient")
    assert patient["communication"] == [{"language": {"text": "Saesneg"}}]


def test_a_place_of_discharge_has_every_code() -> None:
    pv1 = f"PV1|1|I{'|' * 35}HOME&Home&L&01&Usual residence&99DIS"
    found = converted(PID, pv1, kind="ADT^A03^ADT_A03")
    (place,) = [each for each in resources(found, "Location") if each["name"] == "HOME"]
    assert [each["code"] for each in place["type"][0]["coding"]] == ["HOME", "01"]


@pytest.mark.parametrize("sent", ["&&&01&Usual residence&99DIS", "&Usual residence", "&&&&&&&&Usual residence"])
def test_a_place_of_discharge_without_a_first_code(sent: str) -> None:
    found = converted(PID, f"PV1|1|I{'|' * 35}{sent}", kind="ADT^A03^ADT_A03")
    (place,) = [each for each in resources(found, "Location") if each["name"] == "Usual residence"]
    assert only(found, "Encounter")["hospitalization"]["destination"]["reference"].endswith(place["id"])
