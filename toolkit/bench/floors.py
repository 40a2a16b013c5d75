"""The least work that makes what the hub makes of two samples: read the JSON, pick, write; nothing checked, nothing general.

The benchmarks show it next to the hub's own figures. A test holds that it makes the same.
"""

from typing import Any

import orjson

JSON = dict[str, Any]
DATES = str.maketrans("", "", "-:TZ")
GENDER = {"female": "F", "male": "M"}
BOARDS = {"https://fhir.hl7.org.uk/Id/gmc-number": "GMC"}
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"
SNOMED = "SCT"


def referral(body: bytes) -> bytes:
    """A referral bundle as REF^I12."""
    bundle = orjson.loads(body)
    by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    header, request = (entry["resource"] for entry in bundle["entry"][:2])
    patient = by_url[request["subject"]["reference"]]
    support = [by_url[each["reference"]] for each in request["supportingInfo"]]
    letter, condition, allergy = support
    attached = letter["content"][0]["attachment"]
    rows = [
        f"MSH|^~\\&|{header['source']['name']}||PAS||{bundle['timestamp'].translate(DATES)}||REF^I12^REF_I12|"
        f"{bundle['identifier']['value']}|P|2.5.1||||||UNICODE UTF-8",
        f"RF1|A|S|{_coding(request['code'])}^{_coding(request['category'][0])}|||{_entity(request['identifier'][0])}|"
        f"{request['authoredOn'].translate(DATES)}|||^{request['reasonCode'][0]['text']}",
        _provider("RP", by_url[request["requester"]["reference"]]),
        _provider("RT", by_url[request["performer"][0]["reference"]]),
        _patient(patient),
        f"DG1|1||{_coding(condition['code'])}",
        f"AL1|1||^{allergy['code']['text']}",
        f"OBR|1|||^{letter['type']['text']}|||||||||||||||||||||F",
        f"OBX|1|ED|||^AP^PDF^Base64^{attached['data']}||||||F",
        f"NTE|1||{request['note'][0]['text']}",
    ]
    return ("\r".join(rows) + "\r").encode()


def _coding(concept: JSON) -> str:
    coding = concept["coding"][0]
    return f"{coding['code']}^{coding['display']}^{SNOMED}"


def _entity(identifier: JSON) -> str:
    return f"{identifier['value']}^^{identifier['system']}^URI"


def _provider(role: str, practitioner: JSON) -> str:
    name, number = practitioner["name"][0], practitioner["identifier"][0]
    prefix = f"^^^{name['prefix'][0]}" if "prefix" in name else ""
    who = f"{name['family']}^{name['given'][0]}{prefix}"
    return f"PRD|{role}^^HL70286|{who}|||||{number['value']}^{BOARDS[number['system']]}"


def _patient(patient: JSON) -> str:
    name, address = patient["name"][0], patient["address"][0]
    return (
        f"PID|1||{patient['identifier'][0]['value']}^^^NHS^NH||{name['family']}^{name['given'][0]}^^^^^L||"
        f"{patient['birthDate'].translate(DATES)}|{GENDER[patient['gender']]}|||"
        f"{address['line'][0]}^^{address['city']}^^{address['postalCode']}||{patient['telecom'][0]['value']}^PRN^PH"
    )


def vaccination(body: bytes) -> bytes:
    """A vaccination event as a transaction of Patient and Immunization; its ids are fixed."""
    event = orjson.loads(body)
    who, given = event["patient"], event["vaccination"]
    number = {"system": NHS_NUMBER, "value": who["nhsNumber"]}
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [number],
        "name": [{"use": "official", "family": who["family"], "given": who["given"]}],
        "gender": who["gender"],
        "birthDate": who["birthDate"],
        "address": [{"postalCode": who["postcode"]}],
    }
    immunization = {
        "resourceType": "Immunization",
        "id": "i",
        "meta": {"profile": ["https://fhir.nhs.wales/StructureDefinition/DataStandardsWales-Immunization"]},
        "extension": [
            {
                "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-VaccinationProcedure",
                "valueCodeableConcept": {"coding": [given["procedure"]]},
            }
        ],
        "identifier": [{"system": event["source"], "value": given["id"]}],
        "status": given["status"],
        "vaccineCode": {"coding": [given["vaccine"]]},
        "patient": {"reference": "urn:uuid:p", "type": "Patient", "identifier": number},
        "occurrenceDateTime": given["occurred"],
        "recorded": event["recorded"],
        "primarySource": True,
        "manufacturer": {"display": given["manufacturer"]},
        "lotNumber": given["lotNumber"],
        "expirationDate": given["expires"],
        "site": {"coding": [given["site"]]},
        "route": {"coding": [given["route"]]},
        "doseQuantity": given["dose"],
        "performer": [
            _actor("Practitioner", "https://fhir.hl7.org.uk/Id/nmc-number", event["performer"]["id"], event["performer"]["name"]),
            _actor("Organization", ODS_CODE, event["organisation"]["code"], event["organisation"]["name"]),
        ],
        "reasonCode": [{"coding": [given["reason"]]}],
        "protocolApplied": [{"series": given["series"], "doseNumberPositiveInt": given["doseNumber"]}],
    }
    entry = [
        {
            "fullUrl": "urn:uuid:p",
            "resource": patient,
            "request": {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={NHS_NUMBER}|{who['nhsNumber']}"},
        },
        {"fullUrl": "urn:uuid:i", "resource": immunization, "request": {"method": "PUT", "url": "Immunization/i"}},
    ]
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:b"}
    return orjson.dumps({"resourceType": "Bundle", "id": "b", "identifier": identifier, "type": "transaction", "entry": entry})


def _actor(kind: str, system: str, number: str, name: str) -> JSON:
    return {"actor": {"type": kind, "identifier": {"system": system, "value": number}, "display": name}}
