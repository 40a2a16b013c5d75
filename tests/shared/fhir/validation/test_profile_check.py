"""National profiles: what they ask of a resource that claims them, the cheap pass and the findings agreeing."""

from copy import deepcopy
from typing import Any

import pytest

from shared.fhir import FhirProfile, check, entry, transaction_bundle
from shared.fhir.validation.profile_tests import profile_test

Json = dict[str, Any]
WALES = "https://fhir.nhs.wales/StructureDefinition/DataStandardsWales-"
UK = "https://fhir.hl7.org.uk/StructureDefinition/"
UNUSUAL = {"system": "http://hl7.org/fhir/ValueSet/observation-category", "version": "4.3.0", "code": "laboratory"}
LABORATORY = {"coding": [{**UNUSUAL, "display": "Laboratory"}]}
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"


def claiming(profile: str, content: Json) -> Json:
    return {"resourceType": content["resourceType"], "meta": {"profile": [WALES + profile]}, **content}


PATIENT = claiming(
    "Patient",
    {
        "resourceType": "Patient",
        "extension": [
            {"url": f"{UK}Extension-UKCore-EthnicCategory", "valueCodeableConcept": {"text": "not stated"}},
        ],
        "identifier": [
            {"system": NHS_NUMBER, "value": "9990000018"},
            {"system": "https://fhir.sbuhb.nhs.wales/Id/pas-identifier", "value": "S1"},
        ],
    },
)
OBSERVATION = claiming(
    "Observation-Lab",
    {
        "resourceType": "Observation",
        "status": "final",
        "category": [LABORATORY],
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1", "display": "x"}]},
        "subject": {"reference": "Patient/1"},
    },
)
REPORT = claiming(
    "DiagnosticReport-Lab",
    {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB", "display": "Laboratory"}]}
        ],
        "code": {"text": "x"},
        "subject": {"reference": "Patient/1"},
    },
)
SPECIMEN = claiming(
    "Specimen",
    {
        "resourceType": "Specimen",
        "type": {"text": "blood"},
        "subject": {"reference": "Patient/1"},
        "collection": {"collectedDateTime": "2024-05-01"},
    },
)
ORGANIZATION = claiming("Organization", {"resourceType": "Organization", "name": "x"})
GOOD = (PATIENT, OBSERVATION, REPORT, SPECIMEN, ORGANIZATION)

FAULTS: list[tuple[Json, Json, str]] = [
    (OBSERVATION, {"subject": None}, "Observation.subject"),
    (OBSERVATION, {"category": None}, "Observation.category"),
    (OBSERVATION, {"category": [{"text": "laboratory"}]}, "Observation.category:LaboratorySlice"),
    (OBSERVATION, {"category": [LABORATORY, LABORATORY]}, "Observation.category:LaboratorySlice"),
    (
        OBSERVATION,
        {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}},
        "Observation.code.coding[0].display",
    ),
    (REPORT, {"category": [{"text": "x"}]}, "DiagnosticReport.category[0].coding"),
    (REPORT, {"category": [{"coding": [{"code": "LAB"}]}]}, "DiagnosticReport.category[0].coding:laboratory"),
    (SPECIMEN, {"collection": {"method": {"text": "x"}}}, "Specimen.collection.collected"),
    (SPECIMEN, {"collection": {"collectedPeriod": {"start": "2024"}}}, "Specimen.collection.collectedPeriod"),
    (ORGANIZATION, {"telecom": [{"system": "phone"}]}, "Organization.telecom[0].value"),
    (
        ORGANIZATION,
        {"identifier": [{"system": "https://fhir.nhs.uk/Id/ods-site-code", "value": "7A4BV"}]},
        "Organization.identifier:odsSiteCode",
    ),
    (PATIENT, {"identifier": [{"system": NHS_NUMBER, "use": "official"}]}, "Patient.identifier[0].value"),
    (PATIENT, {"identifier": [{"system": NHS_NUMBER, "value": v} for v in ("1", "2")]}, "Patient.identifier:nhsNumber"),
    (PATIENT, {"extension": PATIENT["extension"] * 2}, "Patient.extension:ethnicCategory"),
    (
        PATIENT,
        {"extension": [{"url": f"{UK}Extension-UKCore-EthnicCategory", "valueString": "A"}]},
        "Patient.extension[0].valueString",
    ),
    (
        PATIENT,
        {"extension": [{"url": f"{UK}Extension-UKCore-BirthSex", "valueCodeableConcept": {"text": "F"}}]},
        "Patient.extension[0].valueCodeableConcept",
    ),
]


@pytest.mark.parametrize("content", GOOD, ids=lambda r: r["resourceType"])
def test_what_keeps_its_profile_passes_the_cheap_pass(content: Json) -> None:
    test = profile_test(content["resourceType"], content["meta"]["profile"][0])
    assert test is not None
    assert test(content)
    assert check(content) == []


@pytest.mark.parametrize(("content", "change", "where"), FAULTS, ids=lambda v: v if isinstance(v, str) else "")
def test_what_a_profile_asks_is_missed_at_its_path(content: Json, change: Json, where: str) -> None:
    broken = {name: value for name, value in {**deepcopy(content), **change}.items() if value is not None}
    assert where in [issue.where for issue in check(broken)]
    without_claim = {**broken, "meta": {"versionId": "1"}}
    assert where not in [issue.where for issue in check(without_claim) if issue.rule.startswith("DataStandards")]


def test_a_claim_of_an_unknown_profile_is_an_issue() -> None:
    found = check({"resourceType": "Patient", "meta": {"profile": [f"{WALES}Pazient"]}})
    assert [(issue.rule, issue.where) for issue in found] == [("profile-unknown", "Patient.meta.profile")]


def test_profiles_of_others_are_not_ours_to_judge() -> None:
    assert check({"resourceType": "Patient", "meta": {"profile": ["http://example.org/StructureDefinition/p"]}}) == []


def test_an_outgoing_profile_may_ask_that_national_profiles_are_claimed() -> None:
    message = {"MSH-3": "A", "MSH-4": "B", "MSH-10": "C"}
    bundle = transaction_bundle(
        message, entry({"resourceType": "Patient", "id": "p", "active": True}, merge="identifier=urn:a|1")
    )
    assert FhirProfile("CDR").check(bundle) == []
    found = FhirProfile("CDR", claims=(f"{WALES}Patient",)).check(bundle)
    assert [issue.where for issue in found] == ["Bundle.entry[0].resource.meta.profile"]
    assert [(issue.severity, issue.rule, issue.text) for issue in found] == [
        ("error", "profile-claimed", "names no national profile")
    ]


@pytest.mark.parametrize(
    ("resources", "claims", "unclaimed"),
    [
        ([{"resourceType": "Patient"}], (), []),
        ([{"resourceType": "Patient"}], ("Observation-Lab",), []),
        ([{"resourceType": "Patient"}], ("Patient",), [0]),
        ([{"resourceType": "Patient", "meta": {}}], ("Patient",), [0]),
        ([{"resourceType": "Patient", "meta": {"profile": ["x"]}}], ("Patient",), []),
        ([{"resourceType": "Organization"}, {"resourceType": "Patient"}], ("Patient",), [1]),
        ([{"resourceType": "Organization"}, {"resourceType": "Patient"}], ("Patient", "Organization"), [0, 1]),
    ],
)
def test_every_resource_of_the_type_claims_the_profile(
    resources: list[Json], claims: tuple[str, ...], unclaimed: list[int]
) -> None:
    profile = FhirProfile("CDR", claims=tuple(WALES + each for each in claims))
    found = [issue.where for issue in profile._without_profile({"entry": [{"resource": each} for each in resources]})]
    assert found == [f"Bundle.entry[{n}].resource.meta.profile" for n in unclaimed]
