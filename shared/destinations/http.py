"""An HTTP endpoint that accepts one message per request: HL7 v2 with its acknowledgement, anything else by status alone."""

from dataclasses import dataclass
from typing import ClassVar

from shared.destinations.kinds.failures import ACKNOWLEDGEMENTS, CONNECTION, SETTINGS, TOKENS, Failure
from shared.destinations.kinds.kind import Kind, Setting
from shared.destinations.kinds.status import undelivered
from shared.destinations.mllp import judge
from shared.destinations.wire import authority, https
from shared.destinations.wire.acknowledgement import control_id, read_reply
from shared.destinations.wire.framing import BadFrame
from shared.destinations.wire.tls import TIMEOUT, TLS_FILES
from shared.envelope import Outgoing, Receipt
from shared.problems import Undelivered
from shared.settings import setting
from shared.telemetry.tracing import trace_headers

KIND = Kind(
    label="HTTP",
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
        Failure("reply-odd", "an HL7 message was sent and the answer is not an acknowledgement", "unclear", True, "maybe"),
        Failure("ack-other", "the acknowledgement names another message", "unclear", True, "maybe"),
        Failure("reply-too-large", "the answer is too large to be read", "unclear", True, "maybe"),
        *SETTINGS,
        *TOKENS,
    ),
    answers_with_status=True,
    simulator="toolkit.local.simulators.endpoint:Endpoint",
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HttpEndpoint:
    """An HTTP endpoint, by ``<name>__URL`` and the other settings of ``KIND``.

    An HL7 v2 message is delivered if its acknowledgement accepts it; anything else if the status is a success.
    """

    kind: ClassVar[Kind] = KIND
    name: str
    takes_synthetic: bool = False

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Post it; raises ``Undelivered``."""
        headers = {"Content-Type": outgoing.content_type, **trace_headers(), **key_header(self.name)}
        headers |= await authority.authorization(self.name)
        reply = await https.send(self.name, "POST", https.address(self.name), outgoing.body, headers)
        if reply.status == 401:
            authority.forget(self.name)
        if not 200 <= reply.status < 300:
            raise undelivered(reply.status, retry_after=reply.headers.get("retry-after", ""))
        return _acknowledged(outgoing, reply) if "hl7-v2" in outgoing.content_type else Receipt(f"http-{reply.status}")

    async def close(self) -> None:
        """Close the open connections."""
        await https.close(self.name)
        await authority.close(self.name)


def key_header(name: str) -> dict[str, str]:
    """The header with our key, by ``<name>__KEY_HEADER`` and ``<name>__KEY_VALUE``; none if it is not set."""
    header = setting(f"{name}__KEY_HEADER")
    return {header: setting(f"{name}__KEY_VALUE")} if header else {}


def _acknowledged(outgoing: Outgoing, reply: https.Reply) -> Receipt:
    try:
        answer = read_reply(reply.body)
    except BadFrame:
        raise Undelivered(
            kind="transient", code="reply-odd", text="the answer is not an acknowledgement", ambiguous=True
        ) from None
    if answer.control_id != control_id(outgoing.body):
        raise Undelivered(kind="transient", code="ack-other", text="the acknowledgement names another message", ambiguous=True)
    return judge(answer)
