"""SOAP as a source: the envelope is read here, the message in it by the source that is declared for it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from lxml.etree import _Element as Element

from shared.envelope import Answer, Envelope, Identity
from shared.formats.hl7_xml.names import NAMESPACE
from shared.formats.hl7_xml.source import Hl7Xml
from shared.formats.soap import FORMAT
from shared.formats.soap.envelope import V11, V12, VERSIONS, Opened, Version, opened, refusal, version_of
from shared.formats.soap.faults import Code, Terms, fault, rejection, response
from shared.formats.soap.token import EXPIRES, token_of
from shared.hl7 import Message
from shared.issue import Issue, Verdict
from shared.problems import Unsupported
from shared.security import Named
from shared.xml.parse import Document
from shared.xml.parse import read as read_xml

ACTION = re.compile(r';\s*action\s*=\s*"?([^";]*)"?', re.IGNORECASE)
REFUSED = {401: "the caller is not recognised", 403: "the caller may not call this", 429: "too many calls were refused"}
SENDERS, RECEIVERS = 400, 500  # SOAP 1.2 part 2 section 7.5.2.2; SOAP 1.1 has 500 for every fault (section 6.2)


class Call(NamedTuple):
    """An envelope that was read, with what the reader of XML reports."""

    document: Document
    opened: Opened


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Soap:
    """Messages in the body of a SOAP 1.1 or 1.2 envelope, one operation for each root element.

    Args:
        message: the source of the element in the body.
        operations: root elements that are accepted, each an operation of the same name.
        namespace: of the answer, of the actions (``<namespace>/<operation>``) and of the WSDL.
        response: the element of the answer.
    """

    message: Hl7Xml
    operations: tuple[str, ...]
    namespace: str
    response: str = "AckResponse"
    format: str = FORMAT.name

    @property
    def version(self) -> str:
        """The latest version of HL7 v2 that is accepted."""
        return max(self.message.versions)

    @property
    def terms(self) -> Terms:
        return Terms(self.namespace, self.response)

    def read(self, envelope: Envelope) -> Message:
        """The message. ``Unsupported``: not an envelope with one known operation, or not a message that is accepted."""
        call = _call(envelope.body)
        operation = self._operation(call.opened.payload)
        self._check_action(envelope, call.opened.version, operation)
        _check_fresh(call.opened.headers, envelope.received_at)
        return self.message.accepted(self.message.of_element(call.opened.payload, call.document.issues), envelope)

    def _operation(self, payload: Element) -> str:
        names = {f"{{{NAMESPACE}}}{name}": name for name in self.operations}
        if payload.tag not in names:
            raise refusal("operation", "the element in the body, or its namespace, is not one of an operation of this service")
        return names[str(payload.tag)]

    def _check_action(self, envelope: Envelope, version: Version, operation: str) -> None:
        """SOAPAction of SOAP 1.1, and the parameter of SOAP 1.2: if one has a value, it must be that of the operation."""
        if _action(envelope.headers, version) not in ("", self.action(operation)):
            raise refusal("action", "the action is not that of the operation in the body")

    def action(self, operation: str) -> str:
        """The action of an operation."""
        return f"{self.namespace}/{operation}"

    def repairs(self, content: Message) -> Sequence[Issue]:
        return self.message.repairs(content)

    def identity(self, content: Message, envelope: Envelope) -> Identity:
        return self.message.identity(content, envelope)

    def places(self, content: object) -> Identity:
        return self.message.places(content)

    def is_synthetic(self, content: Message) -> bool:
        return self.message.is_synthetic(content)

    def types(self) -> tuple[str, ...]:
        """The types of the message in the body."""
        return self.message.types()

    def type_of(self, content: Message) -> str:
        """The type of the message in the body."""
        return self.message.type_of(content)

    def described(self) -> list[str]:
        """What is accepted, for the interface sheet."""
        service = f"SOAP 1.1 and 1.2, operations {', '.join(self.operations)}; the WSDL is at `?wsdl`"
        key = "a WS-Security UsernameToken over TLS may carry your partner name and, as PasswordText, your key"
        return [service, key, *self.message.described()]

    def variants(self) -> Mapping[str, str]:
        """Other forms of values that are accepted, for the interface sheet."""
        return self.message.variants()

    def acknowledge(self, envelope: Envelope, content: Message | None, verdict: Verdict) -> Answer:
        """The acknowledgement in the body, or a fault with it in its detail; 422 for a fault that the sender must correct."""
        version = _version(envelope)
        message = content if content is not None else self._readable(envelope.body)
        control_id = message["MSH-10"] if message is not None else ""
        if verdict.accepted:
            body = response(version, self.terms, verdict.acknowledgement, control_id)
            return Answer(status=200, content_type=_media(version), body=body)
        codes = {issue.code for issue in verdict.issues if issue.is_error}
        status = 503 if "transient" in codes else 500 if "exception" in codes else 422
        return Answer(status=status, content_type=_media(version), body=rejection(version, self.terms, verdict, control_id))

    def _readable(self, body: bytes) -> Message | None:
        try:
            return self.message.of_element(_call(body).opened.payload, ())
        except Unsupported:
            return None

    def named(self, body: bytes) -> Named | None:
        """The credential in a call; ``None`` without one."""
        return token_of(body)

    def over_http(self, content_type: str, answer: Answer) -> Answer:
        """The answer with the status that SOAP has for a fault, and a fault for a call that was refused before it was read."""
        version = version_of(content_type)
        if answer.status in REFUSED and not answer.body:
            body = fault(version, self.terms, Code("Client", "Authorization"), REFUSED[answer.status])
            return answer._replace(content_type=_media(version), body=body)
        if answer.status != 422:
            return answer
        is_sender = answer.content_type.startswith(V12.media_type) and b"<soap:Value>soap:Sender<" in answer.body
        return answer._replace(status=SENDERS if is_sender else RECEIVERS)

    def description(self, name: str, address: str) -> Answer:
        """The WSDL of the service at an address."""
        from shared.formats.soap.wsdl import wsdl

        return Answer(status=200, content_type=f"{V11.media_type}; charset=utf-8", body=wsdl(self, name, address))


def _call(body: bytes) -> Call:
    document = read_xml(body)
    return Call(document, opened(document.root))


def _media(version: Version) -> str:
    return f"{version.media_type}; charset=utf-8"


def _version(envelope: Envelope) -> Version:
    """By the namespace of the envelope; by the media type if the body does not begin with an envelope."""
    start = envelope.body[:4096]
    return next((each for each in VERSIONS if each.namespace.encode() in start), version_of(envelope.content_type))


def _action(headers: Mapping[str, str], version: Version) -> str:
    """The action of a call; ``""`` without one."""
    if version is V12:
        found = ACTION.search(headers.get("content-type", ""))
        return found[1] if found else ""
    return headers.get("soapaction", "").strip().strip('"')


def _check_fresh(headers: tuple[Element, ...], received_at: str) -> None:
    """WS-Security 1.1.1 section 10: what has expired is refused."""
    for header in headers:
        for element in header.findall(EXPIRES):
            try:
                expires = datetime.fromisoformat((element.text or "").strip())
            except ValueError:
                raise refusal("expired", "the time in the security header is not a date and time") from None
            if expires.tzinfo is None or expires < datetime.fromisoformat(received_at):
                raise refusal("expired", "the call has expired by its security header, or names no time zone")
