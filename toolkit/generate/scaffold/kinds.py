"""The kinds that ``./hub new`` knows, and what it takes for each from ``toolkit/templates``."""

from typing import NamedTuple

SOURCES = ("hl7v2", "fhir", "json", "xml", "csv", "soap", "file")
DESTINATIONS = ("mllp", "fhir", "http", "soap", "event-grid", "queue")
WRITTEN = {"mllp": "v2", "soap": "v2", "fhir": "fhir"}  # destination -> what it takes; any other takes every format
OF_HL7 = ("hl7v2", "soap")  # sources whose messages are HL7 v2
SCHEMAS = {"json": "schema.json", "file": "schema.json", "xml": "schema.xsd"}


class Messages(NamedTuple):
    """One type of HL7 v2 message: its events, and its samples in ``toolkit/templates/samples/hl7v2``."""

    events: str
    samples: str
    to_fhir: str  # the template of the mapping to FHIR

    def names(self, code: str) -> tuple[str, ...]:
        """The events as a source names them, such as ``ADT^A31``."""
        return tuple(f"{code}^{event}" for event in self.events.split())


TYPES = {
    "ADT": Messages("A01 A02 A03 A04 A08 A11 A28 A31 A40", "a01_admission a31_update a40_merge", "adt_to_fhir"),
    "ORU": Messages("R01", "r01_result", "hl7v2_to_fhir"),
    "ORM": Messages("O01", "o01_order o01_cancelled", "hl7v2_to_fhir"),
    "OML": Messages("O21", "o21_order o21_cancelled", "hl7v2_to_fhir"),
    "OMG": Messages("O19", "o19_order o19_cancelled", "hl7v2_to_fhir"),
    "MDM": Messages("T02", "t02_document", "hl7v2_to_fhir"),
    "SIU": Messages("S12 S13 S14 S15 S17 S26", "s12_booked s15_cancelled", "hl7v2_to_fhir"),
    "VXU": Messages("V04", "v04_vaccination", "hl7v2_to_fhir"),
    "REF": Messages("I12 I13 I14", "i12_referral", "hl7v2_to_fhir"),
    "RDE": Messages("O11", "o11_prescription", "hl7v2_whole_to_fhir"),
    "DFT": Messages("P03", "p03_charge", "hl7v2_whole_to_fhir"),
}


class Kinds(NamedTuple):
    """What a new integration reads and where it sends to; ``code`` is the type of the messages if they are HL7 v2."""

    source: str = "hl7v2"
    destination: str = "mllp"
    code: str = "ADT"

    @property
    def mapping(self) -> str:
        """The template of the mapping; ``""``: the message is passed on as it was sent."""
        written = WRITTEN.get(self.destination, "")
        if self.source not in OF_HL7:
            return f"{self.source}_to_{written}" if written else ""
        return {"v2": "hl7v2_to_v2", "fhir": TYPES[self.code].to_fhir}.get(written, "")


def every() -> tuple[Kinds, ...]:
    """Every combination of source, destination and, for HL7 v2, type of message."""
    return tuple(
        Kinds(source, destination, code)
        for source in SOURCES
        for destination in DESTINATIONS
        for code in (TYPES if source in OF_HL7 else ("ADT",))
    )
