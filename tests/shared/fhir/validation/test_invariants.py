"""Each invariant that is written by hand, open and shut: every set of its elements, and every value about its limit."""

from itertools import combinations
from typing import Any

import pytest

from shared.fhir.definitions.tables import Declared, codings
from shared.fhir.validation.invariant_table import PRESENCE_RULES, VALUE_RULES
from shared.fhir.validation.invariants import ENTERED_IN_ERROR, UCUM
from shared.fhir.validation.value_tests import bound_test, has_one_of

Json = dict[str, Any]

# FHIR R4: where the rule stands, its key, the elements that it looks at, and the sets of them that break it.
BREAK: list[tuple[str, str, str, list[str]]] = [
    ("Appointment", "app-2", "end start", ["end", "start"]),
    ("Appointment.participant", "app-1", "actor type", [""]),
    ("AppointmentResponse", "apr-1", "actor participantType", [""]),
    ("Attachment", "att-1", "contentType data", ["data"]),
    ("AuditEvent.entity", "sev-1", "name query", ["name query"]),
    ("CarePlan.activity", "cpl-3", "detail reference", ["detail reference"]),
    ("Composition.section", "cmp-1", "entry section text", [""]),
    ("Composition.section", "cmp-2", "emptyReason entry", ["emptyReason entry"]),
    ("Condition.evidence", "con-2", "code detail", [""]),
    ("Condition.stage", "con-1", "assessment summary", [""]),
    ("Consent", "ppc-1", "policy policyRule", [""]),
    ("ContactPoint", "cpt-2", "system value", ["value"]),
    ("CoverageEligibilityResponse.insurance.item", "ces-1", "category productOrService", ["", "category productOrService"]),
    ("DataRequirement.codeFilter", "drq-1", "path searchParam", ["", "path searchParam"]),
    ("DataRequirement.dateFilter", "drq-2", "path searchParam", ["", "path searchParam"]),
    ("Expression", "exp-1", "expression reference", [""]),
    ("Extension", "ext-1", "extension value", ["", "extension value"]),
    ("FamilyMemberHistory", "fhs-1", "age born", ["age born"]),
    ("FamilyMemberHistory", "fhs-2", "age estimatedAge", ["estimatedAge"]),
    ("Goal.target", "gol-1", "detail measure", ["detail"]),
    ("Immunization.education", "imm-1", "documentType reference", [""]),
    ("ImmunizationRecommendation.recommendation", "imr-1", "targetDisease vaccineCode", [""]),
    ("InsurancePlan", "ipn-1", "identifier name", [""]),
    ("List", "lst-1", "emptyReason entry", ["emptyReason entry"]),
    ("MedicationAdministration.dosage", "mad-1", "dose rate", [""]),
    ("Observation", "obs-6", "dataAbsentReason value", ["dataAbsentReason value"]),
    ("Observation.referenceRange", "obs-3", "high low text", [""]),
    ("Organization", "org-1", "identifier name", [""]),
    (
        "Parameters.parameter",
        "inv-1",
        "part resource value",
        ["", "part resource", "part value", "resource value", "part resource value"],
    ),
    ("Patient.contact", "pat-1", "address name organization telecom", [""]),
    ("Quantity", "qty-3", "code system", ["code"]),
    ("Age", "qty-3", "code system", ["code"]),
    ("Count", "qty-3", "code system", ["code"]),
    ("Distance", "qty-3", "code system", ["code"]),
    ("Duration", "qty-3", "code system", ["code"]),
    ("SimpleQuantity", "qty-3", "code system", ["code"]),
    (
        "Ratio",
        "rat-1",
        "denominator extension numerator",
        ["", "denominator", "numerator", "denominator extension", "extension numerator"],
    ),
    ("QuestionnaireResponse.item", "qrs-1", "answer item", ["answer item"]),
    ("RequestGroup.action", "rqg-1", "action resource", ["", "action resource"]),
    ("ServiceRequest", "prr-1", "code orderDetail", ["orderDetail"]),
    ("Timing.repeat", "tim-1", "duration durationUnit", ["duration"]),
    ("Timing.repeat", "tim-2", "period periodUnit", ["period"]),
    ("Timing.repeat", "tim-6", "period periodMax", ["periodMax"]),
    ("Timing.repeat", "tim-7", "duration durationMax", ["durationMax"]),
    ("Timing.repeat", "tim-8", "count countMax", ["countMax"]),
    ("Timing.repeat", "tim-10", "timeOfDay when", ["timeOfDay when"]),
    ("TriggerDefinition", "trd-1", "data timing", ["data timing"]),
    ("TriggerDefinition", "trd-2", "condition data", ["condition"]),
    ("ValueSet.expansion.contains", "vsd-6", "code display", [""]),
    ("ValueSet.expansion.contains", "vsd-10", "code system", ["code"]),
    ("ValueSet.compose.include", "vsd-1", "system valueSet", [""]),
    ("ValueSet.compose.include", "vsd-2", "concept filter system", ["concept", "filter", "concept filter"]),
    ("ValueSet.compose.include", "vsd-3", "concept filter", ["concept filter"]),
]


def broken(type_name: str, key: str, names: list[str]) -> list[str]:
    rule = next(each for each in PRESENCE_RULES[type_name] if each.key == key)
    sets = [each for size in range(len(names) + 1) for each in combinations(names, size)]
    return [" ".join(each) for each in sets if not rule.holds({"id", *each})]


@pytest.mark.parametrize(("type_name", "key", "names", "wrong"), BREAK, ids=lambda value: value if isinstance(value, str) else "")
def test_a_rule_about_which_elements_are_there(type_name: str, key: str, names: str, wrong: list[str]) -> None:
    assert broken(type_name, key, names.split()) == wrong


def test_every_rule_of_shape_is_in_the_table() -> None:
    assert {(name, key) for name, key, _, _ in BREAK} == {
        (name, rule.key) for name, rules in PRESENCE_RULES.items() for rule in rules
    }


def coded(*codes: str) -> Json:
    return {"coding": [{"code": code} for code in codes]}


def span(low: Any, high: Any, low_unit: Json | None = None, high_unit: Json | None = None) -> Json:
    return {"low": {"value": low, **(low_unit or {})}, "high": {"value": high, **(high_unit or {})}}


MG, G = {"unit": "mg", "code": "mg"}, {"unit": "g", "code": "g"}
ERROR = {"verificationStatus": coded(ENTERED_IN_ERROR)}
ACTIVE = {"clinicalStatus": coded("active")}
SAME = {"coding": [{"system": "urn:a", "code": "1"}]}
OTHER = {"coding": [{"system": "urn:a", "code": "2"}]}
TIMES = {"start": "2024-05-01T10:00:00Z", "end": "2024-05-01T11:00:00Z"}

# Where, key, the element, whether the rule holds. ``age-1`` stands twice: once for its unit, once for its value.
TRIED: list[tuple[str, str, Json, bool]] = [
    ("Age", "age-1", {"value": 1, "system": UCUM, "code": "a"}, True),
    ("Age", "age-1", {"value": 1, "system": UCUM}, False),
    ("Age", "age-1", {"value": 1, "system": "urn:a", "code": "a"}, False),
    ("Age", "age-1", {"value": 0, "system": UCUM, "code": "a"}, False),
    ("Age", "age-1", {"value": 0.5, "system": UCUM, "code": "a"}, True),
    ("Age", "age-1", {"value": -1, "system": UCUM, "code": "a"}, False),
    ("Age", "age-1", {}, True),
    ("AllergyIntolerance", "ait-1", ACTIVE, True),
    ("AllergyIntolerance", "ait-1", {}, False),
    ("AllergyIntolerance", "ait-1", ERROR, True),
    ("AllergyIntolerance", "ait-1", {"verificationStatus": coded("confirmed")}, False),
    ("AllergyIntolerance", "ait-2", {**ACTIVE, **ERROR}, False),
    ("AllergyIntolerance", "ait-2", ACTIVE, True),
    ("AllergyIntolerance", "ait-2", ERROR, True),
    ("Appointment", "app-3", TIMES, True),
    ("Appointment", "app-3", {"start": TIMES["start"], "status": "booked"}, False),
    ("Appointment", "app-3", {"end": TIMES["end"], "status": "booked"}, False),
    *(("Appointment", "app-3", {"status": status}, True) for status in ("proposed", "cancelled", "waitlist")),
    *(("Appointment", "app-3", {"status": status}, False) for status in ("booked", "pending", "noshow", "fulfilled")),
    *(("Appointment", "app-4", {"cancelationReason": {}, "status": status}, True) for status in ("cancelled", "noshow")),
    ("Appointment", "app-4", {"cancelationReason": {}, "status": "booked"}, False),
    ("Appointment", "app-4", {"cancelationReason": {}}, False),
    ("Appointment", "app-4", {"status": "booked"}, True),
    ("Condition", "con-4", {"abatementString": "x", **ACTIVE}, False),
    ("Condition", "con-4", {"abatementDateTime": "2024"}, False),
    *(
        ("Condition", "con-4", {"abatementAge": {}, "clinicalStatus": coded(c)}, True)
        for c in ("resolved", "remission", "inactive")
    ),
    *(("Condition", "con-4", {"abatementAge": {}, "clinicalStatus": coded(c)}, False) for c in ("recurrence", "relapse")),
    ("Condition", "con-4", ACTIVE, True),
    ("Condition", "con-5", {**ACTIVE, **ERROR}, False),
    ("Condition", "con-5", ACTIVE, True),
    ("Condition", "con-5", ERROR, True),
    ("Count", "cnt-3", {"value": 1, "system": UCUM, "code": "1"}, True),
    ("Count", "cnt-3", {"value": 1, "system": UCUM, "code": "2"}, False),
    ("Count", "cnt-3", {"value": 1}, False),
    ("Distance", "dis-1", {"value": 1, "system": UCUM, "code": "m"}, True),
    ("Distance", "dis-1", {"value": 1, "system": "urn:a", "code": "m"}, False),
    ("Distance", "dis-1", {"value": 1}, False),
    ("Duration", "drt-1", {"value": 1, "system": UCUM, "code": "min"}, True),
    ("Duration", "drt-1", {"value": 1, "system": "urn:a", "code": "min"}, False),
    ("Duration", "drt-1", {"system": UCUM, "code": "min"}, False),
    ("Duration", "drt-1", {"value": 1}, True),
    ("Group", "grp-1", {"member": [], "actual": True}, True),
    ("Group", "grp-1", {"member": [], "actual": False}, False),
    ("Group", "grp-1", {"member": []}, False),
    ("Group", "grp-1", {"actual": False}, True),
    ("Linkage", "lnk-1", {"item": [{}]}, False),
    ("Linkage", "lnk-1", {"item": [{}, {}]}, True),
    ("Linkage", "lnk-1", {}, False),
    ("List", "lst-2", {"mode": "changes", "entry": [{"deleted": True}]}, True),
    ("List", "lst-2", {"mode": "working", "entry": [{}, {"deleted": True}]}, False),
    ("List", "lst-2", {"entry": [{"deleted": True}]}, False),
    ("List", "lst-2", {"mode": "working", "entry": [{"date": "2024"}]}, True),
    ("List", "lst-3", {"mode": "working", "entry": [{"date": "2024"}]}, True),
    ("List", "lst-3", {"mode": "changes", "entry": [{}, {"date": "2024"}]}, False),
    ("List", "lst-3", {"mode": "changes", "entry": [{"deleted": True}]}, True),
    ("MedicationDispense", "mdd-1", {"whenPrepared": "2024-05-01", "whenHandedOver": "2024-05-01"}, True),
    ("MedicationDispense", "mdd-1", {"whenPrepared": "2024-05-02", "whenHandedOver": "2024-05-01"}, False),
    ("MedicationDispense", "mdd-1", {"whenPrepared": "2024-05-02"}, True),
    ("MedicationDispense", "mdd-1", {"whenHandedOver": "2024-05-02"}, True),
    ("Observation", "obs-7", {"code": SAME, "valueString": "x", "component": [{"code": OTHER}]}, True),
    ("Observation", "obs-7", {"code": SAME, "valueString": "x", "component": [{"code": OTHER}, {"code": SAME}]}, False),
    ("Observation", "obs-7", {"code": SAME, "component": [{"code": SAME}]}, True),
    ("Observation", "obs-7", {"code": SAME, "valueString": "x"}, True),
    ("Organization", "org-2", {"address": [{"use": "work"}, {"use": "home"}]}, False),
    ("Organization", "org-2", {"address": [{"use": "work"}, {}], "telecom": [{"use": "home"}]}, True),
    ("Organization", "org-3", {"telecom": [{"use": "work"}, {"use": "home"}]}, False),
    ("Organization", "org-3", {"telecom": [{"use": "work"}, {}], "address": [{"use": "home"}]}, True),
    ("Period", "per-1", {"start": "2024-05-01T10:00:00Z", "end": "2024-05-01T10:00:00Z"}, True),
    ("Period", "per-1", {"start": "2024-05-01T10:00:01Z", "end": "2024-05-01T10:00:00Z"}, False),
    ("Period", "per-1", {"start": "2024-05-01T10:00:00+01:00", "end": "2024-05-01T09:30:00Z"}, True),
    ("Period", "per-1", {"start": "2024-05-01T10:00:00-01:00", "end": "2024-05-01T10:30:00Z"}, False),
    ("Period", "per-1", {"start": "2024-05-01", "end": "2024-05-01T00:00:00Z"}, True),
    ("Period", "per-1", {"start": "2024-05-02", "end": "2024-05-01T23:59:59Z"}, False),
    ("Period", "per-1", {"start": "2024-05-02", "end": "2024-05"}, True),
    ("Period", "per-1", {"start": "2024-06-01", "end": "2024-05"}, False),
    ("Period", "per-1", {"start": "2016-12-31T23:59:60Z", "end": "2016-12-31T23:59:60Z"}, True),
    ("Period", "per-1", {"start": "2024"}, True),
    ("Period", "per-1", {"end": "2024"}, True),
    ("Range", "rng-2", span(1, 2), True),
    ("Range", "rng-2", span(2, 2), True),
    ("Range", "rng-2", span(2.01, 2), False),
    ("Range", "rng-2", span(-1, 0), True),
    ("Range", "rng-2", span(0, -1), False),
    ("Range", "rng-2", span(2, 1, MG, MG), False),
    ("Range", "rng-2", span(2, 1, MG, G), True),
    ("Range", "rng-2", {"low": {"value": 2}, "high": {"unit": "mg"}}, True),
    ("Range", "rng-2", {"low": {}, "high": {"value": 1}}, True),
    ("Range", "rng-2", {"low": {"value": 2}}, True),
    ("Range", "rng-2", {"high": {"value": -2}}, True),
    ("RiskAssessment.prediction", "ras-2", {"probabilityDecimal": 100}, True),
    ("RiskAssessment.prediction", "ras-2", {"probabilityDecimal": 100.01}, False),
    ("RiskAssessment.prediction", "ras-2", {}, True),
    ("Task", "inv-1", {"authoredOn": "2024-05-01", "lastModified": "2024-05-01"}, True),
    ("Task", "inv-1", {"authoredOn": "2024-05-02", "lastModified": "2024-05-01"}, False),
    ("Timing.repeat", "tim-4", {"duration": 0}, True),
    ("Timing.repeat", "tim-4", {"duration": -0.1}, False),
    ("Timing.repeat", "tim-5", {"period": 0}, True),
    ("Timing.repeat", "tim-5", {"period": -0.1}, False),
    ("Timing.repeat", "tim-9", {"offset": 5, "when": ["MORN"]}, True),
    ("Timing.repeat", "tim-9", {"offset": 5}, False),
    ("Timing.repeat", "tim-9", {"when": ["C"]}, True),
    *(("Timing.repeat", "tim-9", {"offset": 5, "when": ["MORN", meal]}, False) for meal in ("C", "CM", "CD", "CV")),
]


@pytest.mark.parametrize(("type_name", "key", "element", "holds"), TRIED)
def test_a_rule_about_values(type_name: str, key: str, element: Json, holds: bool) -> None:
    rules = [rule for rule in VALUE_RULES[type_name] if rule.key == key]
    assert rules
    assert all(rule.holds(element) for rule in rules) is holds
    assert all(rule.only_with in ("", *element) or rule.holds(element) for rule in rules)


def test_every_rule_of_values_is_seen_open_and_shut() -> None:
    for type_name, rules in VALUE_RULES.items():
        for rule in rules:
            tried = [element for name, key, element, _ in TRIED if (name, key) == (type_name, rule.key)]
            assert {bool(rule.holds(element)) for element in tried} == {True, False}, f"{type_name} {rule.key}"


ALLOWED = {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}
ELSEWHERE = {"system": "urn:a", "code": "active"}
UNKNOWN = {**ALLOWED, "code": "flying"}


@pytest.mark.parametrize(
    ("coded_element", "has_one"),
    [
        (ALLOWED, True),
        (ELSEWHERE, False),
        (UNKNOWN, False),
        ({"code": "active"}, False),
        ({"coding": [ALLOWED]}, True),
        ({"coding": [UNKNOWN, ALLOWED]}, True),
        ({"coding": [ALLOWED, UNKNOWN]}, True),
        ({"coding": [UNKNOWN, ELSEWHERE]}, False),
        ({"coding": []}, False),
        ({"text": "active"}, False),
    ],
)
def test_a_bound_element_has_one_of_its_codes(coded_element: Json, has_one: bool) -> None:
    """One coding is enough; each of many elements needs one of its own."""
    right = {"coding": [ALLOWED]}
    one, many = (
        Declared("x", "CodeableConcept", 0, several, "allergyintolerance-clinical", frozenset()) for several in (False, True)
    )
    assert has_one_of(coded_element, codings("allergyintolerance-clinical")) is has_one
    assert bound_test(one)(coded_element) is has_one
    for values in ([coded_element], [right, coded_element], [coded_element, right]):
        assert bound_test(many)(values) is has_one
