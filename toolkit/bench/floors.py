"""The least work that makes what the hub makes of three samples: read, pick, write; nothing checked, nothing general.

The benchmarks show it next to the hub's own figures. A test holds that it makes the same.
"""

from collections.abc import Iterable
from typing import Any, cast

import orjson
from lxml import etree

JSON = dict[str, Any]
DATES = str.maketrans("", "", "-:TZ")
GENDER = {"female": "F", "male": "M"}
BOARDS = {"https://fhir.hl7.org.uk/Id/gmc-number": "GMC"}
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"
SNOMED = "SCT"
WPAS = len("{http://PAS_Demographics}")
RECEIVED = "20260501103000"
CLOCK = str.maketrans("", "", "-:T")
MARITAL = {"2": "M^Married"}
ALERTS = ("EVENT_CODES", "EVENT_DESCS", "KEY_NOTE_TYPES", "EVENT_VALUES")


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


def registration(body: bytes) -> bytes:
    """A registration of WPAS as ADT^A28. Every element is expected to be there, and none to have a character to escape."""
    sent = {each.tag[WPAS:]: (each.text or "").strip() for each in cast(Iterable[Any], etree.fromstring(body)[0])}
    first, more = sent["FORENAME"].split(maxsplit=1)
    alias = f"{sent['ALIAS_SURNAME']}^{sent['ALIAS_FORENAME'].replace(' ', '^', 1)}"
    marital = MARITAL[sent["MARITAL_STATUS"]]
    rows = [
        f"MSH|^~\\&|{sent['SYSTEM_ID']}|{sent['DHA_CODE']}|200|200|{RECEIVED}||ADT^A28^ADT_A05|"
        f"{sent['SYSTEM_ID']}{sent['TRANSACTION_ID']}|P|2.5|||AL",
        f"EVN|A28|{RECEIVED}|||{sent['USER_ID']}|{RECEIVED}",
        f"PID|1||{sent['NHS_NUMBER']}^^^NHS^NH~{sent['UNIT_NUMBER']}^^^{sent['SYSTEM_ID']}^PI||"
        f"{sent['SURNAME']}^{first}^{more}^^{sent['TITLE']}^^L~^{sent['REQUESTED_NAME']}^^^^^N~{sent['MAIDEN_NAME']}^^^^^^M~"
        f"{alias}^^^^A||{sent['BIRTHDATE'].replace('-', '')}|{sent['SEX']}|{alias}~{sent['OTHER_ALIAS']}||"
        f"{_lines(sent, 'ADDRESS', sent['POSTCODE'])}^^H~{_lines(sent, 'CONTACT_ADDRESS', sent['CONTACT_ADDRESS_6'])}^^M||"
        f"{sent['TELEPHONE_DAY']}^PRN^PH^^^^^^DAY~{sent['TELEPHONE_NIGHT']}^PRN^PH^^^^^^NIGHT~{sent['MOBILE']}^PRS^CP^^^^^^MOBILE~"
        f"^NET^Internet^{sent['EMAIL']}~{sent['PAT_TEL_DAY']}^PRN^PH^^^^^^DAY~{sent['PAT_TEL_NIGHT']}^PRN^PH^^^^^^NIGHT||"
        f"{sent['PREFERRED_LANGUAGE']}^^L|{sent['MARITAL_STATUS']}^^L^{marital}^HL70002|{sent['RELIGION_STATUS']}^^L|||||"
        f"{sent['ETHNIC_ORIGIN']}^^L^{sent['ETHNIC_ORIGIN'][0]}^^UKCore-EthnicCategoryWales||||||||N||{sent['NHS_CERTIFICATION']}|"
        f"{sent['UPDATE_DATE'].translate(CLOCK)}",
        f"PD1|||{sent['GP_ADDR1']}^^^^^^^^^{sent['GP_PRACTICE']}|"
        f"{sent['REGISTERED_GP']}^{sent['GP_SURNAME']}^{sent['GP_INITS']}^^^^^^GMP||{sent['DISABLED_STATUS']}||||||"
        f"{sent['HIGH_SENSITIVE']}",
        _kin(sent, 1, "NEXT_KIN"),
        _kin(sent, 2, "OTHER_KIN"),
        "PV1|1|N",
        f"OBX|1|ST|CURRENT_HEALTH_RISK_FACTOR^^L||{sent['CURRENT_HEALTH_RISK_FACTOR']}||||||F",
    ]
    alerts = zip(*(sent[name].split(",") for name in ALERTS), strict=True)
    rows += [f"OBX|{n}|ST|{code}^{text}^L^{kind}^^L||{value}||||||F" for n, (code, text, kind, value) in enumerate(alerts, 2)]
    return ("\r".join(rows) + "\r").encode()


def _lines(sent: dict[str, str], name: str, postcode: str) -> str:
    one, two, three, four, five = (sent[f"{name}_{n}"] for n in range(1, 6))
    return f"{one}^{two}^{three}^{four}, {five}^{postcode}"


def _kin(sent: dict[str, str], number: int, kin: str) -> str:
    lines = "^".join([sent[f"{kin}_ADDR{n}"] for n in range(1, 5)])
    return (
        f"NK1|{number}|{sent[kin]}|{sent[f'{kin}_REL_CODE']}^{sent[f'{kin}_REL']}^L|{lines}^{sent[f'{kin}_POSTCODE']}|"
        f"{sent[f'{kin}_TEL_DAY']}^PRN^PH^^^^^^DAY~{sent[f'{kin}_TEL_NIGHT']}^PRN^PH^^^^^^NIGHT"
    )
