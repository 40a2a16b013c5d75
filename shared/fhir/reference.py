"""Ids that never change: UUIDv5 of who sent it, what they called it and where in the message it stands."""

from hashlib import sha1
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from shared.fhir.resource import Element, element

VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}  # RFC 9562, 4.1
HUB = uuid5(NAMESPACE_URL, "https://fhir.nhs.wales/integration-hub")


class Message(Protocol):
    """What of a message is needed here: its text at a path."""

    def __getitem__(self, path: str, /) -> object: ...


class Ids:
    """The ids of the resources that one message becomes. The same message gives the same ids; no patient identifier is in them.

    >>> Ids("WLIMS", "7A4", "M1")("OBX[2]")
    'ab911c14-86a2-5e7b-bb90-6fd02793778a'
    """

    __slots__ = ("_prefix",)

    def __init__(self, sender: str, facility: str, control_id: str) -> None:
        # A separator inside a value is escaped: else "A|B" at "C" would have the ids of "A" at "B|C".
        names = (each.replace("%", "%25").replace("|", "%7C") for each in (sender, facility, control_id))
        self._prefix = sha1(HUB.bytes + "".join(f"{name}|" for name in names).encode(), usedforsecurity=False)

    @classmethod
    def of(cls, message: Message) -> "Ids":
        """The ids of this message: MSH-3, MSH-4, MSH-10."""
        return cls(str(message["MSH-3"]), str(message["MSH-4"]), str(message["MSH-10"]))

    def __call__(self, path: str) -> str:
        """The id of what is made from the segment (or field) at this path: ``PID``, ``OBX[3]``, ``PV1-7``."""
        digest = self._prefix.copy()
        digest.update(path.encode())
        text = digest.hexdigest()
        return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def full_url(resource_id: str) -> str:
    """The name of a resource inside its transaction.

    >>> full_url("5c0e")
    'urn:uuid:5c0e'
    """
    return f"urn:uuid:{resource_id}"


def reference(resource_type: str, resource_id: str, display: str = "") -> Element:
    """A reference to another resource of the same transaction; empty when there is no such resource (an empty id).

    >>> reference("Patient", "5c0e")
    {'reference': 'urn:uuid:5c0e', 'type': 'Patient'}
    >>> reference("Patient", "")
    {}
    """
    if not resource_id:
        return {}
    return element(reference=full_url(resource_id), type=resource_type, display=display)
