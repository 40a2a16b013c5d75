"""ADT -> a transaction for the Clinical Data Repository, with the authorities of the national register."""

from integrations.pas_adt_to_cdr.codes import AUTHORITIES, NUMBERS
from shared.fhir.resource import Resource
from shared.hl7 import Message, Raw, Segment, compose, replace
from shared.hl7.repetition import Repetition
from shared.mapping.wales import record


def to_transaction(message: Message) -> Resource:
    """The transaction: absent keeps what the repository holds, null removes it, a value replaces it."""
    return record.to_transaction(with_national_authorities(message))


def with_national_authorities(message: Message) -> Message:
    """The message with each authority that a PAS calls by a name of its own as its number in the national register."""
    places = dict(NUMBERS)
    named = [each for name in places for each in message.segments(name) if any(_local(cx) for cx in each.repeats(places[name]))]
    if not named:
        return message
    return compose(message, [_renamed(each, places[each.name]) if each in named else each for each in message.segments()])


def _local(cx: Repetition) -> bool:
    return cx["4.1"] in AUTHORITIES and not cx["4.2"]


def _renamed(segment: Segment, field: str) -> Segment:
    return replace(segment, {field: [_national(cx) if _local(cx) else cx.raw() for cx in segment.repeats(field)]})


def _national(cx: Repetition) -> tuple[Raw | str, ...]:
    """The CX with the number of its authority in component 4."""
    return tuple(AUTHORITIES[cx["4.1"]] if n == 4 else cx.raw(str(n)) for n in range(1, cx.components + 1))
