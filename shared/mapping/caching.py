"""A cache for parts of a mapping that recur in many messages, by the fields that they are made from. Never for a patient."""

from collections.abc import Callable
from functools import wraps
from operator import itemgetter

from shared.fhir.resource import Element
from shared.hl7.segment import Segment
from shared.hl7.syntax.encoding import Encoding
from shared.issue import Issue
from shared.mapping.reading import Reading

MANY = 4096
LONG = 1000  # characters; a longer text is free text
Make = Callable[[Reading, Segment], Element]
Key = tuple[Encoding, tuple[str, ...]]
Result = tuple[Element, tuple[Issue, ...]]


def cached_by(*fields: int) -> Callable[[Make], Make]:
    """For a function that reads only these fields of its segment: it gets a segment without the other fields.

    Never change the result. Its issues are repeated each time with the path of the current segment.
    """
    of_these = itemgetter(0, *fields)
    unsent = [""] * (max(fields) + 1)

    def remember(make: Make) -> Make:
        made: dict[Key, Result] = {}

        @wraps(make)
        def recall(read: Reading, segment: Segment) -> Element:
            key = segment.encoding, of_these(segment.fields + unsent)
            found = made.get(key)
            if found is None:
                before = len(read.issues)
                found = make(read, _only(segment, fields)), tuple(read.issues[before:])
                _keep(made, key, found)
            elif found[1]:
                read.issues += [each._replace(where=segment.where(each.where.rpartition("-")[2])) for each in found[1]]
            return found[0]

        return recall

    return remember


def _only(segment: Segment, fields: tuple[int, ...]) -> Segment:
    sent = segment.fields
    kept = [sent[n] if n in fields or not n else "" for n in range(len(sent))]
    return Segment(segment.name, segment.line, segment.encoding, segment.occurrence, kept)


def _keep(made: dict[Key, Result], key: Key, found: Result) -> None:
    if sum(map(len, key[1])) > LONG:
        return
    if len(made) >= MANY:
        made.clear()
    made[key] = found
