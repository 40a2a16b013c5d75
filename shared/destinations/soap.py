"""A SOAP service: a message is put into the element of an operation, and delivered if the reply acknowledges it."""

from dataclasses import dataclass
from typing import ClassVar
from xml.sax.saxutils import escape, quoteattr

from shared.destinations.http import key_header
from shared.destinations.kinds.failures import ACKNOWLEDGEMENTS, CONNECTION, SETTINGS, TOKENS, Failure
from shared.destinations.kinds.kind import Kind, Setting
from shared.destinations.kinds.status import undelivered
from shared.destinations.mllp import judge
from shared.destinations.soap_reply import Fault, is_fault, read, refused
from shared.destinations.wire import authority, https
from shared.destinations.wire.acknowledgement import control_id
from shared.destinations.wire.tls import TIMEOUT, TLS_FILES
from shared.envelope import Outgoing, Receipt
from shared.formats.soap.envelope import V11, Version
from shared.hl7 import ParseError, parse
from shared.problems import Undelivered
from shared.telemetry.tracing import trace_headers

OF_A_FAULT = (400, 500)  # SOAP 1.1 section 6.2, SOAP 1.2 part 2 section 7.5.2.2
CARRIAGE_RETURN = {"\r": "&#13;"}  # a reader of XML makes a line feed of any other CR
KIND = Kind(
    label="SOAP",
    settings=(
        Setting("URL", "address, https unless it is this machine", is_address=True),
        Setting("KEY_HEADER", "name of a header that carries a key; none if absent"),
        Setting("KEY_VALUE", "the key"),
        TIMEOUT,
        *authority.SETTINGS,
        *TLS_FILES,
    ),
    failures=(
        *ACKNOWLEDGEMENTS,
        *CONNECTION,
        Failure("fault-client", "a fault: the service rejects the message (Client, Sender)", "message", False, "no"),
        Failure("fault-access", "a fault: the service does not recognise or authorise the hub", "set-up", True, "no"),
        Failure("fault-version", "a fault: version, action or a header is not supported", "set-up", True, "no"),
        Failure("fault-server", "a fault: the service failed (Server, Receiver)", "unclear", True, "maybe"),
        Failure("fault-other", "a fault of any other code", "unclear", True, "maybe"),
        Failure("reply-page", "the answer is an HTML page, such as a page to sign in", "set-up", True, "maybe"),
        Failure("reply-empty", "the answer has no body", "unclear", True, "maybe"),
        Failure("reply-not-soap", "the answer is not a SOAP envelope with an element in it", "unclear", True, "maybe"),
        Failure("reply-odd", "an HL7 message was sent and the answer is not an acknowledgement", "unclear", True, "maybe"),
        Failure("ack-other", "the acknowledgement names another message", "unclear", True, "maybe"),
        Failure("reply-too-large", "the answer is too large to be read", "unclear", True, "maybe"),
        Failure("not-xml", "our message has a character that XML cannot have, or is not HL7 v2", "message", False, "no"),
        *SETTINGS,
        *TOKENS,
    ),
    answers_with_status=True,
    simulator="toolkit.local.simulators.wis:SoapService",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Operation:
    """An operation of a service: its element, the element in it that has the message as text, and its action."""

    name: str = "SendHL7Message"
    namespace: str = "urn:hl7-org:v2"
    parameter: str = "message"
    action: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Soap:
    """A SOAP service, by ``<name>__URL`` and the other settings of ``KIND``. The message is sent as ER7 text."""

    kind: ClassVar[Kind] = KIND
    name: str
    operation: Operation = Operation()
    version: Version = V11
    takes_synthetic: bool = False

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Call the service with it; raises ``Undelivered``."""
        body = self._envelope(outgoing)
        headers = {**self._headers(), **trace_headers(), **key_header(self.name), **await authority.authorization(self.name)}
        reply = await https.send(self.name, "POST", https.address(self.name), body, headers)
        if reply.status == 401:
            authority.forget(self.name)
        if not 200 <= reply.status < 300 and not (reply.status in OF_A_FAULT and is_fault(reply)):
            raise undelivered(reply.status, retry_after=reply.headers.get("retry-after", ""))
        answer = read(reply)
        if isinstance(answer, Fault):
            raise refused(answer)
        if answer.control_id not in ("", outgoing.control_id, control_id(outgoing.body)):
            raise Undelivered(
                kind="transient", code="ack-other", text="the acknowledgement names another message", ambiguous=True
            )
        return judge(answer)

    def _headers(self) -> dict[str, str]:
        accept = {"Accept": f"{self.version.media_type}, text/xml;q=0.5"}
        if self.version is V11:
            return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{self.operation.action}"', **accept}
        action = f'; action="{self.operation.action}"' if self.operation.action else ""
        return {"Content-Type": f"application/soap+xml; charset=utf-8{action}", **accept}

    def _envelope(self, outgoing: Outgoing) -> bytes:
        operation = self.operation
        text = escape(_text(outgoing), CARRIAGE_RETURN)
        inner = f"<{operation.parameter}>{text}</{operation.parameter}>"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{self.version.namespace}"><soap:Body>'
            f"<{operation.name} xmlns={quoteattr(operation.namespace)}>{inner}</{operation.name}>"
            "</soap:Body></soap:Envelope>"
        ).encode()

    async def close(self) -> None:
        """Close the open connections."""
        await https.close(self.name)
        await authority.close(self.name)


def _text(outgoing: Outgoing) -> str:
    """The message as text, with CR after each segment. ``Undelivered``: XML cannot have it."""
    try:
        text = "\r".join([*parse(outgoing.body).lines, ""])
    except ParseError:
        text = "\0"
    if not all(each >= " " or each in "\t\r\n" for each in text) or any("\ud800" <= each <= "\udfff" for each in text):
        raise Undelivered(kind="permanent", code="not-xml", text="the message has a character that XML cannot have")
    return text
