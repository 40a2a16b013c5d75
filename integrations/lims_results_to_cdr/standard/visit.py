"""PV1 and ORC. National ORU_R01 standard 2.0.0, clauses 6.5 and 6.6."""

from collections.abc import Iterator
from itertools import pairwise

from integrations.lims_results_to_cdr.standard.row import Find, Row, breaks, fills, lacks, malformed, outside, says
from shared.hl7 import Message, Segment
from shared.mapping.wales.providers import ODS_SHAPE


def has_document(message: Message) -> bool:
    return any(each["2"] == "ED" for each in message.segments("OBX"))


def with_document(name: str, path: str) -> Find:
    return lambda message: lacks(name, path)(message) if has_document(message) else []


def has_clinician(pv1: Segment) -> bool:
    return bool(pv1.raw("8"))


def numbers_disagree(message: Message) -> Iterator[str]:
    """ORC-2 and ORC-3 that are not those of the OBR which follows."""
    orders = [each for each in message.segments() if each.name in ("ORC", "OBR")]
    for orc, obr in pairwise(orders):
        if (orc.name, obr.name) == ("ORC", "OBR"):
            yield from (orc.where(n) for n in ("2", "3") if says(orc, n) and says(obr, n) and says(orc, n) != says(obr, n))


ROWS = (
    Row("ORU-PV1-001", "6.5", "the set id of PV1 is 1", malformed("PV1", "1", "1".__eq__), "warning", "value"),
    Row(
        "ORU-PV1-002",
        "6.5",
        "the patient class is a code of table 0004",
        breaks("PV1", "2", lambda s: says(s, "2") not in tuple("EIOPRBCNU")),
        code="code-invalid",
    ),
    Row("ORU-PV1-003", "6.5", "no location of the requester", lacks("PV1", "3")),
    Row("ORU-PV1-003a", "6.5", "a location without its description", lacks("PV1", "3.9", lambda s: bool(s.raw("3"))), "warning"),
    Row(
        "ORU-PV1-003b",
        "6.5",
        "a location without its national code",
        breaks("PV1", "3.10", lambda s: bool(s.raw("3")) and not ODS_SHAPE.match(says(s, "3.10"))),
        "warning",
    ),
    Row("ORU-PV1-004", "6.5", "the admission type is C or E", outside("PV1", "4", "CE"), "warning", "code-invalid"),
    Row("ORU-PV1-008", "6.5; 6.5.1", "no responsible or requesting clinician", lacks("PV1", "8")),
    Row("ORU-PV1-008a", "6.5", "a clinician without a number", lacks("PV1", "8.1", has_clinician)),
    Row("ORU-PV1-008b", "6.5", "a clinician without a surname", lacks("PV1", "8.2", has_clinician)),
    Row("ORU-PV1-008c", "6.5", "a clinician without a given name", lacks("PV1", "8.3", has_clinician), "warning"),
    Row("ORU-PV1-008d", "6.5", "a clinician without a title", lacks("PV1", "8.6", has_clinician), "warning"),
    Row(
        "ORU-PV1-008e",
        "6.5; 6.5.1",
        "the number of a clinician has no authority",
        breaks("PV1", "8.9", lambda s: has_clinician(s) and not says(s, "8.9.1") and not says(s, "8.9.2")),
    ),
    Row(
        "ORU-PV1-008f",
        "6.5",
        "the type of a clinician's number is DN, NP or RN",
        breaks("PV1", "8.13", lambda s: has_clinician(s) and says(s, "8.13") not in ("DN", "NP", "RN")),
        "warning",
        "code-invalid",
    ),
    Row("ORU-PV1-010", "App A", "a report with a document names the specialty", with_document("PV1", "10"), "warning"),
    Row("ORU-ORC-001", "6.6", "no order control", lacks("ORC", "1"), "warning"),
    Row("ORU-ORC-003", "6.6", "no filler order number", lacks("ORC", "3")),
    Row("ORU-ORC-007", "6.6", "timing belongs into TQ1", fills("ORC", "7"), "warning", "business-rule"),
    Row("ORU-ORC-010", "6.6", "no user who entered the order", lacks("ORC", "10")),
    Row("ORU-ORC-011", "6.6", "ORC and OBR name different orders", numbers_disagree, "warning", "business-rule"),
)

SAID = {
    "ORU-PV1-007": "ignored",
    "ORU-PV1-008g": "a local number is qualified by the application: the mapping",
    **dict.fromkeys(("ORU-PV1-009", "ORU-PV1-040", "ORU-PV1-052"), "only for old versions: ORU-GEN-001"),
    "ORU-ORC-002": "needed with an electronic order, which cannot be seen",
    "ORU-ORC-028": "by agreement: the mapping",
}
