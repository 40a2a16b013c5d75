"""Bundles with elements that no message becomes: what another system may send to be written as HL7 v2."""

from typing import Any

Json = dict[str, Any]
SUBJECT = {"reference": "Patient/p"}
PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p",
    "contained": [{"resourceType": "Organization", "id": "inside", "name": "Inside"}],
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}, {"value": "7"}],
    "name": [
        {"use": "nickname", "family": "Called"},
        {"use": "official", "family": "Family", "given": ["Given"]},
        {"text": "Whole"},
    ],
    "telecom": [
        {"system": "phone", "value": "1", "use": "home"},
        {"system": "phone", "value": "2", "use": "work"},
        {"system": "phone", "value": "3", "use": "mobile"},
        {"system": "email", "value": "4", "use": "work"},
        {"system": "url", "value": "5"},
    ],
    "address": [{"text": "Whole address"}, {"line": ["Line"], "type": "postal"}],
    "managingOrganization": {"reference": "#inside"},
    "generalPractitioner": [{"reference": "https://example.wales/fhir/PractitionerRole/r"}],
}
OTHER: Json = {"resourceType": "Patient", "id": "q", "name": [{"family": "Other"}]}
DOCTOR: Json = {"resourceType": "Practitioner", "id": "d", "identifier": [{"value": "D1"}], "name": [{"text": "Whole Doctor"}]}
ROLE: Json = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/d"}}
WARD: Json = {"resourceType": "Location", "id": "w", "physicalType": {"coding": [{"code": "wa"}]}, "name": "Ward"}
BED: Json = {
    "resourceType": "Location",
    "id": "b",
    "physicalType": {"coding": [{"code": "bd"}]},
    "identifier": [{"value": "B1"}],
    "partOf": {"reference": "Location/w"},
}
NAMELESS: Json = {"resourceType": "Location", "id": "n", "physicalType": {"coding": [{"code": "ro"}]}, "description": "Words"}
VISIT: Json = {
    "resourceType": "Encounter",
    "id": "v",
    "identifier": [{"value": "V1"}, {"value": "V2"}],
    "status": "in-progress",
    "class": {"code": "IMP"},
    "subject": SUBJECT,
    "participant": [
        {
            "type": [{"text": "Speciality"}],
            "period": {"start": "2024-01-02", "end": "2024-01-03"},
            "individual": {"reference": "PractitionerRole/r"},
        },
        {"type": [{"coding": [{"code": "ATND"}]}], "individual": {"display": "Shown only"}},
        {"type": [{"coding": [{"code": "ADM"}]}], "individual": {"identifier": {"value": "D2"}, "display": "Known"}},
    ],
    "location": [
        {"location": {"reference": "Location/b"}},
        {"location": {"reference": "Location/n"}, "status": "completed"},
        {"location": {"reference": "Location/w"}, "status": "planned"},
    ],
    "diagnosis": [{"condition": {"reference": "Condition/c"}, "rank": 1, "use": {"coding": [{"code": "AD"}]}}],
}
PERSON: Json = {"resourceType": "RelatedPerson", "patient": SUBJECT, "name": [{"family": "Kin"}], "telecom": PATIENT["telecom"]}
GUARANTOR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "code": "GUAR"}]}
FACTS: tuple[Json, ...] = (
    {
        "resourceType": "Condition",
        "id": "c",
        "subject": SUBJECT,
        "code": {"text": "Asthma"},
        "onsetPeriod": {"start": "2024-01-01"},
    },
    {
        "resourceType": "Procedure",
        "status": "completed",
        "subject": SUBJECT,
        "code": {"coding": [{"code": "P"}], "text": "Words"},
        "performedPeriod": {"start": "2024-01-01T10:00:00Z", "end": "2024-01-01T11:00:00Z"},
        "note": [{"text": "one"}],
    },
    {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
        },
        "patient": SUBJECT,
        "code": {"text": "Nuts"},
        "reaction": [{"manifestation": [{"text": "Rash"}, {"text": "Cough"}], "severity": "severe"}],
    },
    {
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": SUBJECT,
        "identifier": [{"value": "P1"}],
        "payor": [{"display": "Insurer"}],
    },
)
VALUE = {"value": 1.5, "unit": "g"}


def result(number: int, **more: Any) -> Json:
    made = {"resourceType": "Observation", "id": f"o{number}", "status": "final", "code": {"text": f"Test {number}"}}
    return {**made, "subject": SUBJECT, **more}


RESULTS: tuple[Json, ...] = (
    {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "Report"},
        "subject": SUBJECT,
        "encounter": {"reference": "Encounter/v"},
        "effectiveDateTime": "2024-01-01T10:00:00.123456Z",
        "basedOn": [{"reference": "ServiceRequest/s"}],
        "performer": [{"reference": "PractitionerRole/r"}, {"reference": "Practitioner/d"}],
        "resultsInterpreter": [{"reference": "Practitioner/d"}],
        "specimen": [{"reference": "Specimen/m"}],
        "result": [{"reference": f"Observation/o{n}"} for n in (1, 2, 3)],
    },
    {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "completed",
        "intent": "order",
        "subject": SUBJECT,
        "requester": {"reference": "PractitionerRole/r"},
        "supportingInfo": [{"display": "Words"}, {"display": "More"}, {"reference": "Observation/o4"}],
        "note": [{"text": "one\ntwo", "time": "2024-01-01", "authorReference": {"reference": "Practitioner/d"}}],
    },
    {
        "resourceType": "Specimen",
        "id": "m",
        "identifier": [{"value": "S1"}],
        "collection": {"collector": {"reference": "Practitioner/d"}, "collectedPeriod": {"end": "2024-01-01"}},
        "container": [{"type": {"text": "Tube"}}],
        "note": [{"text": "n1"}, {"text": "n2"}],
    },
    result(
        1, valueQuantity=VALUE, note=[{"text": "a"}, {"text": "b"}], effectivePeriod={"start": "2024-01-01", "end": "2024-01-02"}
    ),
    result(2, valueRange={"low": VALUE}, note=[{"text": "c"}], performer=[{"reference": "PractitionerRole/r"}]),
    result(3, component=[{"code": {"text": "Part"}, "valueRatio": {"numerator": VALUE, "denominator": VALUE}}]),
    result(4, valueBoolean=True, encounter={"reference": "Encounter/u"}),
    {**VISIT, "id": "u"},
    result(5, valuePeriod={"start": "2024-01-01"}, subject={"reference": "Patient/q"}),
    OTHER,
)
REFERRAL: Json = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "order",
    "subject": SUBJECT,
    "code": {"coding": [{"code": "C1", "display": "Words", "system": "urn:oid:1.2"}]},
    "category": [
        {"coding": [{"code": "K1", "display": "Kind", "system": "urn:oid:1.3"}]},
        {"text": "Other kind"},
        {"text": "Third"},
    ],
    "identifier": [{"value": "R1"}],
    "requester": {"reference": "PractitionerRole/r"},
    "performer": [{"display": "Not in the bundle"}],
    "note": [{"text": "n"}],
}
FULLER = {
    **REFERRAL,
    "code": {"coding": [{"code": "C1", "display": "Words", "version": "1"}]},
    "category": [{"coding": [{"code": "K1", "display": "Kind"}, {"code": "K2"}]}],
}
FULLEST = {**REFERRAL, "category": [{"coding": [{"code": "K1", "display": "Kind"}, {"code": "K2"}]}]}
DOCUMENTS: tuple[Json, ...] = tuple(
    {
        "resourceType": "DocumentReference",
        "status": "current",
        "identifier": [{"value": f"F{n}"}, {"value": f"G{n}"}],
        "description": f"Described {n}",
        "content": [
            {"attachment": {"contentType": "text/plain", "data": "QQ=="}},
            {"attachment": {"contentType": "application/pdf", "url": "https://example.wales/p.pdf", "title": "Title"}},
        ],
    }
    for n in (1, 2)
)
VACCINATION: Json = {
    "resourceType": "Immunization",
    "status": "completed",
    "vaccineCode": {"text": "v"},
    "patient": SUBJECT,
    "occurrenceDateTime": "2024-05-01",
    "identifier": [
        {"type": {"coding": [{"code": "FILL"}]}, "value": "F1"},
        {"type": {"coding": [{"code": "PLAC"}]}, "value": "P1"},
    ],
    "performer": [
        {"actor": {"reference": "Practitioner/d"}},
        {"function": {"text": "Words"}, "actor": {"display": "Shown only"}},
        {"function": {"coding": [{"code": "OP"}]}, "actor": {"reference": "PractitionerRole/r"}},
        {"function": {"coding": [{"system": "urn:oid:1.2"}]}, "actor": {"display": "Third"}},
    ],
    "manufacturer": {"display": "Maker"},
    "note": [{"text": "n1"}, {"text": "n2"}],
}
SEEN = result(1, valueString="a", partOf=[{"reference": "Immunization/i"}], note=[{"text": "n3"}])
STAFF = (DOCTOR, ROLE, WARD, BED, NAMELESS)


def bundle(*resources: Json) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"https://example.wales/fhir/{n}", "resource": each} for n, each in enumerate(resources)],
    }


BUNDLES = {
    "by hand, visit": bundle(PATIENT, VISIT, PERSON, {**PERSON, "relationship": [GUARANTOR]}, *FACTS, *STAFF),
    "by hand, results": bundle(PATIENT, VISIT, *RESULTS, *STAFF),
    "by hand, referral": bundle(PATIENT, REFERRAL, *DOCUMENTS, *STAFF),
    "by hand, fuller referral": bundle(PATIENT, FULLER, *STAFF),
    "by hand, fullest referral": bundle(PATIENT, FULLEST, *STAFF),
    "by hand, document": bundle(PATIENT, DOCUMENTS[0], *STAFF),
    "by hand, vaccination": bundle(PATIENT, {**VACCINATION, "id": "i"}, {**VACCINATION, "id": "j"}, SEEN, *STAFF),
}
