"""OBX: results. National ORU_R01 standard 2.0.0, clauses 6.8 and 7.3."""

import re
from collections.abc import Callable, Iterator

from integrations.lims_results_to_cdr.documents import documents, is_whole
from integrations.lims_results_to_cdr.standard.row import Find, Row, breaks, fills, lacks, malformed, outside, says
from shared.hl7 import Message, Segment
from shared.hl7.syntax.timestamp import is_date, is_dtm, is_time
from shared.validation.rules import is_valued

VALUE_TYPES = frozenset(
    [
        "AD",
        "CE",
        "CF",
        "CK",
        "CN",
        "CP",
        "CWE",
        "CX",
        "DR",
        "DT",
        "DTM",
        "ED",
        "FT",
        "ID",
        "IS",
        "MO",
        "NA",
        "NM",
        "PN",
        "RP",
        "SN",
        "ST",
        "TM",
        "TN",
        "TS",
        "TX",
        "XAD",
        "XCN",
        "XON",
        "XPN",
        "XTN",
    ]
)
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
COMPARATORS = ("", "<", ">", "<=", ">=", "=", "<>")
FLAGS = ["L", "H", "LL", "HH", "<", ">", "N", "A", "AA", "null", "U", "D", "B", "W", "S", "R", "I", "MS", "VS"]
PIECE = 32 * 1024


def valued(obx: Segment) -> bool:
    return is_valued(obx, "5")


def of_type(*types: str) -> Callable[[Segment], bool]:
    return lambda obx: obx["2"] in types and valued(obx)


def wrong(path: str, is_right: Callable[[str], bool], *types: str) -> Find:
    is_meant = of_type(*types)
    return breaks("OBX", path, lambda s: is_meant(s) and not is_right(says(s, path)))


def not_structured(obx: Segment) -> bool:
    numbers = [says(obx, "5.2"), says(obx, "5.4")]
    return says(obx, "5.1") not in COMPARATORS or any(n and not NUMBER.fullmatch(n) for n in numbers)


def not_a_moment(obx: Segment) -> bool:
    is_right = {"DT": is_date, "TM": is_time}.get(obx["2"], is_dtm)
    return not is_right(says(obx, "5"))


def set_ids(message: Message) -> Iterator[str]:
    """Set ids that do not count 1, 2, 3 under each OBR."""
    expected = 1
    for segment in message.segments():
        if segment.name == "OBR":
            expected = 1
        elif segment.name == "OBX":
            if says(segment, "1") != str(expected):
                yield segment.where("1")
            expected += 1


def not_what_it_says(message: Message) -> list[str]:
    return [document.first.where("5.5") for document in documents(message) if not is_whole(document)]


ROWS = (
    Row("ORU-OBX-001", "6.8", "the set ids of OBX count 1, 2, 3 under each OBR", set_ids, "warning", "value"),
    Row(
        "ORU-OBX-002",
        "6.8",
        "a value without its type, or of no type of table 0125",
        breaks("OBX", "2", lambda s: valued(s) and s["2"] not in VALUE_TYPES),
        code="code-invalid",
    ),
    Row(
        "ORU-OBX-003",
        "6.8",
        "no identifier of the observation",
        breaks("OBX", "3", lambda s: not says(s, "3.1") and not says(s, "3.2")),
    ),
    Row("ORU-OBX-003a", "6.8", "the coding system is not named", lacks("OBX", "3.3"), "warning"),
    Row("ORU-OBX-005a", "6.8", "a number and nothing else", wrong("5", lambda t: bool(NUMBER.fullmatch(t)), "NM"), code="value"),
    Row(
        "ORU-OBX-005b",
        "6.8",
        "comparator, number, separator, number",
        breaks("OBX", "5", lambda s: of_type("SN")(s) and not_structured(s)),
        "warning",
        "value",
    ),
    Row(
        "ORU-OBX-005c",
        "6.8; 7.3",
        "a document has its encoding Base64 and its data",
        breaks("OBX", "5", lambda s: of_type("ED")(s) and (says(s, "5.4").lower() != "base64" or not s.raw("5.5"))),
        code="value",
    ),
    Row(
        "ORU-OBX-005d",
        "7.3",
        "a piece of more than 32K",
        breaks("OBX", "5.5", lambda s: of_type("ED")(s) and len(s.raw("5.5")) > PIECE),
        "warning",
        "too-long",
    ),
    Row(
        "ORU-OBX-005e",
        "6.8; 7.3",
        "the address of a document, which the hub never opens",
        breaks("OBX", "5", of_type("RP")),
        "warning",
        "informational",
    ),
    Row(
        "ORU-OBX-005f",
        "6.8",
        "code, text and system",
        breaks("OBX", "5", lambda s: of_type("CE", "CWE")(s) and not (says(s, "5.1") and says(s, "5.2") and says(s, "5.3"))),
        "warning",
        "value",
    ),
    Row(
        "ORU-OBX-005g",
        "6.8",
        "a date or time that exists",
        breaks("OBX", "5", lambda s: of_type("DT", "TM", "TS", "DTM")(s) and not_a_moment(s)),
        code="value",
    ),
    Row("ORU-OBX-006", "6.8", "a number without its unit", lacks("OBX", "6", of_type("NM", "SN")), "warning"),
    Row("ORU-OBX-008", "6.8", "a flag that is none of table 0078", outside("OBX", "8", FLAGS), "warning", "code-invalid"),
    Row(
        "ORU-OBX-011",
        "6.8",
        "the status is a code of table 0085",
        breaks("OBX", "11", lambda s: says(s, "11") not in tuple("CDFINOPRSUXW")),
        code="code-invalid",
    ),
    Row(
        "ORU-OBX-011b",
        "6.8",
        "an earlier result was wrong",
        breaks("OBX", "11", lambda s: says(s, "11") == "W"),
        "warning",
        "business-rule",
    ),
    Row(
        "ORU-OBX-011c",
        "6.8",
        "an earlier result is to be deleted",
        breaks("OBX", "11", lambda s: says(s, "11") == "D"),
        "warning",
        "business-rule",
    ),
    Row("ORU-OBX-014", "6.8", "a time of observation that does not exist", malformed("OBX", "14", is_dtm), "warning", "value"),
    Row("ORU-OBX-020", "6.8", "OBX-20 is reserved", fills("OBX", "20"), "warning", "business-rule"),
    Row("ORU-OBX-021", "6.8", "OBX-21 is reserved", fills("OBX", "21"), "warning", "business-rule"),
    Row("ORU-OBX-022", "6.8", "OBX-22 is reserved", fills("OBX", "22"), "warning", "business-rule"),
    Row("ORU-PDF-003", "6.8; App A", "the data of a document is not what its type says", not_what_it_says, code="value"),
)

SAID = {
    "ORU-OBX-004": "may group results: the mapping",
    "ORU-OBX-005": "the value fits its type: ORU-OBX-005a to 005i",
    "ORU-OBX-005h": "white space of text is kept: the mapping",
    "ORU-OBX-005i": "line breaks of formatted text: the mapping",
    "ORU-OBX-010": "not processed",
    "ORU-OBX-011a": "not asked for: the mapping",
}
