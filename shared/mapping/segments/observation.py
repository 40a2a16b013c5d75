"""OBX: one observation, its value by its type."""

from collections.abc import Callable
from functools import lru_cache

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.encoding import Encoding
from shared.hl7.repetition import Repetition
from shared.hl7.segment import Segment
from shared.mapping.datatypes.code import cwe_codeable_concept
from shared.mapping.datatypes.date import dr_period, dtm_date_time, tm_time
from shared.mapping.datatypes.identifier import ei_identifier, eip_identifiers
from shared.mapping.datatypes.person import HL7, xad_address
from shared.mapping.datatypes.value import (
    cwe_unit,
    ed_attachment,
    measured,
    na_sampled_data,
    nm_decimal,
    nr_range,
    rp_attachment,
    sn_text,
    sn_value,
)
from shared.mapping.reading import UNKNOWN, Reading, extension
from shared.mapping.remembered import remembered
from shared.mapping.said import said
from shared.mapping.segments.note import lines
from shared.mapping.tables import (
    INTERPRETATION,
    NATURE_OF_ABNORMAL_TEST,
    OBSERVATION_STATUS,
    V2_SYSTEM,
)

TEXTS = frozenset(("ST", "TX", "FT"))
CODES = frozenset(("CWE", "CE", "CNE", "CF", "IS", "ID"))
DOCUMENTS = frozenset(("ED", "RP"))
NOT_ASKED = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "not-asked"}]}
OBSERVATION_TYPES = ("QST", "RSLT", "SCI")  # HL7 table 0936
ALTERNATE = HL7 + "alternate-codes"


def obx_observation(read: Reading, obx: Segment) -> Resource:
    """OBX -> Observation; several values become components. Source: guide, OBX[Observation], OBX[Observation-Component]."""
    frame = _frame(read, obx)
    made = {
        "resourceType": "Observation",
        "id": read.id(obx),
        **frame,
        **_about(read, obx),
        **_value(read, obx, frame["code"]),
    }
    if "dataAbsentReason" in made and any(name.startswith("value") for name in made):
        del made["dataAbsentReason"]  # FHIR, obs-6: "not asked", although there is an answer
    if len(obx.fields) > 15:
        made.update(_people(read, obx))
    extensions = _own_extensions(read, obx)
    if extensions:
        made["extension"] = [*made.get("extension", ()), *extensions]
    if "component" in made and "referenceRange" in made:
        made["component"] = [{**each, "referenceRange": made["referenceRange"]} for each in made["component"]]
    return made


SUB_ID = (
    ("original-sub-identifier", "valueString"),
    ("group", "valueDecimal"),
    ("sequence", "valueDecimal"),
    ("identifier", "valueString"),
)


def _own_extensions(read: Reading, obx: Segment) -> list[Element]:
    """OBX-4, 19 and 30 -> extensions. Source: guide, OBX[Observation] and OG[Extension-Subidentifier]."""
    found: list[Element] = []
    if sent := [each for each in obx.repeats("4")[:1] if each and not each.is_null()]:
        parts = [_sub_id(said(sent[0], str(n)), *row) for n, row in enumerate(SUB_ID, 1) if said(sent[0], str(n))]
        found += [{"url": HL7 + "observation-v2-subid", "extension": parts}] if parts else []
    if len(obx.fields) > 19:
        found += extension(HL7 + "observation-analysis-date-time", valueDateTime=read.date_time(obx, "19"))
        if kind := said(obx, "30"):
            coding = {"system": V2_SYSTEM + "0937", "code": kind}
            found += extension(HL7 + "observation-structure-type", valueCodeableConcept={"coding": [coding]})
    return found


def _sub_id(text: str, name: str, kind: str) -> Element:
    """One part of a sub-identifier; a text that is not a number stays as text."""
    if kind == "valueDecimal":
        try:
            return {"url": name, kind: nm_decimal(text)}
        except ValueError:
            kind = "valueString"
    return {"url": name, kind: text}


def _about(read: Reading, obx: Segment) -> Element:
    """Patient, visit and time; most messages have all three."""
    about = {"subject": read.patient, "encounter": read.encounter, "effectiveDateTime": read.date_time(obx, "14")}
    return about if all(about.values()) else element(**about)


@remembered(3, 7, 8, 10, 11, 17, 20, 29)
def _frame(read: Reading, obx: Segment) -> Element:
    """The other fields of an OBX, besides value, time and people."""
    status = said(obx, "11")
    return element(
        extension=extension(
            HL7 + "observation-nature-of-abnormal-test",
            valueCodeableConcept=read.concept(obx, "10", NATURE_OF_ABNORMAL_TEST),
        ),
        status=OBSERVATION_STATUS.get(status, "unknown"),
        _status=_status_as_sent(read, obx, status),
        category=_category(read, obx),
        code=read.concept(obx, "3") or UNKNOWN,
        dataAbsentReason=NOT_ASKED if status == "N" else {},
        interpretation=read.concepts(obx, "8", INTERPRETATION),
        bodySite=read.concept(obx, "20"),
        method=read.concept(obx, "17"),
        referenceRange=_reference_range(obx),
    )


def _people(read: Reading, obx: Segment) -> Element:
    """Uncommon fields: the number of the observation, the responsible person, device and specimen."""
    return element(
        identifier=[read.first(obx, "21", ei_identifier, "FILL")],
        performer=_performers(read, obx),
        device=_device(read, obx),
        specimen=_specimen(read, obx),
    )


def _status_as_sent(read: Reading, obx: Segment, status: str) -> Element:
    """OBX-11 as sent, if FHIR has no code for it, or if X means more than cancelled."""
    if status and (status == "X" or not OBSERVATION_STATUS.get(status)):
        coding = {"system": V2_SYSTEM + "0085", "code": status}
        if status != "X":
            read.note("code-invalid", obx.where("11"), "FHIR has no code for this status; it is unknown", "code-not-mapped")
        known = status in OBSERVATION_STATUS
        return {"extension": extension(ALTERNATE, valueCodeableConcept={"coding": [coding]} if known else {"text": status})}
    return {}


def _category(read: Reading, obx: Segment) -> list[Element]:
    """OBX-29 by HL7 table 0936, which the guide has no map for; another word stays as text."""
    kind = said(obx, "29")
    if kind in OBSERVATION_TYPES:
        return [{"coding": [{"system": V2_SYSTEM + "0936", "code": kind}]}]
    if kind:
        read.note("code-invalid", obx.where("29"), "a code that is not in HL7 table 0936: kept as text", "code-kept-as-text")
    return [{"text": kind}] if kind else []


def _reference_range(obx: Segment) -> list[Element]:
    words = obx["7"]
    return [{"text": words}] if words and words != '""' else []


def _value(read: Reading, obx: Segment, code: Element) -> Element:
    """OBX-5 by the type in OBX-2, and OBX-6, which is a note if the value has no unit.

    A value that does not fit its type is kept as text, with an issue.
    """
    made = _value_of_its_type(read, obx, code)
    if len(obx.fields) < 7 or not obx.fields[6] or not (words := unit(obx).get("unit", "")):
        return made
    found = [_with_unit(each, words, obx["2"]) for each in made.get("component", [made])]
    made = {"component": [each for each, _ in found]} if "component" in made else found[0][0]
    return made if all(is_there for _, is_there in found) else {**made, "note": [{"text": f"unit: {words}"}]}


NUMBERS = ("NM", "SN", "NR", "VR")
MEASURED = frozenset(("valueQuantity", "valueRange", "valueRatio", "valueSampledData"))  # types with a unit


def _with_unit(made: Element, words: str, kind: str) -> tuple[Element, bool]:
    """A value with its unit, and whether it has it: the unit is added to a number in text, not to any other text."""
    if not MEASURED.isdisjoint(made):
        return made, True
    text: str = made.get("valueString", "")
    if not text or "\n" in text:
        return made, False
    if text.endswith(words):
        return made, True
    is_measured = kind in NUMBERS or (any(map(str.isdigit, text)) and not any(map(str.isalpha, text)))
    return ({**made, "valueString": f"{text} {words}"}, True) if is_measured else (made, False)


def _value_of_its_type(read: Reading, obx: Segment, code: Element) -> Element:
    kind = obx["2"]
    if kind in TEXTS:
        text = lines(obx, "5")
        return {"valueString": text} if text else {}
    if kind in DOCUMENTS:
        return {}
    values = [each for each in obx.repeats("5") if each.sent and not (each.is_null() and each.components == 1)]
    made = [found for each in values if (found := _one(read, obx, kind, each))]
    if len(made) > 1:
        return {"component": [{"code": code, **each} for each in made]}
    return made[0] if made else {}


def _one(read: Reading, obx: Segment, kind: str, value: Repetition) -> Element:
    """``{}`` if the repetition has only delimiters and nulls."""
    if kind in CODES:
        return _coded(value.sent, value.encoding)
    try:
        convert = VALUES.get(kind)
        if convert:
            return element(**convert(value, unit(obx)))
        read.note("not-supported", obx.where("2"), "FHIR has no value of this type; it is kept as text", "value-type-not-mapped")
    except ValueError:
        read.note("value", obx.where("5"), "the value does not fit its type in OBX-2; it is kept as text", "value-not-mapped")
    return element(valueString=sn_text(value) if kind == "SN" else value.whole)


@lru_cache(maxsize=4096)
def _coded(sent: str, encoding: Encoding) -> Element:
    return element(valueCodeableConcept=cwe_codeable_concept(Repetition(sent, encoding)))


def unit(obx: Segment) -> Element:
    """OBX-6: unit, system, code."""
    sent = obx.fields[6] if len(obx.fields) > 6 else ""
    return _unit(sent, obx.encoding) if sent else {}


@lru_cache(maxsize=1024)
def _unit(sent: str, encoding: Encoding) -> Element:
    return cwe_unit(Repetition(sent.split(encoding.repetition)[0], encoding))


def _quantity(value: Repetition, units: Element) -> Element:
    """ValueError: not a number, or more than one component, of which a Quantity has only the first."""
    if value.components > 1 and any(said(value, str(n)) for n in range(2, value.components + 1)):
        raise ValueError("more than a number")
    return {"valueQuantity": measured({"value": nm_decimal(value["1"])}, units)} if said(value, "1") else {}


def _samples(value: Repetition, units: Element) -> Element:
    texts = [said(value, str(n + 1)) for n in range(value.components)]
    return {"valueSampledData": na_sampled_data(texts, units)} if any(texts) else {}


def _range_as_text(value: Repetition, units: Element) -> Element:
    ends = (said(value, "1"), said(value, "2"))
    return {"valueString": "-".join(ends)} if any(ends) else {}


VALUES: dict[str, Callable[[Repetition, Element], Element]] = {
    "NM": _quantity,
    "NA": _samples,
    "SN": lambda value, units: sn_value(value, units),
    "NR": lambda value, units: {"valueRange": nr_range(value, units)},
    "DT": lambda value, units: {"valueDateTime": dtm_date_time(value["1"])},
    "DTM": lambda value, units: {"valueDateTime": dtm_date_time(value["1"])},
    "TS": lambda value, units: {"valueDateTime": dtm_date_time(value["1"])},
    "TM": lambda value, units: {"valueTime": tm_time(value["1"])},
    "DR": lambda value, units: {"valuePeriod": dr_period(value)},
    "VR": _range_as_text,
}


def _performers(read: Reading, obx: Segment) -> list[Element]:
    """OBX-16, OBX-23 to 25, OBX-15 -> performer."""
    observers = [_role(read, obx, "16", who, {}) for who in read.practitioners(obx, "16")]
    organization = read.organization(obx, "23")
    if organization and said(obx, "24"):
        read.furnish(organization, obx, "24", address=read.each(obx, "24", xad_address))
    director = read.practitioner(obx, "25")
    if director:
        organization = _role(read, obx, "25", director, organization)
    return [*observers, organization, read.coded_organization(obx, "15")]


# The function of a person, by the field that names the person.
FUNCTION = {
    "16": {"text": "responsible observer"},
    "25": {"coding": [{"system": V2_SYSTEM + "0912", "code": "MDIR"}]},
}


def _role(read: Reading, obx: Segment, field: str, who: Element, organization: Element) -> Element:
    """A PractitionerRole, once for the same person, organization and function."""
    code = [FUNCTION[field]]
    made = resource("PractitionerRole", practitioner=who, organization=organization, code=code)
    same = f"{field}|{who['reference']}|{organization.get('reference', '')}"
    return read.shared(made, same, f"OBX[{obx.occurrence}]-{field}/{who['reference']}")


def _device(read: Reading, obx: Segment) -> Element:
    """OBX-18 -> Device."""
    identifiers = read.each(obx, "18", ei_identifier)
    made = resource("Device", identifier=identifiers) if identifiers else {}
    return read.shared(made, obx.raw("18"), f"OBX[{obx.occurrence}]-18")


def _specimen(read: Reading, obx: Segment) -> Element:
    """OBX-33, one specimen -> specimen by its identifier; with numbers of both parties, a Specimen with both."""
    specimens = [each for each in obx.repeats("33") if each]
    identifiers = eip_identifiers(specimens[0], "PLAC", "FILL") if len(specimens) == 1 else []
    if len(identifiers) > 1:
        made = resource("Specimen", identifier=identifiers, subject=read.patient)
        return read.shared(made, specimens[0].sent, f"OBX[{obx.occurrence}]-33")
    return {"type": "Specimen", "identifier": identifiers[0]} if identifiers else {}


def obx_attachments(read: Reading, obx: Segment) -> list[Element]:
    """OBX-5 of ED or RP -> an Attachment for each repetition; ``[]`` otherwise. Source: guide, ED[Attachment], RP[Attachment]."""
    if obx["2"] not in DOCUMENTS:
        return []
    return read.each(obx, "5", ed_attachment if obx["2"] == "ED" else rp_attachment)


def obx_document_reference(read: Reading, obx: Segment, attachments: list[Element]) -> Resource:
    """OBX of ED or RP -> DocumentReference. Source: guide, ED[DocumentReference], RP[DocumentReference]."""
    withdrawn = OBSERVATION_STATUS.get(said(obx, "11")) == "entered-in-error"
    return resource(
        "DocumentReference",
        id=read.id(obx, "-5"),
        status="entered-in-error" if withdrawn else "current",
        type=read.concept(obx, "3"),
        subject=read.patient,
        content=[{"attachment": each} for each in attachments],
        context=element(encounter=[read.encounter]),
    )
