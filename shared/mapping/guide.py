"""HL7 v2 to FHIR R4 by the guide alone, without rules for a sender: any message type listed here, versions 2.3 to 2.8."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from shared.fhir.resource import Resource
from shared.hl7.leaves import paths_where
from shared.hl7.message import Message
from shared.hl7.syntax.encoding import NONE
from shared.issue import Issue
from shared.mapping.messages import adt, common, documents, orders, referrals, results, schedules, vaccinations
from shared.mapping.messages.conversion import Conversion, Handler, begin, end, follow
from shared.mapping.preparation import preparation
from shared.mapping.second_values import report_second_values
from shared.mapping.texts import NULL
from shared.mapping.validity import remove_invalid


class Converted(NamedTuple):
    """The bundle, and the issues of the mapping."""

    bundle: Resource
    issues: tuple[Issue, ...]


def _end(conversion: Conversion) -> None:
    """The end of a message type without groups."""


# Message type -> the handler of each segment, and the function to call after the last one.
MESSAGES: dict[str, tuple[Mapping[str, Handler], Callable[[Conversion], None]]] = {
    "ADT": (adt.ADT, _end),
    "ORU": (results.RESULTS, results.close),
    "ORM": (orders.ORDERS, orders.close),
    "OML": (orders.ORDERS, orders.close),
    "OMG": (orders.ORDERS, orders.close),
    "MDM": (documents.DOCUMENTS, documents.finish_document),
    "SIU": (schedules.SCHEDULES, schedules.finish),
    "VXU": (vaccinations.VACCINATIONS, _end),
    "REF": (referrals.REFERRALS, results.close),
}
# Events that cancel a fact that the status of a visit does not show: transfers, pending moves, leave, doctors, a person, a link.
TAKES_BACK = ("A12", "A25", "A26", "A29", "A32", "A33", "A37", "A52", "A53", "A55", "A61")
VERSIONS = ("2.3", "2.4", "2.5", "2.6", "2.7", "2.8")


def convert(message: Message) -> Converted:
    """A message as a FHIR bundle of type message, with an issue for each value that the guide cannot map.

    For a message type that is not listed, each segment is mapped as in any message.
    """
    message, changes = preparation(message)
    conversion = begin(message)
    conversion.read.issues += changes
    _report_nulls(conversion, message)
    report_second_values(conversion.read, message)
    handlers, finish = MESSAGES.get(message["MSH-9.1"], (common.COMMON, _end))
    _check_supported(conversion, message)
    conversion.finish = finish if finish is not schedules.finish else _end  # an appointment may have several patients
    follow(conversion, handlers)
    finish(conversion)
    conversion.end_patient()
    bundle, refused = remove_invalid(end(conversion), message.size)
    return Converted(bundle, (*conversion.read.issues, *refused))


def _check_supported(conversion: Conversion, message: Message) -> None:
    """An issue for a message type, event or version that the guide has no map for."""
    if message["MSH-9.1"] not in MESSAGES:
        conversion.read.note(
            code="not-supported",
            where="MSH-9.1",
            text="a message type without a map: read segment by segment",
            rule="type-not-mapped",
        )
    if message["MSH-9.1"] == "ADT" and message["MSH-9.2"] in TAKES_BACK:
        text = "the event cancels an earlier one, which the bundle cannot express"
        conversion.read.note(code="not-supported", where="MSH-9.2", text=text, rule="event-not-mapped")
    if not message["MSH-12"].startswith(VERSIONS):
        conversion.read.note(
            code="not-supported", where="MSH-12", text="not a version from 2.3 to 2.8", rule="version-not-mapped"
        )


def _report_nulls(conversion: Conversion, message: Message) -> None:
    """An issue for each null (``""``: delete the stored value). A bundle cannot express it: an update must read the message."""
    lines = message.lines_without_long(NONE)
    if any('"' in line and NULL in line for line in lines):  # one character is found many times faster than two
        for path in paths_where(message, NULL.__eq__, may_have=lambda part: NULL in part):
            text = "a null (delete the stored value) is left out, because a bundle cannot express it"
            conversion.read.note(code="informational", where=path, text=text, rule="null-not-mapped", severity="information")


def to_bundle(message: Message) -> Resource:
    """A message as a FHIR R4 bundle of type message, by the HL7 v2-to-FHIR guide.

    If ``mapping_issues`` has converted this message, its bundle is returned, once.
    """
    made, message.converted = message.converted, None
    return made.bundle if isinstance(made, Converted) else convert(message).bundle


def mapping_issues(message: Message) -> tuple[Issue, ...]:
    """The issues of the mapping of a message, each with its path."""
    made = message.converted = convert(message)
    return made.issues
