"""SPM, and the fields of OBR about the specimen."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.code import Component, cwe_codeable_concept, id_codeable_concept
from shared.mapping.datatypes.identifier import cx_number, ei_identifier, eip_identifiers
from shared.mapping.datatypes.value import cq_quantity
from shared.mapping.reading import Reading
from shared.mapping.segments.note import lines
from shared.mapping.tables import (
    ADDITIVE,
    BODY_SITE,
    SPECIMEN_AVAILABILITY,
    SPECIMEN_CONDITION,
    SPECIMEN_METHOD,
    SPECIMEN_TYPE,
    Table,
)
from shared.mapping.texts import Part, text_at


def spm_specimen(read: Reading, spm: Segment) -> Resource:
    """SPM -> Specimen. Source: guide, SPM[Specimen]."""
    return resource(
        "Specimen",
        id=read.id(spm),
        identifier=[
            *(each for eip in spm.repeats("2") for each in eip_identifiers(eip, "PLAC", "FILL")),
            *read.each(spm, "31", cx_number),
            *read.each(spm, "32", ei_identifier),
        ],
        accessionIdentifier=read.first(spm, "30", cx_number),
        status=read.look_up(spm, "20", SPECIMEN_AVAILABILITY),
        type=read.concept(spm, "4", SPECIMEN_TYPE),
        subject=read.patient,
        receivedTime=read.date_time(spm, "18"),
        parent=[
            {"type": "Specimen", "identifier": each} for eip in spm.repeats("3") for each in eip_identifiers(eip, "PLAC", "FILL")
        ],
        collection=_collection(read, spm),
        container=_container(read, spm),
        condition=read.concepts(spm, "24", SPECIMEN_CONDITION),
        note=[{"text": lines(spm, "14")}] if lines(spm, "14") else [],
    )


def _collection(read: Reading, spm: Segment) -> Element:
    start, end = read.date_time(spm, "17.1"), read.date_time(spm, "17.2")
    return element(
        collectedDateTime="" if end else start,
        collectedPeriod=element(start=start, end=end) if end else {},
        quantity=read.first(spm, "12", cq_quantity),
        method=read.concept(spm, "7", SPECIMEN_METHOD),
        bodySite=read.concept(spm, "8"),
    )


def _container(read: Reading, spm: Segment) -> list[Element]:
    kind, additives = read.concept(spm, "27"), read.concepts(spm, "6", ADDITIVE)
    if not kind and not additives:
        return []
    first = element(type=kind, additiveCodeableConcept=additives[0] if additives else {})
    return [first, *({"additiveCodeableConcept": each} for each in additives[1:])]


def obr_specimen(read: Reading, obr: Segment) -> Resource:
    """OBR-9, 10, 14, 15, 39 -> Specimen, from before SPM existed; ``{}`` if absent. Source: guide, OBR[Specimen]."""
    source = obr.repeats("15")
    comment = read.concepts(obr, "39")
    if not any(text_at(obr, path) for path in ("9", "10", "14")) and not source and not comment:
        return {}
    start, end = read.date_time(obr, "7"), read.date_time(obr, "8")
    collection = element(
        collector=read.practitioner(obr, "10"),
        collectedDateTime="" if end else start,
        collectedPeriod=element(start=start, end=end) if end else {},
        quantity=read.first(obr, "9", cq_quantity),
        bodySite=_part(source[0], "4", BODY_SITE) if source else {},
    )
    return resource(
        "Specimen",
        id=read.id(obr, "/Specimen"),
        subject=read.patient,
        receivedTime=read.date_time(obr, "14"),
        collection=collection,
        **(sps_specimen(source[0]) if source else {}),
        note=[
            *([{"text": words}] if source and (words := text_at(source[0], "3")) else []),
            *({"text": text_at(each, "2") or text_at(each, "1")} for each in obr.repeats("39") if each),
        ],
    )


def sps_specimen(sps: Part) -> Element:
    """SPS -> type, additive and condition of a Specimen. Source: guide, SPS[Specimen-Source]."""
    additive = _part(sps, "2", ADDITIVE)
    return element(
        type=_part(sps, "1", SPECIMEN_TYPE),
        container=[{"additiveCodeableConcept": additive}] if additive else [],
        condition=[_part(sps, "6", SPECIMEN_CONDITION)],
    )


def _part(sps: Part, component: str, table: Table) -> Element:
    """A component that is a CWE itself, or a code without a text."""
    code = text_at(sps, component + ".1")
    if not text_at(sps, component + ".2") and not text_at(sps, component + ".3"):
        return id_codeable_concept(code, table)
    return cwe_codeable_concept(Component(sps, component), table)
