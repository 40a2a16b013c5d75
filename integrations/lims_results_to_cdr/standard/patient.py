"""PID and NTE. National ORU_R01 standard 2.0.0, clauses 6.3 and 6.4."""

import re
from collections.abc import Callable, Iterator

from integrations.lims_results_to_cdr.standard.row import Find, Row, breaks, fills, lacks, malformed, outside, says
from shared.hl7 import Message, Segment
from shared.hl7.repetition import Repetition
from shared.hl7.syntax.timestamp import is_dtm
from shared.mapping.wales.codes import coding, is_title
from shared.validation.nhs_number import is_nhs_number

WORDS = re.compile(r"[A-Za-z]{3,}")


def identifiers(message: Message) -> Iterator[tuple[str, Repetition]]:
    for pid in message.segments("PID"):
        yield from pid.each("3")


def without_authority(message: Message) -> list[str]:
    return [f"{where}.4" for where, cx in identifiers(message) if not cx["4.1"] and not cx["4.2"]]


def none_with_authority(message: Message) -> list[str]:
    found = list(identifiers(message))
    return ["PID-3"] if found and all(not cx["4.1"] and not cx["4.2"] for _, cx in found) else []


def other_type(message: Message) -> list[str]:
    return [f"{where}.5" for where, cx in identifiers(message) if cx["5"] not in ("", "PI", "MR", "NH", "PE")]


def wrong_check_digit(message: Message) -> list[str]:
    numbers = [(where, cx) for where, cx in identifiers(message) if cx["5"] == "NH" or cx["4.1"] == "NHS"]
    return [f"{where}.1" for where, cx in numbers if not is_nhs_number(cx["1"])]


def second_nhs_number(message: Message) -> list[str]:
    """Each NHS Number that is another than the first one."""
    numbers = [(where, cx["1"]) for where, cx in identifiers(message) if cx["5"] == "NH" or cx["4.1"] == "NHS"]
    return [where for where, number in numbers if number != numbers[0][1]]


def oid_as_namespace(message: Message) -> list[str]:
    return [f"{where}.4.1" for where, cx in identifiers(message) if cx["4.1"].count(".") > 3]


def phones(is_broken: Callable[[int, Repetition], bool]) -> Find:
    """Wherever a repetition of PID-13 is broken: its number (the first is 0), and what it says."""

    def find(message: Message) -> list[str]:
        found = [(n, where, xtn) for pid in message.segments("PID") for n, (where, xtn) in enumerate(pid.each("13"))]
        return [where for n, where, xtn in found if is_broken(n, xtn)]

    return find


def untyped_addresses(message: Message) -> list[str]:
    found = [list(pid.each("11")) for pid in message.segments("PID")]
    return [f"{where}.7" for addresses in found if len(addresses) > 1 for where, xad in addresses if not xad["7"]]


def born_after_death(pid: Segment) -> bool:
    born, died = says(pid, "7")[:8], says(pid, "29")[:8]
    return bool(died) and (not is_dtm(says(pid, "29")) or died[: len(born)] < born[: len(died)])


def alive_and_dead(pid: Segment) -> bool:
    return says(pid, "30") not in ("", "Y", "N") or (says(pid, "30") == "N" and bool(says(pid, "29")))


def status_unknown(pid: Segment) -> bool:
    return bool(says(pid, "32")) and not coding("nhs_number_status", says(pid, "32").removeprefix("NSTS"))


ROWS = (
    Row("ORU-PID-001", "6.3", "the set id of PID is 1", malformed("PID", "1", "1".__eq__), "warning", "value"),
    Row("ORU-PID-002", "6.3", "PID-2 is not used", fills("PID", "2"), "warning", "business-rule"),
    Row("ORU-PID-003", "6.3", "no identifier of the patient", lacks("PID", "3")),
    Row("ORU-PID-003a", "6.3; 6.3.2", "an identifier without an authority is ignored", without_authority, "warning"),
    Row("ORU-PID-003b", "6.3.2", "no identifier with an authority", none_with_authority),
    Row("ORU-PID-003d", "6.3.1", "the type of an identifier is PI, MR, NH or PE", other_type, "warning", "code-invalid"),
    Row("ORU-PID-003e", "6.3", "the check digit of the NHS Number is wrong", wrong_check_digit, "warning", "value"),
    Row(
        "one-nhs-number",
        "6.3",
        "a second NHS Number: two people, or a merge sent as a result",
        second_nhs_number,
        code="duplicate",
    ),
    Row("ORU-PID-003f", "App A", "an OID is sent in place of the name of the authority", oid_as_namespace, "warning", "value"),
    Row("ORU-PID-005", "6.3", "no surname", lacks("PID", "5.1")),
    Row("ORU-PID-005a", "6.3", "no forename", lacks("PID", "5.2")),
    Row(
        "ORU-PID-005c",
        "6.3",
        "a title in the place of the suffix: read as a title",
        breaks("PID", "5.4", lambda s: is_title(says(s, "5.4")) and bool(says(s, "5.4"))),
        "warning",
        "value",
    ),
    Row(
        "ORU-PID-006",
        "6.3; 1.1; 8.1.3",
        "no date of birth, or none that exists",
        breaks("PID", "7", lambda s: len(says(s, "7")) < 8 or not is_dtm(says(s, "7"))),
    ),
    Row(
        "ORU-PID-007",
        "6.3",
        "the sex is F, M, O, U, A or N",
        breaks("PID", "8", lambda s: says(s, "8") not in ("F", "M", "O", "U", "A", "N")),
        code="code-invalid",
    ),
    Row("ORU-PID-009a", "6.3", "of several addresses each has a type", untyped_addresses, "warning"),
    Row("ORU-PID-012a", "6.3", "a number without its use", phones(lambda n, xtn: n > 0 and not xtn["2"]), "warning"),
    Row("ORU-PID-012b", "6.3", "a number without its equipment", phones(lambda n, xtn: n > 0 and not xtn["3"]), "warning"),
    Row(
        "ORU-PID-012c",
        "6.3",
        "a further number without use or equipment is ignored downstream",
        phones(lambda n, xtn: n > 0 and not (xtn["2"] and xtn["3"])),
        "warning",
    ),
    Row(
        "ORU-PID-012d",
        "6.3",
        "a number of more than 25 characters is cut downstream",
        phones(lambda n, xtn: len(xtn["1"]) > 25),
        "warning",
        "too-long",
    ),
    Row(
        "ORU-PID-012e",
        "6.3",
        "words in a number",
        phones(lambda n, xtn: "@" not in xtn["1"] and bool(WORDS.search(xtn["1"]))),
        "warning",
        "value",
    ),
    Row(
        "ORU-PID-012f",
        "6.3",
        "an address of electronic mail that is none",
        phones(lambda n, xtn: bool(xtn["4"]) and "@" not in xtn["4"]),
        "warning",
        "value",
    ),
    Row(
        "ORU-PID-013",
        "6.3",
        "the language is a code of ISO 639-1",
        malformed("PID", "15", lambda t: len(t) == 2 and t.isalpha() and t.islower()),
        "warning",
        "code-invalid",
    ),
    Row(
        "ORU-PID-014",
        "6.3",
        "the marital status is a two-digit code of Wales",
        malformed("PID", "16", lambda t: bool(coding("marital_status", t))),
        "warning",
        "code-invalid",
    ),
    Row(
        "ORU-PID-015",
        "6.3",
        "the religion is a SNOMED CT code",
        breaks("PID", "17", lambda s: bool(says(s, "17")) and not says(s, "17").isdigit()),
        "warning",
        "code-invalid",
    ),
    Row(
        "ORU-PID-018",
        "6.3",
        "the ethnic group is a letter of Wales",
        malformed("PID", "22", lambda t: bool(coding("ethnic_category", t))),
        "warning",
        "code-invalid",
    ),
    Row(
        "ORU-PID-020",
        "6.3; 4.2",
        "the date of death exists and is not before birth",
        breaks("PID", "29", born_after_death),
        "warning",
        "value",
    ),
    Row(
        "ORU-PID-021",
        "6.3",
        "the death indicator is Y or N and fits the date of death",
        breaks("PID", "30", alive_and_dead),
        "warning",
        "value",
    ),
    Row(
        "ORU-PID-022",
        "6.3.3",
        "the status of the NHS Number is 01 to 08",
        breaks("PID", "32", status_unknown),
        "warning",
        "code-invalid",
    ),
    Row("ORU-NTE-002", "6.4", "the source of a note is L, P or O", outside("NTE", "2", "LPO"), "warning", "code-invalid"),
    Row(
        "ORU-NTE-004",
        "6.4",
        "the type of a note is PI, AI, GI, 1R, 2R, GR, RE or DR",
        outside("NTE", "4", ("PI", "AI", "GI", "1R", "2R", "GR", "RE", "DR")),
        "warning",
        "code-invalid",
    ),
)

SAID = {
    "ORU-PID-003c": "an authority is never derived: the mapping",
    "ORU-PID-003g": "where an identifier was taken from cannot be seen",
    "ORU-PID-005b": "middle names in one component: the mapping",
    "ORU-PID-005d": "no name type means legal: the mapping",
    "ORU-PID-009": "the first address is home: the mapping",
    "ORU-PID-010": "components 1 to 4 are lines: the mapping",
    "ORU-PID-012": "optional",
    **dict.fromkeys((f"ORU-PID-0{n}" for n in ("04", "08", "11", "16", "17", "19")), "only for old versions: ORU-GEN-001"),
    "ORU-NTE-001": "counts from 1: nothing hangs on it",
    "ORU-NTE-003": "text: the mapping",
    "ORU-NTE-005": "belongs to what it follows: the mapping",
}
