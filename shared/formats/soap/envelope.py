"""The envelope of SOAP 1.1 and 1.2: its version, its headers and the one element in its body.

SOAP 1.1 sections 4 and 6; SOAP 1.2 part 1 section 5. Signatures and encryption are not read, so a header that must be understood
and has either is refused; so the hub never acts on a part of a document because another part has a signature.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml.etree import QName
from lxml.etree import _Element as Element

from shared.issue import Issue
from shared.problems import Unsupported

SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
UNDERSTOOD = {f"{{{SECURITY}}}UsernameToken", f"{{{UTILITY}}}Timestamp"}  # in a security header


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Version:
    """One version of SOAP. ``roles``: the actors or roles in which the hub receives a message."""

    number: str
    namespace: str
    media_type: str
    addressee: str
    roles: frozenset[str]

    def name(self, local: str) -> str:
        return f"{{{self.namespace}}}{local}"


V11 = Version(
    "1.1",
    "http://schemas.xmlsoap.org/soap/envelope/",
    "text/xml",
    "actor",
    frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"}),
)
V12 = Version(
    "1.2",
    "http://www.w3.org/2003/05/soap-envelope",
    "application/soap+xml",
    "role",
    frozenset(
        {
            "",
            "http://www.w3.org/2003/05/soap-envelope/role/next",
            "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
        }
    ),
)
VERSIONS = (V11, V12)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Opened:
    """An envelope that was read: ``payload`` is the element in its body."""

    version: Version
    headers: tuple[Element, ...]
    payload: Element


def refusal(rule: str, text: str, clause: str = "") -> Unsupported:
    """The rejection of an envelope."""
    return Unsupported(Issue(severity="fatal", code="structure", text=text, rule=f"soap-{rule}", clause=clause, hl7="207"))


def version_of(content_type: str) -> Version:
    """The version of a media type: 1.1 for any but that of 1.2."""
    return V12 if content_type.partition(";")[0].strip().lower() == V12.media_type else V11


def opened(root: Element) -> Opened:
    """The envelope of a document.

    Raises:
        Unsupported: not an envelope of a known version; no body, or several; a body without an element, or with several; a
            header that must be understood and is not.
    """
    version = next((each for each in VERSIONS if root.tag == each.name("Envelope")), None)
    if version is None:
        raise _not_an_envelope(root)
    parts = list(root)
    headers = tuple(parts.pop(0)) if parts and parts[0].tag == version.name("Header") else ()
    if len(parts) != 1 or parts[0].tag != version.name("Body"):
        raise refusal("body", "the envelope has no body, more than one, or another element next to it")
    payload = list(parts[0])
    if len(payload) != 1 or _has_text(parts[0]) or _has_text(root):
        raise refusal("body", "the body of the envelope must have one element and no text")
    for header in headers:
        _check_understood(header, version)
    return Opened(version, headers, payload[0])


def _not_an_envelope(root: Element) -> Unsupported:
    if QName(root).localname == "Envelope":
        return refusal("version", "the namespace of the envelope is not that of SOAP 1.1 or 1.2", "SOAP 1.2 part 1 5.4.7")
    return refusal("envelope", "the document is not a SOAP envelope")


def _has_text(element: Element) -> bool:
    return any(text and not text.isspace() for text in (element.text, *(child.tail for child in element)))


def _check_understood(header: Element, version: Version) -> None:
    required = header.get(version.name("mustUnderstand"), "0").strip() in ("1", "true")
    for_us = header.get(version.name(version.addressee), "").strip() in version.roles
    if required and for_us and any(_not_understood(header)):
        text = "a header that must be understood is not supported; signatures and encryption are not"
        raise refusal("must-understand", text, "SOAP 1.1 4.2.3; SOAP 1.2 part 1 5.2.3")


def _not_understood(header: Element) -> Iterator[bool]:
    """Of a security header its parts, of any other the header."""
    if header.tag != f"{{{SECURITY}}}Security":
        yield True
        return
    yield from (part.tag not in UNDERSTOOD for part in header)
