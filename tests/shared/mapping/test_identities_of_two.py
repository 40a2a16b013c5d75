"""Two things never get one id, and one thing never gets two: each change is made to each sample.

What makes another thing (another patient, hospital, authority, sub-identifier, name) must change the ids that are written. What
does not (another order of the results, a result or a note more, another wording or unit) must change none.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from integrations import load_all
from integrations.documents_to_cdr.mapping import to_transaction as documents
from integrations.lims_results_to_cdr.mapping import to_transaction as results
from integrations.vaccinations_to_cdr.mapping import bundle as vaccinations
from shared.envelope import Envelope
from shared.fhir import Resource
from shared.hl7 import Message, parse
from shared.mapping.wales.acts import to_transaction as acts
from shared.mapping.wales.record import to_transaction as admissions
from shared.mapping.wales.record import visit_identifiers

ROOT = Path(__file__).resolve().parents[3]
LABORATORY = ROOT / "integrations/lims_results_to_cdr/samples"
TEMPLATES = ROOT / "toolkit/templates/samples/hl7v2"
ADMISSION = ROOT / "integrations/pas_adt_to_cdr/samples/a01_insured.in.hl7"
SAMPLES = [(results, each) for each in sorted(LABORATORY.glob("[!r]*.in.hl7"))]
SAMPLES += [(acts, each) for each in sorted(TEMPLATES.glob("[!a]*.hl7"))]
EACH = pytest.mark.parametrize(
    ("mapping", "path"), SAMPLES, ids=[f"{of.__module__.split('.')[1]}-{path.name}" for of, path in SAMPLES]
)
NUMBERS = {"ORC": (2, 3), "OBR": (2, 3), "SCH": (1, 2), "ARQ": (1, 2), "TXA": (12,), "RF1": (6, 11), "OBX": (21,)}
LINKED = ("DiagnosticReport", "Observation", "ServiceRequest", "MedicationRequest", "DocumentReference", "Appointment")
ACTS = (*LINKED, "Immunization", "Specimen")
Mapping = Callable[[Message], Resource]
Lines = list[list[str]]


def lines(path: Path) -> Lines:
    return [line.split("|") for line in path.read_bytes().decode().split("\r") if line]


def message(sent: Lines) -> Message:
    return parse("".join("|".join(line) + "\r" for line in sent).encode())


def changed(sent: Lines, name: str, *fields: int, to: str) -> Lines:
    """The lines with this text in these fields of each segment of this name."""
    fields = tuple(n - 1 for n in fields) if name == "MSH" else fields  # MSH-1 is the separator itself
    longest = max(fields) + 1
    padded = [[*line, *[""] * (longest - len(line))] if line[0] == name else line for line in sent]
    return [[to if line[0] == name and n in fields else text for n, text in enumerate(line)] for line in padded]


def places(bundle: Resource, *types: str) -> list[str]:
    """Where each entry of these types goes."""
    found = [(each["resource"]["resourceType"], each["request"]) for each in bundle["entry"]]
    return [f"{request['url']}?{request.get('ifNoneExist', '')}" for kind, request in found if kind in types]


def numbered(sent: Lines, number: str) -> Lines:
    """The lines with this number in every act."""
    for name, fields in NUMBERS.items():
        sent = changed(sent, name, *fields, to=number)
    specimen = number.replace("^", "&")
    return changed(sent, "SPM", 2, to=f"{specimen}^{specimen}")


@EACH
@pytest.mark.parametrize("number", ["F1", "F1^LAB"])
def test_no_act_of_another_patient_has_the_id_of_one(mapping: Mapping, path: Path, number: str) -> None:
    """A number without a universal authority may be that of another laboratory, or of another year."""
    sent = numbered(lines(path), number)
    other = changed(sent, "PID", 3, to="9990000107^^^NHS^NH~L9999^^^154^PI")
    assert not set(places(mapping(message(sent)), *ACTS)) & set(places(mapping(message(other)), *ACTS))


@EACH
def test_an_nhs_number_that_is_found_later_changes_no_identity(mapping: Mapping, path: Path) -> None:
    sent = changed(numbered(lines(path), "F1^LAB"), "PID", 3, to="L1000^^^154^PI")
    found = changed(sent, "PID", 3, to="9990000107^^^NHS^NH~L1000^^^154^PI")
    assert places(mapping(message(sent)), *ACTS) == places(mapping(message(found)), *ACTS)


@EACH
def test_one_number_of_two_authorities_is_two(mapping: Mapping, path: Path) -> None:
    one, other = (message(numbered(lines(path), f"F1^LAB^2.16.840.1.113883.2.1.8.1.3.{n}^ISO")) for n in (154, 155))
    assert not set(places(mapping(one), *ACTS)) & set(places(mapping(other), *ACTS))


@pytest.mark.parametrize(
    ("mapping", "path", "segment", "field"),
    [
        (documents, "documents_to_cdr/samples/mdm_two_parts", "TXA", 12),
        (vaccinations, "vaccinations_to_cdr/samples/vxu_given", "ORC", 3),
    ],
)
@pytest.mark.parametrize("authority", ["ONE", "^2.16.840.1.113883.2.1.8.1.3.154^ISO"])
def test_so_is_that_of_a_document_or_a_vaccination(mapping: Mapping, path: str, segment: str, field: int, authority: str) -> None:
    sent = lines(ROOT / f"integrations/{path}.in.hl7")
    one = changed(sent, segment, field, to="N1^" + authority)
    other = changed(sent, segment, field, to="N1^" + authority.replace("ONE", "OTHER").replace("154", "155"))
    kinds = ("DocumentReference", "Binary", "Immunization", "Observation")
    assert not set(places(mapping(message(one)), *kinds)) & set(places(mapping(message(other)), *kinds))


def by_meaning(bundle: Resource) -> dict[str, str]:
    """The place of each result, by its code, sub-identifier and value."""
    names = ("valueQuantity", "valueString", "valueCodeableConcept", "valueRange", "valueRatio", "valueDateTime", "component")
    made = [(each["resource"], each["request"]["url"]) for each in bundle["entry"]]
    return {
        str([each["code"], [each.get(name) for name in names]]): url
        for each, url in made
        if each["resourceType"] == "Observation"
    }


def results_of(path: Path) -> tuple[Lines, Lines, Lines]:
    """The first results of a message: what is before them, they, and what is after them."""
    sent = lines(path)
    first = next(n for n, line in enumerate(sent) if line[0] == "OBX")
    last = next((n for n, line in enumerate(sent[first:], first) if line[0] != "OBX"), len(sent))
    return sent[:first], sent[first:last], sent[last:]


RESULTS = [each for each in sorted(LABORATORY.glob("[!r]*.in.hl7")) if each.read_bytes().count(b"\rOBX") > 1]
OF_RESULTS = pytest.mark.parametrize("path", RESULTS, ids=lambda path: str(path.name))


@OF_RESULTS
def test_neither_another_order_nor_a_result_or_note_more_moves_a_result(path: Path) -> None:
    before, sent, after = results_of(path)
    usual = by_meaning(results(message([*before, *sent, *after])))
    more = ["OBX", "0", "NM", "NEW^New test^L", "", "1", "", "", "", "", "", "F"]
    note = ["NTE", "1", "L", "A note."]
    for other in (sent[::-1], [more, *sent], [sent[0], note, *sent[1:]]):
        assert usual.items() <= by_meaning(results(message([*before, *other, *after]))).items()


@OF_RESULTS
def test_neither_a_value_nor_a_wording_is_part_of_an_identity(path: Path) -> None:
    sent = lines(path)
    usual = places(results(message(sent)), *ACTS)
    others = [
        changed(sent, "OBX", 11, to="C"),
        changed(sent, "OBX", 14, to="20260101120000"),
        changed(sent, "OBX", 6, to="mmol/L^mmol/L^UCUM"),
        changed(sent, "OBR", 7, to="20260101120000"),
        changed(sent, "OBR", 22, to="20260416120000"),
        changed(sent, "OBR", 25, to="C"),
        changed(sent, "MSH", 10, to="ANOTHER"),
        changed(sent, "MSH", 4, to="OTHER NAME^7A3C7^L"),
        reworded(sent, lambda code: [code[0].lower(), *[text.upper() for text in code[1:2]], *code[2:]]),
        reworded(sent, lambda code: [*code[:2], "OTHER"]),
    ]
    assert [places(results(message(other)), *ACTS) for other in others] == [usual] * len(others)


def reworded(sent: Lines, other: Callable[[list[str]], list[str]]) -> Lines:
    return [[*line[:3], "^".join(other(line[3].split("^"))), *line[4:]] if line[0] == "OBX" else line for line in sent]


def test_a_result_with_a_sub_identifier_is_corrected_alone() -> None:
    """By the place among those with its code, the second of two organisms would replace the first."""
    sent = lines(LABORATORY / "microbiology.in.hl7")
    alone = [line for line in sent if line[0] != "OBX" or line[4] == "2"]
    usual = by_meaning(results(message(sent)))
    corrected = by_meaning(results(message(alone)))
    assert len(corrected) == 2
    assert corrected.items() <= usual.items()


@pytest.mark.parametrize("mapping", [acts, admissions])
def test_a_visit_number_without_an_authority_counts_in_its_hospital_only(mapping: Mapping) -> None:
    """Neither its visit, its account, its diagnoses nor what its patient has may reach those of another hospital."""
    sent = changed(changed(changed(lines(ADMISSION), "PV1", 19, to="V1"), "PID", 18, to="A1"), "PID", 3, to="H1^^^^PI")
    one, other = mapping(message(sent)), mapping(message(changed(sent, "MSH", 4, to="7A4")))
    kinds = ("Encounter", "Account", "Condition", "AllergyIntolerance", "RelatedPerson", "Coverage")
    assert len(places(one, *kinds)) > 2
    assert not set(places(one, *kinds)) & set(places(other, *kinds))


def test_a_diagnosis_belongs_to_the_visit_of_its_authority() -> None:
    sent = lines(ROOT / "integrations/pas_adt_to_cdr/samples/a01_admission.in.hl7")
    one, other = (admissions(message(changed(sent, "PV1", 19, to=f"V1^^^{n}^VN"))) for n in (108, 109))
    assert not set(places(one, "Encounter", "Condition")) & set(places(other, "Encounter", "Condition"))


@pytest.mark.parametrize("mapping", [acts, admissions])
def test_an_observation_of_an_admission_belongs_to_its_visit(mapping: Mapping) -> None:
    """The height at the second admission must not replace that at the first."""
    height = ["OBX", "1", "NM", "8302-2^Height^LN", "", "170", "cm", "", "", "", "", "F"]
    sent = [*lines(ROOT / "integrations/pas_adt_to_cdr/samples/a01_admission.in.hl7"), height]
    one, other = (mapping(message(changed(sent, "PV1", 19, to=f"V{n}^^^108^VN"))) for n in (1, 2))
    assert len(places(one, "Observation")) == 1
    assert not set(places(one, "Observation")) & set(places(other, "Observation"))


@pytest.mark.parametrize("mapping", [acts, admissions, results])
def test_a_bed_is_one_of_its_ward(mapping: Mapping) -> None:
    """A place is created once: by its own name alone, bed 4 of each ward would be one bed."""
    sent = lines(ROOT / "integrations/pas_adt_to_cdr/samples/a01_admission.in.hl7")
    wards = ["A^BAY 2^BED 4^7A3C7", "B^BAY 2^BED 4^7A3C7", "A^BAY 2^BED 4^7A3C4"]
    found = [places(mapping(message(changed(sent, "PV1", 3, to=ward))), "Location") for ward in wards]
    beds = [each for one in found for each in one if "BED" in each or "BAY" in each]
    assert len(beds) == len(set(beds)) == 6


@pytest.mark.parametrize("mapping", [acts, admissions])
def test_staff_without_a_number_are_known_by_their_names(mapping: Mapping) -> None:
    """The doctor of this visit must not become that of the one before."""
    sent = lines(ROOT / "integrations/pas_adt_to_cdr/samples/a01_admission.in.hl7")
    one, other = (mapping(message(changed(sent, "PV1", 7, to=f"^{name}^Ann"))) for name in ("Cyntaf", "Ail"))
    assert len(set(places(one, "Practitioner")) ^ set(places(other, "Practitioner"))) == 2


def test_a_report_that_moves_to_the_right_patient_leaves_the_visit_of_the_wrong_one() -> None:
    sent = lines(LABORATORY / "microbiology.in.hl7")
    one, other = (results(message(each)) for each in (sent, changed(sent, "PID", 3, to="9990000107^^^NHS^NH~L9999^^^154^PI")))
    assert places(one, *LINKED) == places(other, *LINKED)
    assert not set(places(one, "Encounter")) & set(places(other, "Encounter"))


def test_a_transfer_to_another_hospital_keeps_the_account() -> None:
    """WPAS has one database for a health board, and sends the hospital of the moment as its facility."""
    sample = ROOT / "integrations/wpas_to_cdr/samples/ipt_transfer.in.xml"
    integration = next(each for each in load_all() if each.name == "wpas-to-cdr")
    sent = sample.read_bytes()
    before, name, after = sent.partition(b"<CURLOC_PROVIDER_CODE>")
    assert name
    elsewhere = before + name + b"7A3B7" + after[after.index(b"<") :]
    names = {"integration": integration.name, "received_at": "2026-05-01T10:00:00.000Z"}
    one, other = (integration.transform(integration.source.read(Envelope(body=each, **names))) for each in (sent, elsewhere))
    assert places(one, "Account") == places(other, "Account") != []


OWN = "urn:x-hub:PAS"
VISITS = {  # the authority of the number of a visit, the sending facility, and the system of the number
    ("", "7A3"): f"{OWN}:7A3",
    ("", "7A3 x"): f"{OWN}:7A3%20x",
    ("", ""): OWN,
    ("103", "7A3"): "urn:oid:2.16.840.1.113883.2.1.8.1.3.103",
    ("WARDS", "7A3"): "urn:x-hub:authority:WARDS",
}


@pytest.mark.parametrize(("authority", "facility"), VISITS)
def test_the_number_of_a_visit_is_that_of_its_authority_or_of_the_facility_of_its_sender(authority: str, facility: str) -> None:
    """Two hospitals may have one application: the same number in both is two visits."""
    number = {"value": "V1", **({"assigner": {"display": authority}} if authority else {})}
    (found,) = visit_identifiers({"resourceType": "Encounter", "identifier": [number]}, OWN, facility)
    assert (found["value"], found["system"]) == ("V1", VISITS[authority, facility])
