"""OBX: one observation, its value by its type."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.caching import cached_by
from shared.mapping.datatypes.identifier import ei_identifier, eip_identifiers
from shared.mapping.datatypes.person import HL7, xad_address
from shared.mapping.datatypes.value import (
    ed_attachment,
    nm_decimal,
    rp_attachment,
)
from shared.mapping.elements import extension
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.results.observation_value import DOCUMENTS, typed_value
from shared.mapping.tables import (
    INTERPRETATION,
    NATURE_OF_ABNORMAL_TEST,
    OBSERVATION_STATUS,
    V2_SYSTEM,
)
from shared.mapping.texts import text_at

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
        **typed_value(read, obx, frame["code"]),
    }
    if "dataAbsentReason" in made and any(name.startswith("value") for name in made):
        del made["dataAbsentReason"]  # FHIR, obs-6: a reason for absence, although there is a value
    if len(obx.fields) > 15:
        made.update(
            element(
                identifier=[read.first(obx, "21", ei_identifier, "FILL")],
                performer=_performers(read, obx),
                device=_device(read, obx),
                specimen=_specimen(read, obx),
            )
        )
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
        parts = [_sub_id(text_at(sent[0], str(n)), *row) for n, row in enumerate(SUB_ID, 1) if text_at(sent[0], str(n))]
        found += [{"url": HL7 + "observation-v2-subid", "extension": parts}] if parts else []
    if len(obx.fields) > 19:
        found += extension(HL7 + "observation-analysis-date-time", valueDateTime=read.date_time(obx, "19"))
        if kind := text_at(obx, "30"):
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


@cached_by(3, 7, 8, 10, 11, 17, 20, 29)
def _frame(read: Reading, obx: Segment) -> Element:
    """The other fields of an OBX, besides value, time and people."""
    status = text_at(obx, "11")
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


def _status_as_sent(read: Reading, obx: Segment, status: str) -> Element:
    """OBX-11 as sent, if FHIR has no code for it, or if X means more than cancelled."""
    if status and (status == "X" or not OBSERVATION_STATUS.get(status)):
        coding = {"system": V2_SYSTEM + "0085", "code": status}
        if status != "X":
            read.note(
                code="code-invalid",
                where=obx.where("11"),
                text="FHIR has no code for this status; it is unknown",
                rule="code-not-mapped",
            )
        known = status in OBSERVATION_STATUS
        return {"extension": extension(ALTERNATE, valueCodeableConcept={"coding": [coding]} if known else {"text": status})}
    return {}


def _category(read: Reading, obx: Segment) -> list[Element]:
    """OBX-29 by HL7 table 0936, which the guide has no map for; another word stays as text."""
    kind = text_at(obx, "29")
    if kind in OBSERVATION_TYPES:
        return [{"coding": [{"system": V2_SYSTEM + "0936", "code": kind}]}]
    if kind:
        read.note(
            code="code-invalid",
            where=obx.where("29"),
            text="a code that is not in HL7 table 0936: kept as text",
            rule="code-kept-as-text",
        )
    return [{"text": kind}] if kind else []


def _reference_range(obx: Segment) -> list[Element]:
    words = obx["7"]
    return [{"text": words}] if words and words != '""' else []


def _performers(read: Reading, obx: Segment) -> list[Element]:
    """OBX-16, OBX-23 to 25, OBX-15 -> performer."""
    observers = [_role(read, obx, "16", who, {}) for who in read.practitioners(obx, "16")]
    organization = read.organization(obx, "23")
    if organization and text_at(obx, "24"):
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
    withdrawn = OBSERVATION_STATUS.get(text_at(obx, "11")) == "entered-in-error"
    return resource(
        "DocumentReference",
        id=read.id(obx, "-5"),
        status="entered-in-error" if withdrawn else "current",
        type=read.concept(obx, "3"),
        subject=read.patient,
        content=[{"attachment": each} for each in attachments],
        context=element(encounter=[read.encounter]),
    )
