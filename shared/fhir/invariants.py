"""The invariants that matter, by hand: each named as the specification names it.

``SHAPE`` rules see only which elements are there (``value`` for any ``value[x]``); ``VALUE`` rules see the element itself.
"""

from collections.abc import Callable, Set
from datetime import datetime
from typing import Any, NamedTuple

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
ENTERED_IN_ERROR = "entered-in-error"


class Shape(NamedTuple):
    key: str
    holds: Callable[[Set[str]], bool]
    text: str


class Value(NamedTuple):
    key: str
    holds: Callable[[Json], bool]
    text: str
    at: str = ""


def needs(name: str, other: str) -> Callable[[Set[str]], bool]:
    """``name`` may be there only with ``other``."""
    return lambda names: name not in names or other in names


def any_of(*wanted: str) -> Callable[[Set[str]], bool]:
    return lambda names: not names.isdisjoint(wanted)


def not_both(one: str, other: str) -> Callable[[Set[str]], bool]:
    return lambda names: not (one in names and other in names)


def exactly_one(*wanted: str) -> Callable[[Set[str]], bool]:
    return lambda names: sum(name in names for name in wanted) == 1


def has_code(concept: Json, *wanted: str) -> bool:
    return any(coding.get("code") in wanted for coding in concept.get("coding", ()))


def in_order(start: str, end: str) -> bool:
    """Start is not after end, at the precision that both have.

    >>> in_order("2024-05", "2024-05-01"), in_order("2024-05-02", "2024-05-01"), in_order("2024", "2023-12")
    (True, False, False)
    """
    if "T" in start and "T" in end:
        return datetime.fromisoformat(start.replace(":60", ":59")) <= datetime.fromisoformat(end.replace(":60", ":59"))
    length = min(len(start.split("T")[0]), len(end.split("T")[0]))
    return start[:length] <= end[:length]


def period_in_order(period: Json) -> bool:
    return "start" not in period or "end" not in period or in_order(period["start"], period["end"])


def range_in_order(limits: Json) -> bool:
    low, high = limits.get("low", {}), limits.get("high", {})
    same_unit = low.get("code") == high.get("code") and low.get("unit") == high.get("unit")
    return not same_unit or "value" not in low or "value" not in high or bool(low["value"] <= high["value"])


def obs_7(observation: Json) -> bool:
    """The value of the whole is not beside a component of the same code."""
    if "component" not in observation or not any(name.startswith("value") for name in observation):
        return True
    own = observation["code"].get("coding", ())
    parts = [coding for part in observation["component"] for coding in part["code"].get("coding", ())]
    return not any(coding in own for coding in parts)


def clinical_unless_error(resource: Json) -> bool:
    return "clinicalStatus" in resource or has_code(resource.get("verificationStatus", {}), ENTERED_IN_ERROR)


def no_clinical_in_error(resource: Json) -> bool:
    return "clinicalStatus" not in resource or not has_code(resource.get("verificationStatus", {}), ENTERED_IN_ERROR)


def abated(condition: Json) -> bool:
    if not any(name.startswith("abatement") for name in condition):
        return True
    return has_code(condition.get("clinicalStatus", {}), "resolved", "remission", "inactive")


def no_use(elements: str, use: str) -> Callable[[Json], bool]:
    return lambda resource: all(each.get("use") != use for each in resource.get(elements, ()))


def timed_or_open(appointment: Json) -> bool:
    """app-3; a time that is marked unknown by an extension is there, as FHIRPath has it."""
    timed = all(name in appointment or f"_{name}" in appointment for name in ("start", "end"))
    return timed or appointment.get("status") in ("proposed", "cancelled", "waitlist")


def coded_in(system: str) -> Callable[[Json], bool]:
    """A value has a coded unit, and the system of the unit is this one."""
    return lambda quantity: ("value" not in quantity or "code" in quantity) and quantity.get("system", system) == system


def drt_1(duration: Json) -> bool:
    return "code" not in duration or (duration.get("system") == UCUM and "value" in duration)


def in_sequence(first: str, then: str) -> Callable[[Json], bool]:
    return lambda resource: first not in resource or then not in resource or in_order(resource[first], resource[then])


def none_has(elements: str, name: str) -> Callable[[Json], bool]:
    return lambda resource: not any(name in each for each in resource.get(elements, ()))


def lst_2(listed: Json) -> bool:
    return listed.get("mode") == "changes" or none_has("entry", "deleted")(listed)


def lst_3(listed: Json) -> bool:
    return listed.get("mode") == "working" or none_has("entry", "date")(listed)


QUANTITY = (Shape("qty-3", needs("code", "system"), "a coded unit names its system"),)

SHAPE: dict[str, tuple[Shape, ...]] = {
    "Appointment": (Shape("app-2", lambda n: ("start" in n) == ("end" in n), "start and end go together"),),
    "Appointment.participant": (Shape("app-1", any_of("type", "actor"), "type or actor"),),
    "AppointmentResponse": (Shape("apr-1", any_of("participantType", "actor"), "participant type or actor"),),
    "Attachment": (Shape("att-1", needs("data", "contentType"), "data has a content type"),),
    "AuditEvent.entity": (Shape("sev-1", not_both("name", "query"), "a name or a query, not both"),),
    "CarePlan.activity": (Shape("cpl-3", not_both("detail", "reference"), "detail or reference, not both"),),
    "Composition.section": (
        Shape("cmp-1", any_of("text", "section", "entry"), "a section has text, entries or sections"),
        Shape("cmp-2", not_both("emptyReason", "entry"), "a reason for emptiness only without entries"),
    ),
    "Condition.evidence": (Shape("con-2", any_of("code", "detail"), "code or detail"),),
    "Condition.stage": (Shape("con-1", any_of("summary", "assessment"), "summary or assessment"),),
    "Consent": (Shape("ppc-1", any_of("policy", "policyRule"), "a policy or a rule"),),
    "ContactPoint": (Shape("cpt-2", needs("value", "system"), "a value has a system"),),
    "CoverageEligibilityResponse.insurance.item": (
        Shape("ces-1", exactly_one("category", "productOrService"), "a category or a product, not both"),
    ),
    "DataRequirement.codeFilter": (Shape("drq-1", exactly_one("path", "searchParam"), "path or search parameter, not both"),),
    "DataRequirement.dateFilter": (Shape("drq-2", exactly_one("path", "searchParam"), "path or search parameter, not both"),),
    "Expression": (Shape("exp-1", any_of("expression", "reference"), "expression or reference"),),
    "Extension": (Shape("ext-1", exactly_one("extension", "value"), "a value or extensions, not both"),),
    "FamilyMemberHistory": (
        Shape("fhs-1", not_both("age", "born"), "an age or a birth, not both"),
        Shape("fhs-2", needs("estimatedAge", "age"), "estimated only with an age"),
    ),
    "Goal.target": (Shape("gol-1", needs("detail", "measure"), "a detail needs a measure"),),
    "Immunization.education": (Shape("imm-1", any_of("documentType", "reference"), "document type or reference"),),
    "ImmunizationRecommendation.recommendation": (
        Shape("imr-1", any_of("vaccineCode", "targetDisease"), "a vaccine or a disease"),
    ),
    "InsurancePlan": (Shape("ipn-1", any_of("identifier", "name"), "an identifier or a name"),),
    "List": (Shape("lst-1", not_both("emptyReason", "entry"), "a reason for emptiness only without entries"),),
    "MedicationAdministration.dosage": (Shape("mad-1", any_of("dose", "rate"), "dose or rate"),),
    "Observation": (Shape("obs-6", not_both("value", "dataAbsentReason"), "a reason for absence only without a value"),),
    "Observation.referenceRange": (Shape("obs-3", any_of("low", "high", "text"), "low, high or text"),),
    "Organization": (Shape("org-1", any_of("identifier", "name"), "an identifier or a name"),),
    "Parameters.parameter": (Shape("inv-1", exactly_one("value", "resource", "part"), "one of value, resource and part"),),
    "Patient.contact": (Shape("pat-1", any_of("name", "telecom", "address", "organization"), "details or an organization"),),
    "Quantity": QUANTITY,
    "Age": QUANTITY,
    "Count": QUANTITY,
    "Distance": QUANTITY,
    "Duration": QUANTITY,
    "SimpleQuantity": QUANTITY,
    "Ratio": (
        Shape(
            "rat-1",
            lambda n: ("numerator" in n) == ("denominator" in n) and ("numerator" in n or "extension" in n),
            "numerator and denominator, or neither and an extension",
        ),
    ),
    "QuestionnaireResponse.item": (Shape("qrs-1", not_both("answer", "item"), "answers or items, not both"),),
    "RequestGroup.action": (Shape("rqg-1", exactly_one("resource", "action"), "resource or action, not both"),),
    "ServiceRequest": (Shape("prr-1", needs("orderDetail", "code"), "order details only with a code"),),
    "Timing.repeat": (
        Shape("tim-1", needs("duration", "durationUnit"), "a duration has a unit"),
        Shape("tim-2", needs("period", "periodUnit"), "a period has a unit"),
        Shape("tim-6", needs("periodMax", "period"), "a longest period needs a period"),
        Shape("tim-7", needs("durationMax", "duration"), "a longest duration needs a duration"),
        Shape("tim-8", needs("countMax", "count"), "a highest count needs a count"),
        Shape("tim-10", not_both("timeOfDay", "when"), "time of day or event, not both"),
    ),
    "TriggerDefinition": (
        Shape("trd-1", not_both("data", "timing"), "data or timing, not both"),
        Shape("trd-2", needs("condition", "data"), "a condition needs data"),
    ),
    "ValueSet.expansion.contains": (
        Shape("vsd-6", any_of("code", "display"), "a code or a display"),
        Shape("vsd-10", needs("code", "system"), "a code has a system"),
    ),
    "ValueSet.compose.include": (
        Shape("vsd-1", any_of("valueSet", "system"), "a value set or a system"),
        Shape("vsd-2", lambda n: n.isdisjoint(("concept", "filter")) or "system" in n, "concepts and filters need a system"),
        Shape("vsd-3", not_both("concept", "filter"), "concepts or filters, not both"),
    ),
}

VALUE: dict[str, tuple[Value, ...]] = {
    "Age": (
        Value("age-1", coded_in(UCUM), "the unit is a coded UCUM unit"),
        Value("age-1", lambda q: q.get("value", 1) > 0, "an age is above zero"),
    ),
    "AllergyIntolerance": (
        Value("ait-1", clinical_unless_error, "a clinical status unless entered in error", "clinicalStatus"),
        Value("ait-2", no_clinical_in_error, "no clinical status when entered in error", "clinicalStatus"),
    ),
    "Appointment": (
        Value("app-3", timed_or_open, "only what is proposed, cancelled or waiting may have no time"),
        Value(
            "app-4",
            lambda r: "cancelationReason" not in r or r.get("status") in ("cancelled", "noshow"),
            "a reason only when cancelled",
            "cancelationReason",
        ),
    ),
    "Condition": (
        Value("con-4", abated, "what has abated is inactive, resolved or in remission", "clinicalStatus"),
        Value("con-5", no_clinical_in_error, "no clinical status when entered in error", "clinicalStatus"),
    ),
    "Count": (Value("cnt-3", lambda q: coded_in(UCUM)(q) and q.get("code", "1") == "1", "a count has the unit 1"),),
    "Distance": (Value("dis-1", coded_in(UCUM), "the unit is a coded UCUM unit"),),
    "Duration": (Value("drt-1", drt_1, "a coded unit is a UCUM unit of a value"),),
    "Group": (Value("grp-1", lambda r: "member" not in r or r.get("actual") is True, "members only of an actual group"),),
    "Linkage": (Value("lnk-1", lambda r: len(r.get("item", ())) > 1, "a linkage has two items"),),
    "List": (
        Value("lst-2", lst_2, "deleted only in a list of changes", "entry"),
        Value("lst-3", lst_3, "a date only in a working list", "entry"),
    ),
    "MedicationDispense": (Value("mdd-1", in_sequence("whenPrepared", "whenHandedOver"), "handed over after prepared"),),
    "Observation": (Value("obs-7", obs_7, "no value where a component has the same code", "component"),),
    "Organization": (
        Value("org-2", no_use("address", "home"), "an address of an organization is never home", "address"),
        Value("org-3", no_use("telecom", "home"), "a contact of an organization is never home", "telecom"),
    ),
    "Period": (Value("per-1", period_in_order, "start is not after end"),),
    "Range": (Value("rng-2", range_in_order, "low is not above high"),),
    "RiskAssessment.prediction": (Value("ras-2", lambda r: r.get("probabilityDecimal", 0) <= 100, "100 at most"),),
    "Task": (Value("inv-1", in_sequence("authoredOn", "lastModified"), "modified after authored"),),
    "Timing.repeat": (
        Value("tim-4", lambda r: r.get("duration", 0) >= 0, "a duration is not negative", "duration"),
        Value("tim-5", lambda r: r.get("period", 0) >= 0, "a period is not negative", "period"),
        Value(
            "tim-9",
            lambda r: "offset" not in r or ("when" in r and not {"C", "CM", "CD", "CV"} & set(r["when"])),
            "an offset needs an event",
            "offset",
        ),
    ),
}
