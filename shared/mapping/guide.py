"""HL7 v2 to FHIR R4 by the guide alone, without rules for a sender: any message type listed here, versions 2.3 to 2.8."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from shared.fhir.resource import Resource
from shared.hl7.leaves import hl7_leaves
from shared.hl7.message import Message
from shared.issue import Issue
from shared.mapping.messages import adt, common, documents, orders, referrals, results, schedules, vaccinations
from shared.mapping.messages.story import Handler, Story, begin, end, follow
from shared.mapping.preparation import preparation
from shared.mapping.said import NULL
from shared.mapping.validity import kept_valid


class Converted(NamedTuple):
    """The bundle, and the issues of the mapping."""

    bundle: Resource
    issues: tuple[Issue, ...]


def _nothing(story: Story) -> None:
    """The end of a message type without groups."""


# Message type -> the handler of each segment, and the function to call after the last one.
MESSAGES: dict[str, tuple[Mapping[str, Handler], Callable[[Story], None]]] = {
    "ADT": (adt.ADT, _nothing),
    "ORU": (results.RESULTS, results.close),
    "ORM": (orders.ORDERS, orders.close),
    "OML": (orders.ORDERS, orders.close),
    "OMG": (orders.ORDERS, orders.close),
    "MDM": (documents.DOCUMENTS, documents.finish_document),
    "SIU": (schedules.SCHEDULES, schedules.finish),
    "VXU": (vaccinations.VACCINATIONS, _nothing),
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
    story = begin(message)
    story.read.issues += changes
    _nulls(story, message)
    handlers, finish = MESSAGES.get(message["MSH-9.1"], (common.COMMON, _nothing))
    _heed(story, message)
    story.finish = finish if finish is not schedules.finish else _nothing  # an appointment may have several patients
    follow(story, handlers)
    finish(story)
    story.leave()
    bundle, refused = kept_valid(end(story))
    return Converted(bundle, (*story.read.issues, *refused))


def _heed(story: Story, message: Message) -> None:
    """An issue for a message type, event or version that the guide has no map for."""
    if message["MSH-9.1"] not in MESSAGES:
        story.read.note("not-supported", "MSH-9.1", "a message type without a map: read segment by segment", "type-not-mapped")
    if message["MSH-9.1"] == "ADT" and message["MSH-9.2"] in TAKES_BACK:
        text = "the event cancels an earlier one, which the bundle cannot express"
        story.read.note("not-supported", "MSH-9.2", text, "event-not-mapped")
    if not message["MSH-12"].startswith(VERSIONS):
        story.read.note("not-supported", "MSH-12", "not a version from 2.3 to 2.8", "version-not-mapped")


def _nulls(story: Story, message: Message) -> None:
    """An issue for each null (``""``: delete the stored value). A bundle cannot express it: an update must read the message."""
    if any('"' in line and NULL in line for line in message.lines):  # one character is found many times faster than two
        for leaf in hl7_leaves(message):
            if leaf.text == NULL:
                text = "a null (delete the stored value) is left out, because a bundle cannot express it"
                story.read.note("informational", leaf.path, text, "null-not-mapped", "information")


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
