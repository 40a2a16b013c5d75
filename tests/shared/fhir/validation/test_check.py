"""Every fault that the check promises to find, each at its path; and nothing where there is nothing."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from shared.fhir import Ids, check, reference, resource, transaction_bundle
from shared.fhir.validation.checker import passes_quick_check

Json = dict[str, Any]
IDS = Ids("WLIMS", "7A4", "M1")
MESSAGE = {"MSH-3": "WLIMS", "MSH-4": "7A4", "MSH-10": "M1"}
PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
    "name": [{"family": "Tester", "given": ["Ann", "Beth"]}],
    "telecom": [{"system": "phone", "value": "029 2000 0000", "rank": 1}],
    "gender": "female",
    "birthDate": "1970-02-28",
    "deceasedBoolean": False,
    "contact": [{"name": {"family": "Next"}}],
    "maritalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M"}]},
    "managingOrganization": {"reference": "Organization/7A4"},
}
OBSERVATION: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2024-05-01T10:20:00+01:00",
    "issued": "2024-05-01T10:20:00Z",
    "valueQuantity": {"value": 5.4, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
    "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "1"}]}, "valueInteger": 3}],
    "referenceRange": [{"low": {"value": 1}}],
}
ALLERGY: Json = {
    "resourceType": "AllergyIntolerance",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    },
    "patient": {"reference": "Patient/1"},
}
ORGANIZATION: Json = {"resourceType": "Organization", "name": "Laboratory", "telecom": [{"system": "phone", "value": "1"}]}
CONDITION: Json = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "code": {"text": "x"}}
DOCUMENT: Json = {
    "resourceType": "DocumentReference",
    "status": "current",
    "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERi0="}}],
}
ENCOUNTER: Json = {
    "resourceType": "Encounter",
    "text": {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Day case</p></div>'},
    "status": "finished",
    "class": {"code": "IMP"},
    "period": {"start": "2024-05-01", "end": "2024-05-03T10:00:00Z"},
}
BUNDLE = transaction_bundle(
    MESSAGE,
    resource("Patient", id=IDS("PID"), gender="male"),
    resource("Encounter", id=IDS("PV1"), status="unknown", class_={"code": "AMB"}, subject=reference("Patient", IDS("PID"))),
)
GOOD = (PATIENT, OBSERVATION, ALLERGY, ORGANIZATION, CONDITION, DOCUMENT, ENCOUNTER, BUNDLE)
DELETE = object()


def put(*steps: Any) -> Callable[[Json], None]:
    """A change: the last step is the value that is put at the place that the other steps lead to."""

    def change(content: Any) -> None:
        *way, last, value = steps
        for step in way:
            content = content[step]
        if value is DELETE:
            del content[last]
        elif isinstance(content, list) and last == len(content):
            content.append(value)
        else:
            content[last] = value

    return change


def narrative(inner: str) -> Callable[[Json], None]:
    """A narrative with this in its ``div``."""
    return put("text", {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'})


FAULTS = [
    # unknown element, resource type
    (PATIENT, put("colour", "red"), "Patient.(unknown)", "unknown-element"),
    (PATIENT, put("name", 0, "nick", "x"), "Patient.name[0].(unknown)", "unknown-element"),
    (PATIENT, put("name", 0, "resourceType", "HumanName"), "Patient.name[0].resourceType", "unknown-element"),
    (PATIENT, put("_colour", {"id": "a"}), "Patient.(unknown)", "unknown-element"),
    (PATIENT, put("resourceType", "Person2"), "(unknown).resourceType", "resource-type"),
    (PATIENT, put("resourceType", DELETE), "Resource", "resource-type"),
    # JSON types
    (PATIENT, put("active", "true"), "Patient.active", "json-type"),
    (PATIENT, put("active", 1), "Patient.active", "json-type"),
    (PATIENT, put("telecom", 0, "rank", "1"), "Patient.telecom[0].rank", "json-type"),
    (PATIENT, put("telecom", 0, "rank", True), "Patient.telecom[0].rank", "json-type"),
    (PATIENT, put("birthDate", 1970), "Patient.birthDate", "json-type"),
    (PATIENT, put("name", 0, "family", 7), "Patient.name[0].family", "json-type"),
    (PATIENT, put("name", 0, "given", "Ann"), "Patient.name[0].given", "json-type"),
    (PATIENT, put("name", {"family": "Tester"}), "Patient.name", "json-type"),
    (PATIENT, put("name", 0, "Tester"), "Patient.name[0]", "json-type"),
    (OBSERVATION, put("valueQuantity", "value", "5.4"), "Observation.valueQuantity.value", "json-type"),
    (OBSERVATION, put("component", 0, "valueInteger", 3.5), "Observation.component[0].valueInteger", "json-type"),
    (OBSERVATION, put("code", "718-7"), "Observation.code", "json-type"),
    # primitive formats
    (PATIENT, put("birthDate", "1970-02-30"), "Patient.birthDate", "format"),
    (PATIENT, put("birthDate", "28/02/1970"), "Patient.birthDate", "format"),
    (PATIENT, put("birthDate", "1970-02-28T10:00:00Z"), "Patient.birthDate", "format"),
    (PATIENT, put("id", "p 1"), "Patient.id", "format"),
    (PATIENT, put("id", "p" * 65), "Patient.id", "format"),
    (PATIENT, put("identifier", 0, "system", "nhs number"), "Patient.identifier[0].system", "format"),
    (PATIENT, put("telecom", 0, "rank", 0), "Patient.telecom[0].rank", "format"),
    (PATIENT, put("language", " en"), "Patient.language", "format"),
    (PATIENT, put("name", 0, "family", "a\x00b"), "Patient.name[0].family", "format"),
    (OBSERVATION, put("effectiveDateTime", "2024-05-01T10:20"), "Observation.effectiveDateTime", "format"),
    (OBSERVATION, put("effectiveDateTime", "2024-13"), "Observation.effectiveDateTime", "format"),
    (OBSERVATION, put("issued", "2024-05-01"), "Observation.issued", "format"),
    (OBSERVATION, put("code", "coding", 0, "code", "718  7"), "Observation.code.coding[0].code", "format"),
    (OBSERVATION, put("code", "coding", 0, "code", "718-7 "), "Observation.code.coding[0].code", "format"),
    (OBSERVATION, put("valueQuantity", "value", float("nan")), "Observation.valueQuantity.value", "format"),
    (OBSERVATION, put("component", 0, "valueInteger", 1 << 31), "Observation.component[0].valueInteger", "format"),
    (DOCUMENT, put("content", 0, "attachment", "data", "not*base64"), "DocumentReference.content[0].attachment.data", "format"),
    (DOCUMENT, put("masterIdentifier", {"system": "urn:oid:1 2"}), "DocumentReference.masterIdentifier.system", "format"),
    (PATIENT, put("text", {"status": "generated", "div": "<p>x</p>"}), "Patient.text.div", "format"),
    (PATIENT, put("text", {"status": "generated", "div": "<div>x"}), "Patient.text.div", "format"),
    (PATIENT, narrative('<a href="javascript:x()">x</a>'), "Patient.text.div", "format"),
    (PATIENT, narrative('<a href=" java&Tab;script&colon;x()">x</a>'), "Patient.text.div", "format"),
    (PATIENT, narrative('<img alt="x" src="data:image/svg+xml;base64,PHN2Zz4="/>'), "Patient.text.div", "format"),
    (PATIENT, narrative('<p style="width: expression (x)">x</p>'), "Patient.text.div", "format"),
    (PATIENT, narrative('<p xmlns:l="http://www.w3.org/1999/xlink" l:href="x">x</p>'), "Patient.text.div", "format"),
    (PATIENT, narrative('<p xml:base="http://x.test/">x</p>'), "Patient.text.div", "format"),
    (PATIENT, put("extension", [{"url": "urn:a", "valueOid": "1.2.3"}]), "Patient.extension[0].valueOid", "format"),
    (PATIENT, put("extension", [{"url": "urn:a", "valueUuid": "urn:uuid:1"}]), "Patient.extension[0].valueUuid", "format"),
    (PATIENT, put("extension", [{"url": "urn:a", "valueTime": "24:00:00"}]), "Patient.extension[0].valueTime", "format"),
    # presence, cardinality, choices
    (OBSERVATION, put("status", DELETE), "Observation.status", "required"),
    (OBSERVATION, put("component", 0, "code", DELETE), "Observation.component[0].code", "required"),
    (DOCUMENT, put("content", DELETE), "DocumentReference.content", "required"),
    (OBSERVATION, put("status", ["final"]), "Observation.status", "too-many"),
    (OBSERVATION, put("code", [{"text": "x"}]), "Observation.code", "too-many"),
    (OBSERVATION, put("valueString", "x"), "Observation.valueString", "choice"),
    (PATIENT, put("deceasedDateTime", "2024-05-01"), "Patient.deceasedDateTime", "choice"),
    (OBSERVATION, put("valueReference", {"reference": "Patient/1"}), "Observation.valueReference", "choice-type"),
    # bindings and references
    (PATIENT, put("gender", "F"), "Patient.gender", "binding"),
    (PATIENT, put("telecom", 0, "system", "telephone"), "Patient.telecom[0].system", "binding"),
    (OBSERVATION, put("status", "F"), "Observation.status", "binding"),
    (ALLERGY, put("clinicalStatus", "coding", 0, "code", "A"), "AllergyIntolerance.clinicalStatus", "binding"),
    (ALLERGY, put("clinicalStatus", {"text": "active"}), "AllergyIntolerance.clinicalStatus", "binding"),
    (OBSERVATION, put("subject", "reference", "Practitioner/1"), "Observation.subject", "reference-type"),
    (OBSERVATION, put("subject", {"type": "Practitioner", "display": "x"}), "Observation.subject", "reference-type"),
    (
        BUNDLE,
        put("entry", 1, "resource", "subject", "reference", f"urn:uuid:{IDS('NK1')}"),
        "Bundle.entry[1].resource.subject.reference",
        "dangling-reference",
    ),
    (
        BUNDLE,
        put("entry", 1, "resource", "partOf", {"reference": f"urn:uuid:{IDS('PID')}"}),
        "Bundle.entry[1].resource.partOf",
        "reference-type",
    ),
    # emptiness and nulls
    (PATIENT, put("name", []), "Patient.name", "empty"),
    (PATIENT, put("name", 0, {}), "Patient.name[0]", "empty"),
    (PATIENT, put("maritalStatus", {}), "Patient.maritalStatus", "empty"),
    (PATIENT, put("name", 0, "family", ""), "Patient.name[0].family", "empty"),
    (PATIENT, put("name", 0, "given", []), "Patient.name[0].given", "empty"),
    (PATIENT, put("birthDate", None), "Patient.birthDate", "null"),
    (PATIENT, put("name", 0, "given", 0, None), "Patient.name[0].given[0]", "null"),
    (PATIENT, put("contact", 0, None), "Patient.contact[0]", "null"),
    (PATIENT, put("_birthDate", None), "Patient._birthDate", "null"),
    (PATIENT, put("_birthDate", {}), "Patient._birthDate", "empty"),
    # invariants
    (BUNDLE, put("entry", 1, "fullUrl", f"urn:uuid:{IDS('PID')}"), "Bundle.entry[1].fullUrl", "bdl-7"),
    (BUNDLE, put("entry", 0, "request", DELETE), "Bundle.entry[0].request", "bdl-3"),
    (BUNDLE, put("total", 2), "Bundle.total", "bdl-1"),
    (BUNDLE, put("entry", 0, "search", {"mode": "match"}), "Bundle.entry[0].search", "bdl-2"),
    (BUNDLE, put("entry", 0, "response", {"status": "200"}), "Bundle.entry[0].response", "bdl-4"),
    (BUNDLE, put("entry", 0, "fullUrl", "http://a/Patient/1/_history/2"), "Bundle.entry[0].fullUrl", "bdl-8"),
    (BUNDLE, put("type", "document"), "Bundle.entry[0].resource", "bdl-11"),
    (BUNDLE, put("type", "document"), "Bundle.timestamp", "bdl-10"),
    (BUNDLE, put("type", "message"), "Bundle.entry[0].resource", "bdl-12"),
    ({"resourceType": "Bundle", "type": "collection", "entry": [{"id": "a"}]}, lambda b: None, "Bundle.entry[0]", "bdl-5"),
    (PATIENT, put("contained", [{"resourceType": "Organization", "id": "o", "name": "x"}]), "Patient.contained[0]", "dom-3"),
    (PATIENT, put("managingOrganization", {"reference": "#o"}), "Patient.managingOrganization.reference", "ref-1"),
    (PATIENT, put("extension", [{"url": "urn:a"}]), "Patient.extension[0]", "ext-1"),
    (
        PATIENT,
        put("extension", [{"url": "urn:a", "valueCode": "a", "extension": [{"url": "urn:b", "valueCode": "b"}]}]),
        "Patient.extension[0]",
        "ext-1",
    ),
    (PATIENT, put("telecom", 0, "system", DELETE), "Patient.telecom[0]", "cpt-2"),
    (PATIENT, put("contact", 0, {"gender": "male"}), "Patient.contact[0]", "pat-1"),
    (ENCOUNTER, put("period", "start", "2024-05-04"), "Encounter.period", "per-1"),
    (OBSERVATION, put("dataAbsentReason", {"text": "x"}), "Observation", "obs-6"),
    (
        OBSERVATION,
        put("component", 0, "code", "coding", 0, {"system": "http://loinc.org", "code": "718-7"}),
        "Observation.component",
        "obs-7",
    ),
    (OBSERVATION, put("referenceRange", 0, {"type": {"text": "normal"}}), "Observation.referenceRange[0]", "obs-3"),
    (OBSERVATION, put("valueQuantity", "system", DELETE), "Observation.valueQuantity", "qty-3"),
    (
        OBSERVATION,
        put("referenceRange", 0, "low", {"comparator": "<"}),
        "Observation.referenceRange[0].low.comparator",
        "unknown-element",
    ),
    (DOCUMENT, put("content", 0, "attachment", "contentType", DELETE), "DocumentReference.content[0].attachment", "att-1"),
    (ORGANIZATION, put("name", DELETE), "Organization", "org-1"),
    (ORGANIZATION, put("address", [{"use": "home", "city": "x"}]), "Organization.address", "org-2"),
    (ORGANIZATION, put("telecom", 0, "use", "home"), "Organization.telecom", "org-3"),
    (ALLERGY, put("clinicalStatus", DELETE), "AllergyIntolerance.clinicalStatus", "ait-1"),
    (CONDITION, put("abatementString", "x"), "Condition.clinicalStatus", "con-4"),
    (CONDITION, put("stage", [{"type": {"text": "x"}}]), "Condition.stage[0]", "con-1"),
]


@pytest.mark.parametrize("content", GOOD, ids=lambda r: r["resourceType"])
def test_what_is_sound_passes_the_cheap_pass(content: Json) -> None:
    assert check(content) == []
    assert passes_quick_check(content)


@pytest.mark.parametrize(("content", "change", "where", "rule"), FAULTS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_fault_is_found_at_its_path(content: Json, change: Callable[[Json], None], where: str, rule: str) -> None:
    broken = deepcopy(content)
    change(broken)
    assert not passes_quick_check(broken)
    found = check(broken)
    assert (where, rule) in [(issue.where, issue.rule) for issue in found]
    assert all(issue.is_error and issue.code and issue.text for issue in found)


@pytest.mark.parametrize(("content", "change", "where", "rule"), FAULTS[:40:3], ids=lambda v: v if isinstance(v, str) else "")
def test_a_fault_is_found_inside_a_bundle(content: Json, change: Callable[[Json], None], where: str, rule: str) -> None:
    broken = deepcopy(content)
    change(broken)
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, {"resource": broken}]}
    tail = where.partition(".")[2]
    assert f"Bundle.entry[1].resource.{tail}" in [issue.where for issue in check(bundle)]


CONTAINED: Json = {
    **PATIENT,
    "managingOrganization": {"reference": "#o"},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
}


def test_contained_resources_are_right_when_referred_to() -> None:
    assert check(CONTAINED) == []


@pytest.mark.parametrize(
    ("part", "where", "rule"),
    [
        ({"contained": [{"resourceType": "Patient"}]}, "Patient.contained[0].contained", "dom-2"),
        ({"meta": {"versionId": "1"}}, "Patient.contained[0].meta", "dom-4"),
        ({"meta": {"security": [{"code": "R"}]}}, "Patient.contained[0].meta.security", "dom-5"),
        ({"colour": "red"}, "Patient.contained[0].(unknown)", "unknown-element"),
    ],
)
def test_a_fault_of_what_is_contained(part: Json, where: str, rule: str) -> None:
    broken = {**CONTAINED, "contained": [{**CONTAINED["contained"][0], **part}]}
    assert (where, rule) in [(issue.where, issue.rule) for issue in check(broken)]


def test_extensions_of_primitives_stand_for_them() -> None:
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
    content = {**PATIENT, "_birthDate": absent, "name": [{"given": ["Ann", None], "_given": [None, absent]}]}
    del content["birthDate"]
    assert check(content) == []


def test_an_extension_of_a_required_primitive_is_enough() -> None:
    content = {**OBSERVATION, "_status": {"extension": [{"url": "urn:a", "valueCode": "unknown"}]}}
    del content["status"]
    assert check(content) == []


@pytest.mark.parametrize("nonsense", [None, 7, "Patient", [], {}, {"resourceType": ["Patient"]}, {"resourceType": "../codes"}])
def test_nonsense_is_an_issue_and_no_exception(nonsense: Any) -> None:
    assert check(nonsense)


def test_deep_nesting_is_an_issue_and_no_exception() -> None:
    deep: Json = {"url": "urn:a", "valueCode": "x"}
    for _ in range(5000):
        deep = {"url": "urn:a", "extension": [deep]}
    assert [issue.rule for issue in check({"resourceType": "Patient", "extension": [deep]})] == ["too-deep"]


def test_no_value_of_the_resource_is_told() -> None:
    for content, change, _, _ in FAULTS:
        broken = deepcopy(content)
        change(broken)
        for issue in check(broken):
            assert "Tester" not in str(issue)
            assert "1970" not in str(issue)


def test_a_concept_that_holds_a_reference_is_followed_in_every_bundle() -> None:
    """The same concept, sound in one bundle, dangles in the next: it is not taken for known."""
    about = {"url": "urn:a", "valueReference": {"reference": f"urn:uuid:{IDS('PID')}"}}
    bundle = deepcopy(BUNDLE)
    put("entry", 1, "resource", "serviceType", {"text": "x", "extension": [about]})(bundle)
    put("entry", 1, "resource", "subject", DELETE)(bundle)
    assert [check(bundle) for _ in range(2)] == [[], []]
    del bundle["entry"][0]
    assert "Bundle.entry[0].resource.serviceType.extension[0].valueReference.reference" in [each.where for each in check(bundle)]


PRESENT = {"extension": [{"url": "urn:a", "valueCode": "b"}]}


@pytest.mark.parametrize(
    ("given", "extensions", "found"),
    [
        (["A"], [PRESENT], []),
        (["A", None], [None, PRESENT], []),
        ([None], [PRESENT], []),
        (["A"], [None], []),
        ([None, "A"], [PRESENT, None], []),
        (["A"], PRESENT, [("json-type", "_given")]),
        (["A"], [], [("json-type", "_given")]),
        (["A"], ["x"], [("json-type", "_given[0]")]),
        (["A"], [None, None], [("null", "_given[1]")]),
        ([None], [None], [("null", "_given[0]"), ("null", "given[0]")]),
        (["A"], [None, PRESENT], []),
    ],
)
def test_the_extensions_of_repeated_primitives_stand_next_to_them(
    given: list[str | None], extensions: Any, found: list[tuple[str, str]]
) -> None:
    """``_given`` has an object or a null for each ``given``; a place without a value and without an extension says nothing."""
    issues = check({"resourceType": "Patient", "name": [{"given": given, "_given": extensions}]})
    assert sorted((each.rule, each.where.rpartition(".")[2]) for each in issues) == found


@pytest.mark.parametrize(
    "inner",
    [
        '<a href="https://example.nhs.wales/a?b=1#c">x</a><a href="#note">y</a><a href="mailto:a@example.nhs.wales">z</a>',
        '<p xml:lang="cy" lang="cy" style="color: red; text-align: left">caf&eacute;&nbsp;&copy;</p>',
        '<img alt="x" src="data:image/png;base64,AAAA"/><img alt="y" src="#pic1"/>',
    ],
)
def test_a_narrative_may_have_links_pictures_languages_and_styles(inner: str) -> None:
    content = deepcopy(PATIENT)
    narrative(inner)(content)
    assert check(content) == []
    assert passes_quick_check(content)
