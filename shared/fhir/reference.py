"""Stable ids of resources: UUIDv5 of the sender, the control id and the path in the message."""

from functools import lru_cache
from hashlib import sha1
from typing import TYPE_CHECKING, Protocol
from uuid import NAMESPACE_URL, uuid5

from shared.fhir.resource import Element, element

if TYPE_CHECKING:
    from hashlib import _Hash

VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}  # RFC 9562, 4.1
HUB = uuid5(NAMESPACE_URL, "https://fhir.nhs.wales/integration-hub")


class Message(Protocol):
    """A message, as far as ids need it: the text at a path."""

    def __getitem__(self, path: str, /) -> object: ...


class Ids:
    """The ids of the resources that are made from one message. The same message gives the same ids, without patient identifiers.

    >>> Ids("WLIMS", "7A4", "M1")("OBX[2]")
    'ab911c14-86a2-5e7b-bb90-6fd02793778a'
    """

    __slots__ = ("_prefix",)

    def __init__(self, sender: str, facility: str, control_id: str) -> None:
        self._prefix = _prefix(sender, facility, control_id)

    @classmethod
    def of(cls, message: Message) -> "Ids":
        """The ids of this message, from MSH-3, MSH-4 and MSH-10."""
        return cls(str(message["MSH-3"]), str(message["MSH-4"]), str(message["MSH-10"]))

    def __call__(self, path: str) -> str:
        """The id of the resource that is made from the segment or field at this path: ``PID``, ``OBX[3]``, ``PV1-7``."""
        digest = self._prefix.copy()
        digest.update(path.encode())
        text = digest.hexdigest()
        return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


@lru_cache(maxsize=64)  # a mapping and its transaction need the ids of the same message
def _prefix(sender: str, facility: str, control_id: str) -> "_Hash":
    """The digest of what the ids of a message have in common. It is copied, never continued."""
    # Escape the separator inside a value: otherwise "A|B" at "C" would have the same ids as "A" at "B|C".
    names = [each.replace("%", "%25").replace("|", "%7C") for each in (sender, facility, control_id, "")]
    return sha1(HUB.bytes + "|".join(names).encode(), usedforsecurity=False)


def full_url(resource_id: str) -> str:
    """The name of a resource inside its transaction.

    >>> full_url("5c0e")
    'urn:uuid:5c0e'
    """
    return f"urn:uuid:{resource_id}"


def reference(resource_type: str, resource_id: str, display: str = "") -> Element:
    """A reference to another resource of the same transaction; empty if the id is empty.

    >>> reference("Patient", "5c0e")
    {'reference': 'urn:uuid:5c0e', 'type': 'Patient'}
    >>> reference("Patient", "")
    {}
    """
    if not resource_id:
        return {}
    return element(reference=full_url(resource_id), type=resource_type, display=display)
