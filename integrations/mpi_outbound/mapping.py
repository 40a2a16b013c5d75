"""A message of the Master Patient Index -> what it is announced by. The body goes into the outbox unchanged."""

import re
from collections.abc import Iterator

from shared.envelope import Outgoing
from shared.hl7 import Message
from shared.hl7.repetition import NULL

HL7 = "x-application/hl7-v2+er7"
REGISTERED = re.compile(r"[0-9]{1,3}|NHS")  # the register of authorities has numbers; any other text may be a person's name


def published(message: Message, made: Message) -> tuple[Outgoing, ...]:
    """The body, and the properties that subscribers choose by: codes of systems and a yes or no, nothing clinical."""
    return (Outgoing(content_type=HL7, body=made.as_sent.encode(), control_id=message["MSH-10"], properties=properties(message)),)


def properties(message: Message) -> dict[str, str | bool]:
    """Routing properties; their names are those of CloudEvents extension attributes: lower-case letters alone."""
    return {
        "messagetype": message["MSH-9.2"],
        "updatesources": barred(authorities(message, "2")),
        "assigningauthorities": barred(authorities(message, "3")),
        "deceased": is_deceased(message),
    }


def authorities(message: Message, field: str) -> Iterator[str]:
    """CX.4.1 of every repetition of a field of every PID, in the form that the register has: an event leaves the hub."""
    for pid in message.segments("PID"):
        yield from (code for cx in pid.repeats(field) if REGISTERED.fullmatch(code := cx["4.1"].strip()))


def barred(codes: Iterator[str]) -> str:
    """Distinct codes in order, each between bars, so that a filter for ``|25|`` does not find ``|252|``.

    >>> barred(iter(["110", "252", "110"])), barred(iter([]))
    ('|110|252|', '')
    """
    distinct = "|".join(dict.fromkeys(codes))
    return f"|{distinct}|" if distinct else ""


def is_deceased(message: Message) -> bool:
    """Whether PID-30 is Y or PID-29 holds a date: the date itself stays in the message."""
    return any(pid["30"] == "Y" or pid["29"].strip() not in ("", NULL) for pid in message.segments("PID"))
