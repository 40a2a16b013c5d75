"""Pairs as if they had been recorded at a replaced engine.

Made from the accepted samples of an integration: each message gets a control id of its own, and its output is what the hub makes
of it, so that the two engines agree. A test then plants differences in the outputs, and knows each of them.
"""

from collections.abc import Callable, Iterator
from itertools import cycle, islice

from integrations import load
from shared import check
from shared.envelope import Envelope
from shared.hl7 import Message, Raw, compose, parse, replace
from toolkit.migrate.pairs import Pair
from toolkit.samples import RECEIVED_AT, accepted

Change = Callable[[bytes], bytes]


def pairs(name: str, count: int, containing: bytes = b"") -> list[Pair]:
    """``count`` pairs of an integration that takes HL7 v2, from the samples that hold a text; control ids M00001, M00002, ..."""
    integration = load(name)
    bodies = [each.body for each in accepted(integration) if each.extension == "hl7" and containing in each.body]
    return [_pair(name, number, body) for number, body in enumerate(islice(cycle(bodies), count), 1)]


def _pair(name: str, number: int, body: bytes) -> Pair:
    message = parse(body)
    header = replace(message["MSH"], {"10": f"M{number:05}"})
    made = compose(message, [header, *message.segments()[1:]]).encode()
    ran = check.run(load(name), Envelope(integration=name, body=made, received_at=RECEIVED_AT))
    assert ran.outgoing
    return Pair(f"pair{number}", made, "hl7", accepted=True, outputs=tuple(each.body for each in ran.outgoing))


def planted(pair: Pair, change: Change) -> Pair:
    """The pair with a difference in what the old engine sent; fails where the change changes nothing."""
    assert pair.outputs
    changed = tuple(change(each) for each in pair.outputs)
    assert changed != pair.outputs
    return pair._replace(outputs=changed)


def field(segment: str, number: str, value: str) -> Change:
    """A change of one field of the first segment of a name."""
    return lambda body: _each(body, segment, lambda message: replace(message.segment(segment), {number: Raw(value)}).line)


def without(segment: str) -> Change:
    """A change that leaves out the first segment of a name."""
    return lambda body: _each(body, segment, lambda message: "")


def _each(body: bytes, name: str, changed: Callable[[Message], str]) -> bytes:
    message = parse(body)
    lines = list(_lines(message, name, changed(message)))
    return "\r".join([*lines, ""]).encode(message.encoding.charset)


def _lines(message: Message, name: str, changed: str) -> Iterator[str]:
    done = False
    for segment in message.segments():
        if segment.name == name and not done:
            done = True
            if changed:
                yield changed
        else:
            yield segment.line
    assert done
