"""PRT: who takes part is found under what the segment stands under, and nowhere else."""

import pytest

from shared.fhir import check
from shared.fhir.resource import Resource
from shared.hl7 import parse
from shared.mapping import mapping_issues, to_bundle
from tests.shared.mapping.converting import converted, resources

MSH = "MSH|^~\\&|A|B|||20240101000000||{}|1|P|2.8"
PID = "PID|1||1^^^A"
OBR = "OBR|1|||1^a^LN" + "|" * 21 + "F"
OBX = "OBX|1|NM|1^a^LN||7||||||F"
RXA = "RXA|0|1|20240101||08^HepB^CVX|999"


def prt(code: str, person: str = "P1^Probe", action: str = "UC", **more: str) -> str:
    fields = {"1": "1", "2": action, "3": "", "4": f"{code}^^HL70443", "5": person} | {n[1:]: text for n, text in more.items()}
    return "PRT|" + "|".join(fields.get(str(n), "") for n in range(1, 25))


def bundle(event: str, *lines: str) -> Resource:
    made = to_bundle(parse("\r".join((MSH.format(event), *lines))))
    assert not [issue for issue in check(made) if issue.is_error]
    return made


def of_type(made: Resource, kind: str) -> list[Resource]:
    return [entry["resource"] for entry in made["entry"] if entry["resource"]["resourceType"] == kind]


def numbers(made: Resource, *references: Resource) -> list[str]:
    """The numbers of the practitioners that references to roles or to practitioners lead to."""
    named = {entry["fullUrl"]: entry["resource"] for entry in made["entry"]}
    found = [named[each["reference"]] for each in references]
    people = [named[each["practitioner"]["reference"]] if "practitioner" in each else each for each in found]
    return [each["identifier"][0]["value"] for each in people]


def test_a_primary_care_provider_is_the_general_practitioner() -> None:
    made = bundle("ADT^A01", PID, prt("PP"), "PV1|1|I")
    assert numbers(made, *of_type(made, "Patient")[0]["generalPractitioner"]) == ["P1"]
    assert not of_type(made, "CareTeam")


@pytest.mark.parametrize("event", ["ADT^A01", "ORU^R01"])
def test_another_provider_is_the_care_team_and_no_related_person(event: str) -> None:
    made = bundle(event, PID, prt("AT"))
    assert numbers(made, of_type(made, "CareTeam")[0]["participant"][0]["member"]) == ["P1"]
    assert not of_type(made, "RelatedPerson")


def test_a_person_who_is_no_provider_is_related() -> None:
    made = bundle("ORU^R01", PID, prt("NOK", _14="1 St^^City", _15="01234^PRN^PH", _24="L1^SL"))
    person = of_type(made, "RelatedPerson")[0]
    assert [each["value"] for each in person["identifier"]] == ["P1", "L1"]
    assert (person["name"][0]["family"], person["address"][0]["city"], person["telecom"][0]["value"]) == (
        "Probe",
        "City",
        "01234",
    )


def test_under_the_visit_it_takes_part_in_the_visit() -> None:
    made = bundle("ADT^A01", PID, "PV1|1|I", prt("AD"))
    participants = of_type(made, "Encounter")[0]["participant"]
    assert numbers(made, *(each["individual"] for each in participants)) == ["P1"]


ORDER = {
    "OP": ("ServiceRequest", "requester"),
    "TN": ("DiagnosticReport", "performer"),
    "PRI": ("DiagnosticReport", "resultsInterpreter"),
}


@pytest.mark.parametrize("code", ORDER)
@pytest.mark.parametrize("lines", [("ORC|RE", "{}", OBR), ("ORC|RE", OBR, "{}")], ids=["before OBR", "after OBR"])
def test_under_an_order(code: str, lines: tuple[str, ...]) -> None:
    made = bundle("ORU^R01", PID, *(line.format(prt(code)) for line in lines), OBX)
    kind, element = ORDER[code]
    held = of_type(made, kind)[0][element]
    assert numbers(made, *(held if isinstance(held, list) else [held])) == ["P1"]


@pytest.mark.parametrize("event", ["ORU^R01", "OML^O21"])
@pytest.mark.parametrize("lines", [("{}", "SPM|1|S1||BLD"), ("SPM|1|S1||BLD", "{}")], ids=["before SPM", "after SPM"])
def test_who_took_the_specimen(event: str, lines: tuple[str, ...]) -> None:
    made = bundle(event, PID, "ORC|NW|1", OBR, *(line.format(prt("SC")) for line in lines))
    assert numbers(made, of_type(made, "Specimen")[0]["collection"]["collector"]) == ["P1"]
    assert "performer" not in of_type(made, "ServiceRequest")[0]


def test_under_an_observation_performer_device_and_place() -> None:
    device = {"_10": "DEV^NS", "_17": "20200101", "_18": "20300101", "_19": "LOT", "_20": "SER", "_21": "DIST", "_22": "T^Tool^L"}
    made = bundle("ORU^R01", PID, OBR, OBX, prt("RO", _9="WARD^R^B", **device))
    seen = of_type(made, "Observation")[0]
    assert numbers(made, *seen["performer"]) == ["P1"]
    tool = of_type(made, "Device")[0]
    assert tool["id"] in seen["device"]["reference"]
    assert (tool["manufactureDate"], tool["expirationDate"]) == ("2020-01-01", "2030-01-01")
    assert (tool["lotNumber"], tool["serialNumber"], tool["distinctIdentifier"]) == ("LOT", "SER", "DIST")
    assert seen["extension"][0]["url"].endswith("event-location")


@pytest.mark.parametrize("code", ["OP", "AP"])
def test_under_a_vaccination(code: str) -> None:
    made = bundle("VXU^V04", PID, "ORC|RE", prt(code), RXA)
    performer = of_type(made, "Immunization")[0]["performer"][0]
    assert performer["function"]["coding"][0]["code"] == code
    assert numbers(made, performer["actor"]) == ["P1"]


@pytest.mark.parametrize("preferred", ["H", "O", "E"])
def test_the_preferred_contact_is_marked(preferred: str) -> None:
    made = bundle("ADT^A01", PID, "PV1|1|I", prt("AD", _15="01^PRN^PH~02^WPN^PH~^NET^Internet^a@b.example", _23=preferred))
    telecom = of_type(made, "PractitionerRole")[0]["telecom"]
    marked = [each["value"] for each in telecom if any("preferred" in ext["url"] for ext in each.get("extension", ()))]
    assert marked == [{"H": "01", "O": "02", "E": "a@b.example"}[preferred]]


@pytest.mark.parametrize("action", ["D", "DE"])
def test_a_deleted_participation_says_nothing(action: str) -> None:
    text = "\r".join((MSH.format("ADT^A01"), PID, prt("PP", action=action)))
    assert "generalPractitioner" not in of_type(to_bundle(parse(text)), "Patient")[0]
    assert [(issue.where, issue.rule) for issue in mapping_issues(parse(text))] == [("PRT-2", "deleted-not-mapped")]


def test_under_a_segment_without_a_map_it_is_named() -> None:
    text = "\r".join((MSH.format("ADT^A01"), PID, "PV1|1|I", "DG1|1||x", prt("AA")))
    assert [(issue.where, issue.rule) for issue in mapping_issues(parse(text))] == [("PRT", "segment-not-mapped")]
    assert "participant" not in of_type(to_bundle(parse(text)), "Encounter")[0]


@pytest.mark.parametrize("person", ["", "P1^Probe"])
def test_an_organization_has_the_address_where_there_is_no_person(person: str) -> None:
    made = bundle("ORU^R01", PID, OBR, prt("PO", person, _8="Labordy^^^^^^^^^L1", _14="1 St^^City", _15="01234^WPN^PH"))
    (laboratory,) = [each for each in of_type(made, "Organization") if each.get("name") == "Labordy"]
    addresses = [each["city"] for each in laboratory.get("address", [])]
    numbers_of_it = [each["value"] for each in laboratory.get("telecom", [])]
    assert (addresses, numbers_of_it) == (([], []) if person else (["City"], ["01234"]))


@pytest.mark.parametrize(("kind", "name"), [("W", "W"), ("W^Ward", "Ward"), ("W^Ward^L^^^^^^Y Ward", "Y Ward")])
def test_an_organization_that_is_only_a_type_has_its_words_as_its_name(kind: str, name: str) -> None:
    """FHIR requires a name of an organization (org-1): the text, else the display, else the code."""
    found = converted(PID, OBR, f"PRT|1|UC||RO^Responsible^L|||{kind}")
    assert name in [each["name"] for each in resources(found, "Organization") if each.get("type")]


CARE_TEAM = {  # ROL-4, ROL-14: the type of the member, and of whom the member is there for
    "a person": ("P1^Probe", "", "Practitioner", ""),
    "a person of an organization": ("P1^Probe", "Ward 5^L^17", "Practitioner", "Organization"),
    "an organization": ("", "Ward 5^L^17", "Organization", ""),
}


def test_a_role_of_which_only_the_type_of_organization_is_known_is_a_care_team_of_that() -> None:
    found = converted(PID, f"ROL|1|UC|AT^^HL70443{'|' * 7}W^Ward^L", "PV1|1|I", kind="ADT^A01^ADT_A01")
    (participant,) = resources(found, "CareTeam")[0]["participant"]
    named = {entry["fullUrl"]: entry["resource"] for entry in found.bundle["entry"]}
    assert named[participant["member"]["reference"]]["name"] == "Ward"
    assert not [issue for issue in found.issues if issue.rule == "segment-says-nothing"]


@pytest.mark.parametrize("case", CARE_TEAM)
def test_a_role_under_the_patient_is_a_care_team_of_a_person_or_an_organization(case: str) -> None:
    person, organization, member, behalf = CARE_TEAM[case]
    found = converted(PID, f"ROL|1|UC|AT^^HL70443|{person}{'|' * 10}{organization}", "PV1|1|I", kind="ADT^A01^ADT_A01")
    (participant,) = resources(found, "CareTeam")[0]["participant"]
    assert (participant["member"]["type"], participant.get("onBehalfOf", {}).get("type", "")) == (member, behalf)
    named = {entry["fullUrl"]: entry["resource"] for entry in found.bundle["entry"]}
    owner = participant.get("onBehalfOf") or participant["member"]
    assert named[owner["reference"]].get("name") == ("Ward 5" if organization else [{"family": "Probe"}])


def test_of_two_devices_of_an_observation_the_first_stays_and_the_second_is_reported() -> None:
    found = converted(PID, OBR, OBX, prt("EQUIP", person="", _10="D1^S"), prt("EQUIP", person="", _10="D2^S"))
    assert [(issue.code, issue.rule, issue.where) for issue in found.issues] == [("conflict", "second-value", "PRT[2]-10")]
    named = {entry["fullUrl"]: entry["resource"] for entry in found.bundle["entry"]}
    (observation,) = resources(found, "Observation")
    assert named[observation["device"]["reference"]]["identifier"][0]["value"] == "D1"


def test_a_role_in_a_team_has_both_codes() -> None:
    (role,) = resources(converted(PID, prt("AT", _6="CARD^Cardiology^L"), OBR), "PractitionerRole")
    assert [each["coding"][0]["code"] for each in role["code"]] == ["AT", "CARD"]
    assert role["specialty"] == role["code"][1:]


def test_the_time_of_collection_in_the_specimen_stays_and_that_of_the_order_adds_the_rest() -> None:
    order = "OBR|1|P1|F1|1^a^LN|||20260115093000||5^mL|C1^Probe" + "|" * 15 + "F"
    (specimen,) = resources(converted(PID, order, "SPM|1|S1||BLD" + "|" * 13 + "20260114"), "Specimen")
    collection = specimen["collection"]
    assert (collection["collectedDateTime"], collection["quantity"]["value"]) == ("2026-01-14", 5)
    assert "collectedPeriod" not in collection


def test_the_type_of_an_organization_is_that_of_the_one_which_is_named() -> None:
    found = converted(PID, prt("AT", person="", _7="T1^Type^L", _8="Probe^^1"), OBR)
    (named,) = [each for each in resources(found, "Organization") if "type" in each]
    assert (named["name"], named["type"][0]["coding"][0]["code"]) == ("Probe", "T1")


def test_an_appointment_without_anyone_has_an_unknown_participant() -> None:
    (appointment,) = resources(converted("SCH|1|F1", kind="SIU^S12^SIU_S12"), "Appointment")
    assert appointment["participant"] == [{"type": [{"text": "unknown"}], "status": "needs-action"}]
