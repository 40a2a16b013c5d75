"""OBR, SPM, TQ1 and reports that are one document. National ORU_R01 standard 2.0.0, clauses 6.7, 6.9, 6.10, App A."""

from collections.abc import Callable, Iterator

from integrations.lims_results_to_cdr.standard.row import Find, Row, breaks, fills, lacks, says
from integrations.lims_results_to_cdr.standard.visit import has_document, with_document
from shared.hl7 import Message, Segment
from shared.hl7.syntax.timestamp import is_dtm

PRIORITIES = ("S", "A", "R", "P", "C", "T", "PRN")
TIMED = ("TS", "TM", "TH", "TD", "TW", "TL")
MINIMUM = {"PID": ("11", "13", "32"), "OBR": ("1", "2", "16")}


def counted(name: str) -> Find:
    """Set ids that do not count 1, 2, 3."""
    return lambda m: [s.where("1") for n, s in enumerate(m.segments(name), 1) if says(s, "1") and says(s, "1") != str(n)]


def no_filler_number(message: Message) -> Iterator[str]:
    """An OBR without a number, unless its ORC has it."""
    orders = [each for each in message.segments() if each.name in ("ORC", "OBR")]
    before = ""
    for each in orders:
        if each.name == "OBR" and not says(each, "3") and not before:
            yield each.where("3")
        before = says(each, "3") if each.name == "ORC" else ""


def ends_before_it_begins(obr: Segment) -> bool:
    return bool(says(obr, "8")) and says(obr, "8")[:14] < says(obr, "7")[:14]


def statuses_differ(message: Message) -> list[str]:
    reports = message.segments("OBR")
    return [each.where("25") for each in reports[1:] if says(each, "25") != says(reports[0], "25")]


def not_a_time(path: str) -> Callable[[Segment], bool]:
    return lambda segment: not is_dtm(says(segment, path))


def received_before_collected(spm: Segment) -> bool:
    collected, received = says(spm, "17"), says(spm, "18")
    return bool(collected) and bool(received) and received[:12] < collected[: len(received[:12])]


def odd_priority(tq1: Segment) -> bool:
    code = says(tq1, "9")
    return code not in PRIORITIES and not (code[:2] in TIMED and code[2:].isdigit())


def is_one_document(message: Message) -> bool:
    values = message.segments("OBX")
    return bool(values) and all(each["2"] in ("ED", "RP") for each in values)


def more_than_one(message: Message) -> list[str]:
    documents = {(each["3"], each["4"]) for each in message.segments("OBX") if each["2"] == "ED"}
    return ["OBR"] if is_one_document(message) and (len(message.segments("OBR")) > 1 or len(documents) > 1) else []


def minimum_set(message: Message) -> list[str]:
    if not has_document(message) or not is_one_document(message):
        return []
    return [where for name, fields in MINIMUM.items() for field in fields for where in lacks(name, field)(message)]


ROWS = (
    Row("ORU-OBR-001", "6.7", "the set ids of OBR count 1, 2, 3", counted("OBR"), "warning", "value"),
    Row(
        "ORU-OBR-002",
        "6.7",
        "a placer order number without its authority",
        breaks("OBR", "2", lambda s: bool(says(s, "2.1")) and not (says(s, "2.2") or says(s, "2.3"))),
        "warning",
    ),
    Row("ORU-OBR-003", "6.6; 6.7", "no filler order number", no_filler_number),
    Row(
        "ORU-OBR-003a",
        "6.7",
        "a filler order number without its authority",
        breaks("OBR", "3", lambda s: bool(says(s, "3.1")) and not (says(s, "3.2") or says(s, "3.3"))),
        "warning",
    ),
    Row("ORU-OBR-004", "6.7", "no service identifier", breaks("OBR", "4", lambda s: not says(s, "4.1") and not says(s, "4.2"))),
    Row("ORU-OBR-005", "6.7", "OBR-5 is not used", fills("OBR", "5"), "warning", "business-rule"),
    Row("ORU-OBR-006", "6.7", "OBR-6 is not used", fills("OBR", "6"), "warning", "business-rule"),
    Row("ORU-OBR-007", "6.7", "no time of observation or collection, or none that exists", breaks("OBR", "7", not_a_time("7"))),
    Row(
        "ORU-OBR-008",
        "6.7",
        "the observation ends before it begins",
        breaks("OBR", "8", ends_before_it_begins),
        "warning",
        "value",
    ),
    Row("ORU-OBR-014", "6.7", "use SPM-18", fills("OBR", "14"), "warning", "business-rule"),
    Row("ORU-OBR-015", "6.7", "use SPM", fills("OBR", "15"), "warning", "business-rule"),
    Row("ORU-OBR-016", "App A", "a report with a document names who ordered it", with_document("OBR", "16"), "warning"),
    Row("ORU-OBR-022", "6.7", "no time of report, or none that exists", breaks("OBR", "22", not_a_time("22"))),
    Row(
        "ORU-OBR-025",
        "6.7",
        "the status is a code of table 0123",
        breaks("OBR", "25", lambda s: says(s, "25") not in tuple("OISAPCRFXYZ")),
        code="code-invalid",
    ),
    Row("ORU-OBR-025a", "6.7", "the status differs from that of the first OBR", statuses_differ, "warning", "business-rule"),
    Row("ORU-OBR-027", "6.7", "use TQ1", fills("OBR", "27"), "warning", "business-rule"),
    Row("ORU-SPM-001", "6.9", "the set ids of SPM count 1, 2, 3", counted("SPM"), "warning", "value"),
    Row("ORU-SPM-004", "6.9", "no type of specimen", breaks("SPM", "4", lambda s: not says(s, "4.1") and not says(s, "4.2"))),
    Row("ORU-SPM-017", "6.9", "no time of collection, or none that exists", breaks("SPM", "17", not_a_time("17"))),
    Row("ORU-SPM-018", "6.9", "no time of receipt, or none that exists", breaks("SPM", "18", not_a_time("18"))),
    Row(
        "received-after-collected",
        "6.9",
        "received before it was collected",
        breaks("SPM", "18", received_before_collected),
        "warning",
        "value",
    ),
    Row(
        "ORU-TQ1-009", "6.10", "the priority is a code of table 0485", breaks("TQ1", "9", odd_priority), "warning", "code-invalid"
    ),
    Row("ORU-PDF-001", "App A", "a report that is one document has one OBR and one OBX", more_than_one, "warning", "structure"),
    Row("ORU-PDF-002", "App A", "a field of the minimum set of a document report is absent", minimum_set, "warning"),
)

SAID = {
    "ORU-OBR-003b": "OBR are not merged by their number: the mapping",
    "ORU-OBR-025b": "the status of the report and of each result: the mapping",
    "ORU-OBR-044": "optional",
    "ORU-SPM-002": "the episode in component 2: the mapping",
    "ORU-SPM-030": "whether a specimen was analysed cannot be seen",
    "ORU-TQ1-001": "sent when not routine: ORU-STR-010",
    **dict.fromkeys(("ORU-TQ1-007", "ORU-TQ1-008", "ORU-TQ1-009a"), "optional"),
}
