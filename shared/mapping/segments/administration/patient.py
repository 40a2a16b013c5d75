"""PID, PD1, NK1, MRG, GT1: the patient, and the people around the patient."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.caching import cached_by
from shared.mapping.datatypes.code import TRIPLETS, cwe_codeable_concept
from shared.mapping.datatypes.date import dtm_date_time
from shared.mapping.datatypes.identifier import cx_identifier, cx_number, dln_identifier, v2_0203
from shared.mapping.datatypes.person import (
    HL7,
    xad_address,
    xpn_human_name,
    xpn_nickname,
    xpn_string,
)
from shared.mapping.datatypes.provider import xon_string
from shared.mapping.elements import backbone, extension
from shared.mapping.reading import Reading
from shared.mapping.segments.header import PARTICIPANT, recorded
from shared.mapping.tables import (
    ADMINISTRATIVE_SEX,
    LIVING_WILL,
    MARITAL_STATUS,
    RELIGION,
    YES_NO,
)
from shared.mapping.texts import Part, code_of, text_at

BCP_47 = "urn:ietf:bcp:47"
LANGUAGE = {"ENG": "en", "WEL": "cy", "CYM": "cy"}  # ISO 639-2 codes that Welsh systems send, and their BCP 47 codes
# Patient element -> its PID fields, to apply a null or an absent field to the stored resource.
PID_ELEMENTS = {
    "identifier": ("2", "3", "4", "19", "20"),
    "name": ("5", "9"),
    "telecom": ("13", "14", "40"),
    "gender": ("8",),
    "birthDate": ("7",),
    "deceased": ("29", "30"),
    "address": ("11", "12"),
    "maritalStatus": ("16",),
    "multipleBirth": ("24", "25"),
    "communication": ("15",),
}


def pid_patient(read: Reading, pid: Segment) -> Resource:
    """PID -> Patient. Source: guide, segment map PID[Patient]."""
    return resource(
        "Patient",
        id=read.id(pid),
        active=False if read.message["MSH-9.2"] == "A29" else None,
        extension=_extensions(read, pid),
        identifier=[
            *read.across(pid, ("2", "3", "4"), cx_identifier),
            _social_security(pid),
            read.first(pid, "20", dln_identifier),
        ],
        name=names(read, pid, "5", "9"),
        telecom=[
            *read.telecom(pid, "13", "home"),
            *read.telecom(pid, "14", "work"),
            *read.telecom(pid, "40"),
        ],
        gender=read.code(pid, "8", ADMINISTRATIVE_SEX) if code_of(pid, "8") else "",
        birthDate=read.date(pid, "7"),
        _birthDate=_birth_time(read, pid),
        **_deceased(read, pid),
        address=pid_address(read, pid),
        maritalStatus=read.concept(pid, "16", MARITAL_STATUS),
        **_multiple_birth(read, pid),
        communication=backbone(read.each(pid, "15", language), "language"),
    )


def names(read: Reading, segment: Segment, *fields: str) -> list[Element]:
    """The names of a person from XPN fields; a name that the person uses (XPN-15) is a separate name after the others."""
    found = read.across(segment, fields, xpn_human_name)
    if any(segment.raw(field).count(segment.encoding.component) > 13 for field in fields):  # few senders reach XPN-15
        found += read.across(segment, fields, xpn_nickname)
    return found


def _extensions(read: Reading, pid: Segment) -> list[Element]:
    """PID-6, 17, 23, 26, 28, 35, 36, 39 -> extensions of the Patient."""
    return [
        *extension(HL7 + "patient-mothersMaidenName", valueString=read.first(pid, "6", xpn_string)),
        *extension(HL7 + "patient-religion", valueCodeableConcept=read.concept(pid, "17", RELIGION)),
        *extension(HL7 + "patient-birthPlace", valueAddress=element(text=text_at(pid, "23"))),
        *_belonging(read, pid).get("extension", ()),
    ]


@cached_by(26, 28, 35, 36, 39)
def _belonging(read: Reading, pid: Segment) -> Element:
    return element(
        extension=[
            *(each for n in ("26", "39") for each in _of_country(read, pid, n, "patient-citizenship")),
            *_of_country(read, pid, "28", "patient-nationality"),
            *_animal(read, pid),
        ]
    )


def _of_country(read: Reading, pid: Segment, field: str, name: str) -> list[Element]:
    codes = [extension("code", valueCodeableConcept=concept) for concept in read.concepts(pid, field)]
    return [{"url": HL7 + name, "extension": code} for code in codes]


def _animal(read: Reading, pid: Segment) -> list[Element]:
    species = extension("species", valueCodeableConcept=read.concept(pid, "35"))
    breed = extension("breed", valueCodeableConcept=read.concept(pid, "36"))
    return [{"url": HL7 + "patient-animal", "extension": species + breed}] if species else []


def _social_security(pid: Segment) -> Element:
    """PID-19, outside the United States: it has a type, but no system."""
    number = text_at(pid, "19")
    return {"type": v2_0203("SB"), "value": number} if number else {}


def _birth_time(read: Reading, pid: Segment) -> Element:
    """The time of birth, if sent. Source: guide, PID-7 longer than eight characters."""
    if len(pid["7"]) <= 8:
        return {}
    moment = read.date_time(pid, "7")
    return element(extension=extension(HL7 + "patient-birthTime", valueDateTime=moment))


def deceased(date: str, indicator: str) -> Element:
    """Patient.deceased[x] from PID-29 and PID-30: the time, otherwise the indicator; ``{}`` if both are absent.

    ValueError: the date is not valid.

    >>> deceased("20240501", "Y"), deceased("", "N"), deceased("", "")
    ({'deceasedDateTime': '2024-05-01'}, {'deceasedBoolean': False}, {})
    """
    if date and date != '""':
        return {"deceasedDateTime": dtm_date_time(date)}
    return {"deceasedBoolean": YES_NO[indicator]} if indicator in YES_NO else {}


def _deceased(read: Reading, pid: Segment) -> Element:
    moment, dead = read.date_time(pid, "29"), read.look_up(pid, "30", YES_NO)
    if moment and dead is False:
        read.note(
            code="conflict", where=pid.where("30"), text="a date of death, but the indicator is N", rule="death-against-indicator"
        )
    return {"deceasedDateTime": moment} if moment else {} if dead is None else {"deceasedBoolean": dead}


def _multiple_birth(read: Reading, pid: Segment) -> Element:
    """PID-25 -> multipleBirthInteger, otherwise PID-24 -> multipleBirthBoolean."""
    order = read.number(pid, "25", _integer)
    if order is not None:
        return {"multipleBirthInteger": order}
    born_together = read.look_up(pid, "24", YES_NO)
    return {} if born_together is None else {"multipleBirthBoolean": born_together}


def _integer(text: str) -> int:
    """A FHIR integer, of 32 bits. ValueError: not a whole number, or one that does not fit."""
    number = int(text)
    if not -(1 << 31) <= number < 1 << 31:
        raise ValueError("the number does not fit a FHIR integer")
    return number


def pid_address(read: Reading, pid: Segment) -> list[Element]:
    """PID-11 and the county of PID-12 -> address. Source: guide, PID-11 and the four conditions of PID-12."""
    addresses: list[Element] = read.each(pid, "11", xad_address)
    county = text_at(pid, "12")
    if not county:
        return addresses
    if len(addresses) == 1 and addresses[0].get("district", county) == county:
        return [{**addresses[0], "district": county}]
    return [*addresses, {"district": county}]


def language(cwe: Part) -> Element:
    """CodeableConcept of a language: each of its codes in BCP 47, and the others as sent.

    Without a code in BCP 47 it stays as text: FHIR allows no other code alone. Source: guide, PrimaryLanguage.
    """
    known = [
        (code, element(system=BCP_47, version=text_at(cwe, triplet[3]), code=name))
        for triplet in TRIPLETS
        if (name := _bcp_47(code := text_at(cwe, triplet[0])))
    ]
    if not known:
        return element(text=text_at(cwe, "9") or text_at(cwe, "2") or text_at(cwe, "1") or text_at(cwe, "5") or text_at(cwe, "4"))
    others = [each for each in cwe_codeable_concept(cwe).get("coding", ()) if each.get("code") not in dict(known)]
    words = text_at(cwe, "9") or text_at(cwe, "2") or text_at(cwe, "5")
    codings = [each for number, (_, each) in enumerate(known) if each not in [one for _, one in known[:number]]]
    return element(coding=[*codings, *others], text=words)


def _bcp_47(code: str) -> str:
    """The code of a language in BCP 47; ``""`` for any other code.

    >>> _bcp_47("WEL"), _bcp_47("EN"), _bcp_47("en-GB"), _bcp_47("4")
    ('cy', 'en', 'en-GB', '')
    """
    name = LANGUAGE.get(code.upper(), code.lower() if len(code) == 2 else code)
    return name if name[:2].isalpha() and len(name) in (2, 5) else ""


def pid_account(read: Reading, pid: Segment) -> Resource:
    """PID-18 -> Account; ``{}`` without an account number. Source: guide, PID[Account], except its status, which is not sent."""
    number = read.first(pid, "18", cx_number)
    if not number:
        return {}
    return resource("Account", id=read.id(pid, "-18"), identifier=[number], status="unknown", subject=[read.patient])


def pid_provenance(read: Reading, pid: Segment) -> Resource:
    """PID-33 and PID-34 -> Provenance of the last update; ``{}`` unless both were sent. Source: guide."""
    if not text_at(pid, "33") or not text_at(pid, "34"):
        return {}
    performer = {"coding": [{"system": PARTICIPANT, "code": "performer"}]}
    return resource(
        "Provenance",
        id=read.id(pid, "-33"),
        target=[read.patient],
        occurredDateTime=read.date_time(pid, "33"),
        **recorded(read, pid, "33"),
        activity={"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation", "code": "UPDATE"}]},
        agent=[{"type": performer, "who": read.assigner(pid, "34")}],
    )


def pid_mother(read: Reading, pid: Segment) -> list[Resource]:
    """PID-21 -> RelatedPerson, the mother. Source: guide, CX[RelatedPerson-Mother]."""
    mother = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}
    identifiers = read.each(pid, "21", cx_identifier)
    if not identifiers:
        return []
    made = resource("RelatedPerson", id=read.id(pid, "-21"), identifier=identifiers, patient=read.patient, relationship=[mother])
    return [made]


def pd1_patient(read: Reading, pd1: Segment) -> Element:
    """PD1 -> more of the Patient. Source: guide, PD1[Patient]."""
    return element(
        extension=[
            *extension(HL7 + "patient-disability", valueCodeableConcept=read.concept(pd1, "6")),
            *extension(HL7 + "patient-congregation", valueString=read.first(pd1, "14", xon_string)),
        ],
        generalPractitioner=[*read.organizations(pd1, "3"), *read.practitioners(pd1, "4")],
    )


def pd1_observation(read: Reading, pd1: Segment) -> Resource:
    """PD1-7 -> Observation of a living will; ``{}`` if absent. Source: guide, PD1[Observation-LivingWill]."""
    will = read.concept(pd1, "7", LIVING_WILL)
    if not will:
        return {}
    return resource(
        "Observation",
        id=read.id(pd1, "-7"),
        status="unknown",
        code={"coding": [{"system": "http://loinc.org", "code": "75320-2"}]},
        subject=read.patient,
        valueCodeableConcept=will,
    )


def mrg_account(read: Reading, mrg: Segment, whose: Element) -> Resource:
    """MRG-3 -> the prior Account: of the patient that was merged away, or of the only one; ``{}`` when absent.

    Source: guide, MRG[Account] and ADT_A06.
    """
    number = read.first(mrg, "3", cx_number)
    if not number:
        return {}
    return resource("Account", id=read.id(mrg, "-3"), identifier=[number], status="unknown", subject=[whose])


def mrg_patient(read: Reading, mrg: Segment, survivor: Element) -> Resource:
    """MRG -> the merged Patient: inactive, replaced by the survivor; ``{}`` if MRG has no number.

    The guide maps only MRG-3; this follows the definitions of ``Patient.link`` and ``Patient.active`` in FHIR.
    """
    if read.is_empty(mrg, "1", "2", "4"):
        return {}
    return resource(
        "Patient",
        id=read.id(mrg),
        identifier=read.across(mrg, ("1", "2", "4"), cx_identifier),
        active=False,
        name=names(read, mrg, "7"),
        link=[{"other": survivor, "type": "replaced-by"}],
    )
