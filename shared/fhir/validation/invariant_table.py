"""The invariants of FHIR R4 that the hub checks, each with its key in the specification."""

from shared.fhir.validation.invariants import (
    UCUM,
    PresenceRule,
    ValueRule,
    abatement_fits_status,
    any_of,
    clinical_unless_error,
    coded_in,
    drt_1,
    exactly_one,
    in_sequence,
    lst_2,
    lst_3,
    needs,
    no_clinical_in_error,
    none_has_use,
    not_both,
    obs_7,
    period_in_order,
    range_in_order,
    timed_or_open,
)

QUANTITY = (PresenceRule("qty-3", needs("code", "system"), "the code of a unit must have a system"),)

PRESENCE_RULES: dict[str, tuple[PresenceRule, ...]] = {
    "Appointment": (
        PresenceRule("app-2", lambda n: ("start" in n) == ("end" in n), "start and end must both be present, or neither"),
    ),
    "Appointment.participant": (PresenceRule("app-1", any_of("type", "actor"), "a type or an actor is required"),),
    "AppointmentResponse": (
        PresenceRule("apr-1", any_of("participantType", "actor"), "a participant type or an actor is required"),
    ),
    "Attachment": (PresenceRule("att-1", needs("data", "contentType"), "data must have a content type"),),
    "AuditEvent.entity": (PresenceRule("sev-1", not_both("name", "query"), "must not have both a name and a query"),),
    "CarePlan.activity": (PresenceRule("cpl-3", not_both("detail", "reference"), "must not have both a detail and a reference"),),
    "Composition.section": (
        PresenceRule("cmp-1", any_of("text", "section", "entry"), "a section must have text, entries or sections"),
        PresenceRule("cmp-2", not_both("emptyReason", "entry"), "must not have both a reason for being empty and entries"),
    ),
    "Condition.evidence": (PresenceRule("con-2", any_of("code", "detail"), "a code or a detail is required"),),
    "Condition.stage": (PresenceRule("con-1", any_of("summary", "assessment"), "a summary or an assessment is required"),),
    "Consent": (PresenceRule("ppc-1", any_of("policy", "policyRule"), "a policy or a policy rule is required"),),
    "ContactPoint": (PresenceRule("cpt-2", needs("value", "system"), "a value must have a system"),),
    "CoverageEligibilityResponse.insurance.item": (
        PresenceRule("ces-1", exactly_one("category", "productOrService"), "exactly one of category and product is required"),
    ),
    "DataRequirement.codeFilter": (
        PresenceRule("drq-1", exactly_one("path", "searchParam"), "exactly one of path and search parameter is required"),
    ),
    "DataRequirement.dateFilter": (
        PresenceRule("drq-2", exactly_one("path", "searchParam"), "exactly one of path and search parameter is required"),
    ),
    "Expression": (PresenceRule("exp-1", any_of("expression", "reference"), "an expression or a reference is required"),),
    "Extension": (PresenceRule("ext-1", exactly_one("extension", "value"), "exactly one of value and extensions is required"),),
    "FamilyMemberHistory": (
        PresenceRule("fhs-1", not_both("age", "born"), "must not have both an age and a birth date"),
        PresenceRule("fhs-2", needs("estimatedAge", "age"), "an estimate needs an age"),
    ),
    "Goal.target": (PresenceRule("gol-1", needs("detail", "measure"), "a detail needs a measure"),),
    "Immunization.education": (
        PresenceRule("imm-1", any_of("documentType", "reference"), "a document type or a reference is required"),
    ),
    "ImmunizationRecommendation.recommendation": (
        PresenceRule("imr-1", any_of("vaccineCode", "targetDisease"), "a vaccine code or a target disease is required"),
    ),
    "InsurancePlan": (PresenceRule("ipn-1", any_of("identifier", "name"), "an identifier or a name is required"),),
    "List": (PresenceRule("lst-1", not_both("emptyReason", "entry"), "must not have both a reason for being empty and entries"),),
    "MedicationAdministration.dosage": (PresenceRule("mad-1", any_of("dose", "rate"), "a dose or a rate is required"),),
    "Observation": (
        PresenceRule("obs-6", not_both("value", "dataAbsentReason"), "must not have both a value and a reason for its absence"),
    ),
    "Observation.referenceRange": (
        PresenceRule("obs-3", any_of("low", "high", "text"), "a low limit, a high limit or a text is required"),
    ),
    "Organization": (PresenceRule("org-1", any_of("identifier", "name"), "an identifier or a name is required"),),
    "Parameters.parameter": (
        PresenceRule("inv-1", exactly_one("value", "resource", "part"), "exactly one of value, resource and part is required"),
    ),
    "Patient.contact": (
        PresenceRule(
            "pat-1", any_of("name", "telecom", "address", "organization"), "contact details or an organization are required"
        ),
    ),
    "Quantity": QUANTITY,
    "Age": QUANTITY,
    "Count": QUANTITY,
    "Distance": QUANTITY,
    "Duration": QUANTITY,
    "SimpleQuantity": QUANTITY,
    "Ratio": (
        PresenceRule(
            "rat-1",
            lambda n: ("numerator" in n) == ("denominator" in n) and ("numerator" in n or "extension" in n),
            "numerator and denominator are required; without both, an extension",
        ),
    ),
    "QuestionnaireResponse.item": (PresenceRule("qrs-1", not_both("answer", "item"), "must not have both answers and items"),),
    "RequestGroup.action": (
        PresenceRule("rqg-1", exactly_one("resource", "action"), "exactly one of resource and action is required"),
    ),
    "ServiceRequest": (PresenceRule("prr-1", needs("orderDetail", "code"), "order details need a code"),),
    "Timing.repeat": (
        PresenceRule("tim-1", needs("duration", "durationUnit"), "a duration must have a unit"),
        PresenceRule("tim-2", needs("period", "periodUnit"), "a period must have a unit"),
        PresenceRule("tim-6", needs("periodMax", "period"), "a maximum period needs a period"),
        PresenceRule("tim-7", needs("durationMax", "duration"), "a maximum duration needs a duration"),
        PresenceRule("tim-8", needs("countMax", "count"), "a maximum count needs a count"),
        PresenceRule("tim-10", not_both("timeOfDay", "when"), "must not have both a time of day and an event"),
    ),
    "TriggerDefinition": (
        PresenceRule("trd-1", not_both("data", "timing"), "must not have both data and timing"),
        PresenceRule("trd-2", needs("condition", "data"), "a condition needs data"),
    ),
    "ValueSet.expansion.contains": (
        PresenceRule("vsd-6", any_of("code", "display"), "a code or a display is required"),
        PresenceRule("vsd-10", needs("code", "system"), "a code must have a system"),
    ),
    "ValueSet.compose.include": (
        PresenceRule("vsd-1", any_of("valueSet", "system"), "a value set or a system is required"),
        PresenceRule(
            "vsd-2", lambda n: n.isdisjoint(("concept", "filter")) or "system" in n, "concepts and filters need a system"
        ),
        PresenceRule("vsd-3", not_both("concept", "filter"), "must not have both concepts and filters"),
    ),
}

VALUE_RULES: dict[str, tuple[ValueRule, ...]] = {
    "Age": (
        ValueRule("age-1", coded_in(UCUM), "the unit must be a UCUM code"),
        ValueRule("age-1", lambda q: q.get("value", 1) > 0, "an age must be more than 0"),
    ),
    "AllergyIntolerance": (
        ValueRule("ait-1", clinical_unless_error, "a clinical status is required unless entered in error", "clinicalStatus"),
        ValueRule("ait-2", no_clinical_in_error, "must not have a clinical status if entered in error", "clinicalStatus"),
    ),
    "Appointment": (
        ValueRule("app-3", timed_or_open, "start and end are required unless proposed, cancelled or on a waiting list"),
        ValueRule(
            "app-4",
            lambda r: "cancelationReason" not in r or r.get("status") in ("cancelled", "noshow"),
            "a cancellation reason needs the status cancelled or noshow",
            "cancelationReason",
        ),
    ),
    "Condition": (
        ValueRule(
            "con-4",
            abatement_fits_status,
            "a condition with an abatement must be inactive, resolved or in remission",
            "clinicalStatus",
        ),
        ValueRule("con-5", no_clinical_in_error, "must not have a clinical status if entered in error", "clinicalStatus"),
    ),
    "Count": (ValueRule("cnt-3", lambda q: coded_in(UCUM)(q) and q.get("code", "1") == "1", "the unit of a count must be 1"),),
    "Distance": (ValueRule("dis-1", coded_in(UCUM), "the unit must be a UCUM code"),),
    "Duration": (ValueRule("drt-1", drt_1, "the code of a unit must be a UCUM code and needs a value"),),
    "Group": (ValueRule("grp-1", lambda r: "member" not in r or r.get("actual") is True, "only an actual group has members"),),
    "Linkage": (ValueRule("lnk-1", lambda r: len(r.get("item", ())) > 1, "a linkage must have more than one item"),),
    "List": (
        ValueRule("lst-2", lst_2, "only a list of changes has deleted entries", "entry"),
        ValueRule("lst-3", lst_3, "only a working list has dates of entries", "entry"),
    ),
    "MedicationDispense": (
        ValueRule(
            "mdd-1", in_sequence("whenPrepared", "whenHandedOver"), "the medicine must not be given out before it was prepared"
        ),
    ),
    "Observation": (
        ValueRule(
            "obs-7",
            obs_7,
            "must not have a value if a component has the same code",
            "component",
            only_with="component",
        ),
    ),
    "Organization": (
        ValueRule(
            "org-2",
            none_has_use("address", "home"),
            "the address of an organization must not have the use home",
            "address",
            only_with="address",
        ),
        ValueRule(
            "org-3",
            none_has_use("telecom", "home"),
            "a contact of an organization must not have the use home",
            "telecom",
            only_with="telecom",
        ),
    ),
    "Period": (ValueRule("per-1", period_in_order, "start must not be after end", only_with="end"),),
    "Range": (ValueRule("rng-2", range_in_order, "low must not be above high"),),
    "RiskAssessment.prediction": (
        ValueRule("ras-2", lambda r: r.get("probabilityDecimal", 0) <= 100, "a probability must be at most 100"),
    ),
    "Task": (ValueRule("inv-1", in_sequence("authoredOn", "lastModified"), "must not be modified before it was authored"),),
    "Timing.repeat": (
        ValueRule("tim-4", lambda r: r.get("duration", 0) >= 0, "a duration must not be negative", "duration"),
        ValueRule("tim-5", lambda r: r.get("period", 0) >= 0, "a period must not be negative", "period"),
        ValueRule(
            "tim-9",
            lambda r: "offset" not in r or ("when" in r and not {"C", "CM", "CD", "CV"} & set(r["when"])),
            "an offset needs an event that is not a meal time",
            "offset",
        ),
    ),
}
