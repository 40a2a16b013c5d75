"""Rules that several integrations share. A rule takes a message and yields issues; its id is its name with hyphens."""

from collections.abc import Iterator

from shared.characters import can_be_seen
from shared.hl7 import Message, Repetition, Segment
from shared.hl7.long_lines import LongSegment
from shared.hl7.repetition import NULL, WORD
from shared.hl7.syntax.timestamp import is_date
from shared.issue import Issue
from shared.validation.authorities import ARC, OLD_ARC
from shared.validation.fields import fields_as_the_standard_says, observation_value
from shared.validation.nhs_number import is_nhs_number

ADMINISTRATIVE_SEX = frozenset("AFMNOUZ")  # HL7 table 0001 (A F M N O U) and Data Standards Wales, Sex (F M U Z)
EARLIEST_BIRTH = "1800"
IDENTIFIERS = {
    "MSH": ("10",),
    "PID": ("2", "3", "4", "18", "21"),
    "MRG": ("1", "2", "3", "4", "5", "6"),
    "PV1": ("5", "19", "50"),
    "ORC": ("2", "3", "4", "8"),
    "OBR": ("2", "3", "29"),
    "SPM": ("2", "3"),
    "TXA": ("12", "13", "14", "15"),
    "SCH": ("1", "2", "26", "27"),
    "RF1": ("6", "11"),
}
"""The fields that name a patient, a visit, an order, a specimen, a document, an appointment or a message (CX, EI, EIP, ST)."""


def is_valued(segment: Segment, field: str) -> bool:
    """Whether a field has a value: not absent, and not only delimiters, spaces and nulls."""
    if type(segment) is LongSegment and segment.has_long(field):
        return True
    text = segment.raw(field)
    if text[:1].isalnum():  # a delimiter is not alphanumeric
        return True
    encoding = segment.encoding
    no_value = encoding.component + encoding.repetition + encoding.subcomponent + " \t\xa0"
    if len(text) > WORD and any(not each.isspace() and each not in no_value + NULL for each in text[:WORD]):
        return True  # a document is not copied to be looked at
    return text.replace(NULL, "").strip(no_value).strip() != ""


def has_number(segment: Segment, field: str) -> bool:
    """Whether an identifier (EI, CX) has its number: an authority alone names nothing."""
    return segment.first(field)["1"].strip() not in ("", NULL)


def _absent(segment: Segment, field: str, text: str, clause: str) -> Issue:
    return Issue(severity="error", code="required", where=segment.where(field), text=text, clause=clause)


def control_id(message: Message) -> Iterator[Issue]:
    """MSH-10 has a value: without it the hub cannot distinguish a resend from a new message."""
    if not is_valued(message["MSH"], "10"):
        yield _absent(message["MSH"], "10", "MSH-10 (control id) is absent", "HL7 v2.5 2.15.9.10")


def patient_identifier(message: Message) -> Iterator[Issue]:
    """Every PID has a patient identifier."""
    for pid in message.segments("PID"):
        if not is_valued(pid, "3"):
            yield _absent(pid, "3", "PID-3 (patient identifier) is absent", "HL7 v2.5 3.4.2.3")


def patient_name(message: Message) -> Iterator[Issue]:
    """Every PID has a patient name."""
    for pid in message.segments("PID"):
        if not is_valued(pid, "5"):
            yield _absent(pid, "5", "PID-5 (patient name) is absent", "HL7 v2.5 3.4.2.5")


def merged_identifier(message: Message) -> Iterator[Issue]:
    """A merge names the patient to merge."""
    for mrg in message.segments("MRG"):
        if not is_valued(mrg, "1"):
            yield _absent(mrg, "1", "MRG-1 (prior patient identifier) is absent", "HL7 v2.5 3.4.9.1")


def merge_of_one_record(message: Message) -> Iterator[Issue]:
    """The record to merge is not the record that it is merged into.

    They are the same if a number of MRG-1 is in PID-3 with the same authority. Many merges have the NHS Number on both sides,
    because both records are of one person: it is compared only if MRG-1 has no other number.
    """
    if not message["MRG"]:
        return
    for group in message.groups("PID"):
        kept = list(group[0].repeats("3"))
        for mrg in (each for each in group if each.name == "MRG"):
            gone = [cx for cx in mrg.repeats("1") if cx["1"].strip() not in ("", NULL)]
            own = [cx for cx in gone if not is_nhs_number_of_wales(cx)] or gone
            if any(same_number(one, other) for one in own for other in kept):
                text = "the record to merge is the record that it is merged into"
                yield Issue(severity="error", code="business-rule", where=mrg.where("1"), text=text, clause="HL7 v2.5.1 3.3.40")


def is_nhs_number_of_wales(cx: Repetition) -> bool:
    return cx["5"].strip() in ("NH", "NI") or cx["4.1"].strip() == "NHS"


def same_number(one: Repetition, other: Repetition) -> bool:
    """Whether number and authority (name or OID) are the same. An absent authority matches any."""
    if one["1"].strip() != other["1"].strip():
        return False
    names = [{part for path in ("4.1", "4.2") if (part := _authority(cx[path]))} for cx in (one, other)]
    return not names[0] or not names[1] or bool(names[0] & names[1])


def _authority(text: str) -> str:
    """One form of an authority: for an OID of the Welsh register, the number N at its end."""
    text = "" if text.strip() == NULL else text.strip()
    return next((text[len(arc) :] for arc in (ARC, OLD_ARC) if text.startswith(arc)), text)


def administrative_sex(message: Message) -> Iterator[Issue]:
    """PID-8 is in HL7 table 0001 or in the Welsh list of sexes."""
    for pid in message.segments("PID"):
        if pid["8"] not in ADMINISTRATIVE_SEX and pid["8"] not in ("", NULL):
            yield Issue(
                severity="error",
                code="code-invalid",
                where=pid.where("8"),
                text="PID-8 is not in HL7 table 0001",
                clause="HL7 table 0001",
            )


def nhs_number_check_digit(message: Message) -> Iterator[Issue]:
    """The check digit of a PID-3 of type NH is valid. A warning by default, because official test numbers are not valid."""
    for pid in message.segments("PID"):
        for where, cx in pid.each("3"):
            if cx["5"] == "NH" and not is_nhs_number(cx["1"]):
                text = "the check digit of the NHS Number is wrong"
                yield Issue(
                    severity="warning", code="value", where=f"{where}.1", text=text, clause="NHS Data Dictionary: NHS NUMBER"
                )


def birth_date_given(message: Message) -> Iterator[Issue]:
    """PID-7 is present and not null."""
    for pid in message.segments("PID"):
        if not is_valued(pid, "7"):
            yield _absent(pid, "7", "PID-7 (date of birth) is absent", "HL7 v2.5 3.4.2.7")


def birth_date_is_a_day(message: Message) -> Iterator[Issue]:
    """PID-7, if it has a value, is eight digits of an existing day in 1800 or later."""
    for pid in message.segments("PID"):
        text = pid.raw("7")
        if is_valued(pid, "7") and not (len(text) == 8 and is_date(text) and text >= EARLIEST_BIRTH):
            yield Issue(
                severity="error",
                code="value",
                where=pid.where("7"),
                text="PID-7 is not an existing day in 1800 or later",
                clause="HL7 v2.5 3.4.2.7",
            )


def birth_date_in_future(message: Message) -> Iterator[Issue]:
    """PID-7 is not after MSH-7, the time of the message. A warning."""
    sent = message["MSH-7"].replace("-", "")[:8]
    for pid in message.segments("PID"):
        if is_date(sent) and is_date(pid["7"]) and pid["7"] > sent:
            yield Issue(
                severity="warning",
                code="value",
                where=pid.where("7"),
                text="PID-7 is after the time of the message (MSH-7)",
                clause="HL7 v2.5 3.4.2.7",
            )


def hidden_character(message: Message) -> Iterator[Issue]:
    """No identifier has a control character, or one that cannot be seen: it would look like another one."""
    for segment in message.segments(*IDENTIFIERS):
        if segment.line.isprintable() and f"{segment.encoding.escape}X" not in segment.line:
            continue
        for field in IDENTIFIERS[segment.name]:
            for where, repetition in segment.each(field):
                if not can_be_seen(repetition.whole):
                    text = "a control character, or one that cannot be seen, in an identifier"
                    yield Issue(severity="error", code="value", where=where, text=text, clause="HL7 v2.5 2.A.14, 2.A.28")


SENSE = (
    control_id,
    patient_identifier,
    patient_name,
    merged_identifier,
    merge_of_one_record,
    administrative_sex,
    nhs_number_check_digit,
)
COMMON = (*SENSE, hidden_character, fields_as_the_standard_says, observation_value)
# Those that reject: no one would read a warning about the hub's own output.
OUTGOING = (*SENSE[:5], hidden_character)
BIRTH_DATE = (birth_date_given, birth_date_is_a_day, birth_date_in_future)
