"""PID, PD1, NK1, MRG, GT1: the patient, and the people around the patient."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.caching import cached_by
from shared.mapping.datatypes.date import dtm_date_time
from shared.mapping.datatypes.identifier import cx_identifier, dln_identifier, v2_0203
from shared.mapping.datatypes.person import (
    HL7,
    xad_address,
    xpn_human_name,
    xpn_nickname,
    xpn_string,
)
from shared.mapping.elements import backbone, extension
from shared.mapping.reading import Reading
from shared.mapping.segments.administration.language import language
from shared.mapping.tables import (
    ADMINISTRATIVE_SEX,
    MARITAL_STATUS,
    RELIGION,
    YES_NO,
)
from shared.mapping.texts import code_of, text_at

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
