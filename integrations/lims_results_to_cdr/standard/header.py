"""The whole message, its structure and MSH. National ORU_R01 standard 2.0.0, clauses 2 to 6.2."""

from collections.abc import Iterator

from integrations.lims_results_to_cdr.standard.row import Find, Row, breaks, fills, lacks, malformed, says
from shared.hl7 import Message, Segment
from shared.hl7.syntax.timestamp import is_dtm
from shared.validation.rules import same_number
from shared.validation.structure import Structure

ORDER = Structure(
    "MSH [{SFT}] {[PID [PD1] [{NTE}] [{NK1}] [PV1 [PV2]]] [{[ORC] OBR [{NTE}] [{TQ1 [{TQ2}]}] [CTD] [{OBX [{NTE}]}] "
    "[{FT1}] [{CTI}] [{CT1}] [{SPM [{OBX}]}]}]} [DSC]",
    "6.1; B",
    z_segments=True,
)
DEPRECATED = {"PID": ("4", "9", "12", "19", "20", "28"), "PV1": ("9", "40", "52"), "OBR": ("14", "15", "27")}
CODED = (("OBR", "4"), ("OBX", "3"), ("SPM", "4"))
OID = "2.16.840.1.113883.2.1.8.1."


def out_of_order(message: Message) -> Iterator[str]:
    yield from (issue.where for issue in ORDER.check(message))


def not_once(name: str) -> Find:
    """The message, unless it has exactly one such segment."""
    return lambda message: [] if len(message.segments(name)) == 1 else [name]


def none_of(name: str) -> Find:
    return lambda message: [] if message.segments(name) else [name]


def without_words(message: Message) -> list[str]:
    return [s.where(f) for name, f in CODED for s in message.segments(name) if says(s, f"{f}.1") and not says(s, f"{f}.2")]


def priority_without_timing(message: Message) -> list[str]:
    return [each.where("5") for each in message.segments("OBR") if says(each, "5") not in ("", "R") and not message["TQ1"]]


def reports_without_results(message: Message) -> Iterator[str]:
    """Each OBR that the next ORC or OBR follows without an OBX."""
    open_report = None
    for segment in message.segments():
        if segment.name == "OBX":
            open_report = None
        elif segment.name in ("OBR", "DSC"):
            if open_report is not None:
                yield open_report.where()
            open_report = segment if segment.name == "OBR" else None
    if open_report is not None:
        yield open_report.where()


def local_segments(message: Message) -> list[str]:
    return [each.where() for each in message.segments() if each.name.startswith("Z")]


def others(message: Message) -> list[Segment]:
    """Each PID after the first that shares no number, of the same authority, with the first: another person."""
    first, *more = message.segments("PID") or [message["PID"]]
    kept = [cx for cx in first.repeats("3") if cx["1"]]
    return [each for each in more if not any(cx["1"] and same_number(cx, other) for cx in each.repeats("3") for other in kept)]


def two_people(message: Message) -> list[str]:
    return [each.where() for each in others(message)]


def several_patients(message: Message) -> list[str]:
    """A second PID of the same person."""
    return [each.where() for each in message.segments("PID")[1:] if each not in others(message)]


def bare_authority(message: Message) -> list[str]:
    """Authorities that are no OID and no number or name of the national register."""
    return [
        f"{where}.4"
        for where, cx in message["PID"].each("3")
        if cx["4.1"] and not cx["4.2"] and not cx["4.1"].isdigit() and cx["4.1"] != "NHS" and "." not in cx["4.1"]
    ]


def not_ascii(message: Message) -> list[str]:
    return [] if message["MSH-18"] or message.encode().isascii() else ["MSH-18"]


ROWS = (
    Row(
        "ORU-GEN-001",
        "2; 6",
        "a field that 2.5.1 has deprecated",
        lambda m: [w for n, f in DEPRECATED.items() for w in fills(n, *f)(m)],
        "warning",
        "business-rule",
    ),
    Row("ORU-GEN-004", "2", "a code without its description", without_words, "warning"),
    Row(
        "ORU-GEN-005",
        "2; 6.8",
        "a code of no named coding system",
        lacks("OBX", "3.3", lambda s: bool(says(s, "3.1"))),
        "warning",
    ),
    Row("ORU-GEN-011", "6.3.2", "an authority without an OID, taken for one of NHS Wales", bare_authority, "warning", "value"),
    Row("ORU-STR-001", "6.1; B", "MSH occurs once and first", not_once("MSH"), code="structure"),
    Row("ORU-STR-002", "6.1; B", "PID occurs once", none_of("PID"), code="structure"),
    Row("ORU-STR-006", "6.1; B", "PV1 occurs once", none_of("PV1"), code="structure"),
    Row("ORU-STR-009", "6.1; B", "no OBR", none_of("OBR"), code="structure"),
    Row("ORU-STR-010", "6.10; B", "a priority other than routine has a TQ1", priority_without_timing, "warning"),
    Row("ORU-STR-011", "6.1; B", "an OBR without an OBX", reports_without_results, "warning", "structure"),
    Row("ORU-STR-015", "6.1; B", "segments out of the order of ORU_R01", out_of_order, code="structure"),
    Row("one-patient", "6.1", "another person's PID: results of two people in a message", two_people, code="duplicate"),
    Row("ORU-STR-015", "6.1", "a second PID of the same patient", several_patients, "warning", "structure"),
    Row("ORU-STR-016", "2", "a local segment", local_segments, "warning", "not-supported"),
    Row("ORU-MSH-001", "6.2", "the field separator is |", malformed("MSH", "1", "|".__eq__), code="structure"),
    Row("ORU-MSH-002", "6.2", "the encoding characters are ^~\\&", malformed("MSH", "2", "^~\\&".__eq__), code="structure"),
    Row("ORU-MSH-003", "6.2", "no sending application", lacks("MSH", "3")),
    Row(
        "ORU-MSH-003a",
        "6.2",
        "an application of components has an OID of type ISO",
        breaks("MSH", "3", lambda s: bool(says(s, "3.2") or says(s, "3.3")) and not (says(s, "3.2") and says(s, "3.3") == "ISO")),
        "warning",
        "value",
    ),
    Row(
        "ORU-MSH-003c",
        "6.2",
        "the OID is none of applications",
        breaks("MSH", "3.2", lambda s: says(s, "3.3") == "ISO" and says(s, "3.2").startswith(OID + "3.")),
        "warning",
        "value",
    ),
    Row("ORU-MSH-004", "6.2", "no sending facility", lacks("MSH", "4")),
    Row("ORU-MSH-005", "6.2", "no receiving application", lacks("MSH", "5")),
    Row("ORU-MSH-006", "6.2", "no receiving facility", lacks("MSH", "6")),
    Row(
        "ORU-MSH-007",
        "6.2",
        "no date and time of sending, or none that exists",
        breaks("MSH", "7", lambda s: not is_dtm(says(s, "7"))),
    ),
    Row(
        "ORU-MSH-009",
        "6.2",
        "the type is ORU^R01",
        breaks("MSH", "9", lambda s: (says(s, "9.1"), says(s, "9.2")) != ("ORU", "R01")),
        code="not-supported",
    ),
    Row("ORU-MSH-009a", "6.2", "no message structure: ORU_R01 is taken", lacks("MSH", "9.3"), "warning"),
    Row(
        "ORU-MSH-010",
        "6.2",
        "no control id, or one of more than 20 characters",
        breaks("MSH", "10", lambda s: not 0 < len(says(s, "10")) <= 20),
    ),
    Row(
        "ORU-MSH-010a",
        "6.2; 7",
        "a control id of other characters than letters and digits",
        malformed("MSH", "10", str.isalnum),
        "warning",
        "value",
    ),
    Row(
        "ORU-MSH-011",
        "6.2",
        "the processing id is P, T or D",
        breaks("MSH", "11", lambda s: says(s, "11") not in ("P", "T", "D")),
        code="code-invalid",
    ),
    Row(
        "ORU-MSH-012",
        "6.2",
        "the version is 2.5.1",
        breaks("MSH", "12", lambda s: says(s, "12") != "2.5.1"),
        code="not-supported",
    ),
    Row(
        "ORU-MSH-015",
        "6.2; 8",
        "the accept acknowledgement type is AL",
        breaks("MSH", "15", lambda s: says(s, "15") != "AL"),
        "warning",
        "value",
    ),
    Row("ORU-MSH-018", "6.2", "letters outside ASCII without a character set", not_ascii, "warning", "value"),
)

# Rows that say something and ask for nothing that could be checked in a message.
SAID = {
    "ORU-GEN-002": "why every error answers AR: the integration's refusal",
    "ORU-GEN-003": "more may be sent than is processed: nothing is refused for being there",
    "ORU-GEN-006": "segments not described follow the base: ORU-STR-015",
    "ORU-GEN-007": "null deletes: the mapping",
    "ORU-GEN-008": "order of arrival: the lane",
    "ORU-GEN-009": "a repeat is a new version: on_resend",
    "ORU-GEN-010": "resend when nothing is heard: the sender's",
    "ORU-GEN-012": "transport: the trigger",
    "ORU-STR-003": "once at most: ORU-STR-015",
    "ORU-STR-004": "allowed: ORU-STR-015",
    "ORU-STR-005": "allowed: ORU-STR-015",
    "ORU-STR-007": "once at most: ORU-STR-015",
    "ORU-STR-008": "whether there is an electronic order cannot be seen",
    "ORU-STR-012": "whether a specimen was taken cannot be seen",
    "ORU-STR-013": "last: ORU-STR-015",
    "ORU-STR-014": "directly after MSH: ORU-STR-015",
    "ORU-MSH-003b": "plain text is read as it is",
    "ORU-MSH-004a": "MSH-4 is never a location or an authority: the mapping",
    "ORU-MSH-007a": "the offset counts for all: the mapping",
    "ORU-MSH-007b": "never a clinical time: the mapping",
    **dict.fromkeys((f"ORU-MSH-0{n}" for n in ("08", "13", "14", "16", "17", "19", "20", "21")), "ignored"),
    "ORU-MSH-022": "what a header means cannot be seen",
}
