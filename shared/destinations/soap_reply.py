"""The reply of a SOAP service, read as XML: an acknowledgement, a fault, a page, or nothing. No word in a text decides.

An acknowledgement is an element with a code of HL7 table 0008, in any namespace, or a text that is an ER7 acknowledgement.
SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 5.4; WS-Security 1.1.1 section 12 (codes of faults).
"""

from collections.abc import Iterator
from typing import NamedTuple

from lxml.etree import QName
from lxml.etree import _Element as Element

from shared.destinations.mllp import ACCEPTED, ERROR, REJECTED
from shared.destinations.wire import https
from shared.destinations.wire.acknowledgement import LONGEST_DETAIL, Reply, read_reply
from shared.destinations.wire.framing import BadFrame
from shared.formats.soap.envelope import VERSIONS, Version
from shared.problems import Undelivered, Unsupported
from shared.xml.parse import parse

CODES = {*ACCEPTED, *ERROR, *REJECTED}
STATUSES = {"Status", "AcknowledgmentCode", "AcknowledgementCode", "MSA.1"}  # names of the element with the code
CONTROL_IDS = {"MessageControlId", "MessageControlID", "MSA.2"}
TEXTS = {"Text", "TextMessage", "MSA.3", "ERR.8"}
PAGES = (b"<!doctype html", b"<html")
ACCESS = {
    "Client.Authorization",
    "Client.Authentication",
    "Authorization",
    "FailedAuthentication",
    "FailedCheck",
    "InvalidSecurity",
    "InvalidSecurityToken",
    "MessageExpired",
    "SecurityTokenUnavailable",
    "UnsupportedSecurityToken",
}
VERSION = {"VersionMismatch", "MustUnderstand", "DataEncodingUnknown", "ActionNotSupported"}
SENDER, RECEIVER = ("Client", "Sender"), ("Server", "Receiver")


class Fault(NamedTuple):
    """A fault: its code and subcodes without their prefixes, and its text."""

    codes: tuple[str, ...]
    text: str


def read(reply: https.Reply) -> Reply | Fault:
    """The acknowledgement or the fault in a reply. ``Undelivered``: it has neither."""
    if not reply.body.strip():
        raise Undelivered(kind="transient", code="reply-empty", text="the answer has no body", ambiguous=True)
    if reply.content_type == "text/html" or reply.body.lstrip()[:20].lower().startswith(PAGES):
        raise Undelivered(
            kind="misconfigured", code="reply-page", text="the answer is a page, not that of a SOAP service", ambiguous=True
        )
    version, payload = _payload(reply.body)
    if payload.tag == version.name("Fault"):
        return _fault(payload, version)
    found = _acknowledgement(payload)
    if found is None:
        raise Undelivered(kind="transient", code="reply-odd", text="the answer is not an acknowledgement", ambiguous=True)
    return found


def is_fault(reply: https.Reply) -> bool:
    """Whether a reply is a fault that can be read."""
    try:
        return isinstance(read(reply), Fault)
    except Undelivered:
        return False


def refused(fault: Fault) -> Undelivered:
    """The problem of a fault: who caused it is in its codes."""
    detail = fault.text[:LONGEST_DETAIL]
    first, every = fault.codes[0] if fault.codes else "", set(fault.codes)
    if every & ACCESS:
        return Undelivered(kind="misconfigured", code="fault-access", text="the service refuses the hub", detail=detail)
    if every & VERSION:
        return Undelivered(
            kind="misconfigured", code="fault-version", text="the service does not support this form of call", detail=detail
        )
    if first.partition(".")[0] in SENDER:
        return Undelivered(kind="permanent", code="fault-client", text="the service rejects the message", detail=detail)
    if first.partition(".")[0] in RECEIVER:
        return Undelivered(
            kind="transient", code="fault-server", text="the service failed with a fault", ambiguous=True, detail=detail
        )
    return Undelivered(
        kind="transient", code="fault-other", text="the service answered a fault of unknown code", ambiguous=True, detail=detail
    )


def _payload(body: bytes) -> tuple[Version, Element]:
    """The version of an envelope and the first element in its body."""
    try:
        root = parse(body)
    except Unsupported:
        raise _not_soap() from None
    version = next((each for each in VERSIONS if root.tag == each.name("Envelope")), None)
    payload = root.find(f"{version.name('Body')}/*") if version else None
    if version is None or payload is None:
        raise _not_soap()
    return version, payload


def _not_soap() -> Undelivered:
    return Undelivered(
        kind="transient", code="reply-not-soap", text="the answer is not a SOAP envelope with an element in it", ambiguous=True
    )


def _fault(element: Element, version: Version) -> Fault:
    """SOAP 1.1 has children without a namespace, SOAP 1.2 values in its own."""
    texts = [element.findtext("faultcode") or "", *(each.text or "" for each in element.iter(version.name("Value")))]
    codes = tuple(code for text in texts if (code := text.strip().rpartition(":")[2]))
    text = element.findtext("faultstring") or element.findtext(f"{version.name('Reason')}/{version.name('Text')}") or ""
    return Fault(codes, text)


def _acknowledgement(payload: Element) -> Reply | None:
    """The acknowledgement in an element; ``None`` without one, or with codes that contradict each other."""
    leaves = list(_leaves(payload))
    codes = {text for name, text in leaves if name in STATUSES and text in CODES}
    if len(codes) == 1:
        control_id = next((text for name, text in leaves if name in CONTROL_IDS), "")
        return Reply(codes.pop(), control_id, "\n".join(text for name, text in leaves if name in TEXTS)[:LONGEST_DETAIL])
    er7 = [text for _, text in leaves if text.startswith("MSH")]
    if codes or len(er7) != 1:
        return None
    try:
        return read_reply(er7[0].encode())
    except BadFrame:
        return None


def _leaves(element: Element) -> Iterator[tuple[str, str]]:
    """Local name and text of each element without children."""
    for each in element.iter():
        if not len(each):
            yield QName(each).localname, (each.text or "").strip()
