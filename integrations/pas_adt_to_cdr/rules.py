"""What a PAS must keep: one NHS Number, a number that can be found again, and codes that the mapping knows."""

from collections.abc import Iterator

from integrations.pas_adt_to_cdr.codes import NUMBERS, is_known
from shared.hl7 import Message
from shared.hl7.syntax.timestamp import is_dtm
from shared.issue import Issue
from shared.mapping.wales.codes import coding
from shared.validation.policy import quality, safety
from shared.validation.structure import Structure

_BEFORE = "MSH [{SFT}] EVN PID [PD1] [{ROL}] [{NK1}]"
_VISIT = "PV1 [PV2] [{ROL}]"
_AFTER = "[{DB1}] [{OBX}] [{AL1}] [{DG1}] [DRG] [{PR1 [{ROL}]}] [{GT1}] [{IN1 [IN2] [{IN3}] [{ROL}]}] [ACC] [UB1] [UB2] [PDA]"
VISIT = Structure(f"{_BEFORE} {_VISIT} {_AFTER}", "HL7 v2.5.1 3.3")
PERSON = Structure(f"{_BEFORE} [{_VISIT}] {_AFTER}", "HL7 v2.5.1 3.3")
CHANGE = Structure(f"{_BEFORE} [MRG] {_VISIT} {_AFTER}", "HL7 v2.5.1 3.3")
MERGE_ONE = Structure("MSH [{SFT}] EVN PID [PD1] MRG", "HL7 v2.5.1 3.3.34")
MERGE = Structure("MSH [{SFT}] EVN PID [PD1] MRG [PV1]", "HL7 v2.5.1 3.3.40")
STRUCTURES = {
    **dict.fromkeys(("ADT_A01", "ADT_A02", "ADT_A03", "ADT_A09", "ADT_A12"), VISIT),
    "ADT_A05": PERSON,
    "ADT_A06": CHANGE,
    "ADT_A30": MERGE_ONE,
    "ADT_A39": MERGE,
}

POLICIES = {
    "one-nhs-number": safety("two people would be joined in one record", "PID-3[2] is a second number of type NH"),
    "number-of-an-authority": safety("the repository could never find the patient again", "PID-3 is 123^^^LOCAL"),
    "birth-date-exists": quality("left out of the Patient", "PID-7 is 19701301"),
    "discharge-has-its-time": quality("the visit would have an end, and no time of it", "PV1-45 is empty in an A03"),
    "marital-status-of-wales": quality("kept as text", "PID-16 is X"),
}


def one_nhs_number(message: Message) -> Iterator[Issue]:
    """PID-3 carries at most one NHS Number: two mean a merge that was sent as an update, which would join two people."""
    found = [where for where, cx in message["PID"].each("3") if cx["5"] == "NH" or cx["4.1"] == "NHS"]
    for where in found[1:]:
        yield Issue(severity="error", code="duplicate", where=where, text="more than one NHS Number")


def number_of_an_authority(message: Message) -> Iterator[Issue]:
    """A patient has a number with an authority, or the repository could never find that patient again.

    A message with the name of an authority that is not known yet waits for it (``codes.py``).
    """
    for segment, field in NUMBERS:
        for each in message.segments(segment):
            if not any(is_known(cx["4.1"], cx["4.2"]) or cx["4.1"] not in ("", '""') for _, cx in each.each(field)):
                yield Issue(
                    severity="error",
                    code="required",
                    where=each.where(field),
                    text="no number of an authority",
                    clause="Wales: identifiers",
                )


def birth_date_exists(message: Message) -> Iterator[Issue]:
    """PID-7, where valued, is a day that exists, with or without a time."""
    for pid in message.segments("PID"):
        if pid["7"] not in ("", '""') and not (len(pid["7"]) >= 8 and is_dtm(pid["7"])):
            yield Issue(
                severity="error",
                code="value",
                where=pid.where("7"),
                text="PID-7 is not a day that exists",
                clause="HL7 v2.5.1 3.4.2.7",
            )


def discharge_has_its_time(message: Message) -> Iterator[Issue]:
    """A discharge has a time (PV1-45)."""
    if message["MSH-9.2"] == "A03" and not message["PV1-45"]:
        yield Issue(
            severity="error", code="required", where="PV1-45", text="a discharge without its time", clause="HL7 v2.5.1 3.3.3"
        )


def marital_status_of_wales(message: Message) -> Iterator[Issue]:
    """PID-16 is a two-digit code of Wales. A warning: others are kept as text."""
    status = message["PID-16"]
    if status not in ("", '""') and not coding("marital_status", status):
        yield Issue(
            severity="warning",
            code="code-invalid",
            where="PID-16",
            text="no code of the Welsh list",
            clause="Wales: marital status",
        )


WELSH = {  # where Wales has a list of its own that the guide does not know
    "PID-16": "marital_status",
    "PV1-4": "admission_method",
    "PV1-10": "specialty",
    "PV1-14": "source_of_admission",
    "PV1-36": "discharge_method",
    "PV1-37": "discharge_destination",
}


def codes_are_mapped(message: Message) -> Iterator[Issue]:
    """What the mapping cannot express in FHIR is reported at the check, before the acknowledgement."""
    from shared.mapping import mapping_issues  # with the first message: an app that starts does without the mapping
    from shared.mapping.segments.administration.patient import PID_ELEMENTS

    deleted = {f"PID-{field}" for fields in PID_ELEMENTS.values() for field in fields}
    for issue in mapping_issues(message):
        place = issue.where.partition(".")[0]
        if issue.rule == "null-not-mapped" and place in deleted:
            continue
        if place not in WELSH or not coding(WELSH[place], message[place]):
            yield issue


ALL = (
    one_nhs_number,
    number_of_an_authority,
    birth_date_exists,
    discharge_has_its_time,
    marital_status_of_wales,
    codes_are_mapped,
)
