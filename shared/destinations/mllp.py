"""A destination by MLLP: one message at a time on a connection, delivered when its own acknowledgement accepts it."""

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, NoReturn

from shared.destinations.kinds.failures import ACKNOWLEDGEMENTS, CONNECTION, SETTINGS, Failure
from shared.destinations.kinds.kind import Kind, Setting
from shared.destinations.wire import lines
from shared.destinations.wire.acknowledgement import Reply, control_id, read_reply
from shared.destinations.wire.framing import BadFrame, frame
from shared.destinations.wire.tls import TIMEOUT, TLS, TLS_FILES, client_context, time_limit
from shared.envelope import Outgoing, Receipt
from shared.problems import Undelivered
from shared.settings import setting

ACCEPTED, ERROR, REJECTED = ("AA", "CA"), ("AE", "CE"), ("AR", "CR")  # HL7 table 0008
KIND = Kind(
    label="MLLP",
    settings=(
        Setting("HOST", "address of the receiver", is_address=True),
        Setting("PORT", "port of the receiver", is_address=True),
        TIMEOUT,
        TLS,
        *TLS_FILES,
    ),
    failures=(
        *ACKNOWLEDGEMENTS,
        *CONNECTION,
        Failure("bad-frame", "the answer is not an acknowledgement", "unclear", True, "maybe"),
        Failure("no-control-id", "our message has no MSH-10 that could be acknowledged", "message", False, "no"),
        Failure("block-character", "our message holds a block character of MLLP", "message", False, "no"),
        *SETTINGS,
    ),
    simulator="toolkit.local.simulators.mpi:Mpi",
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mllp:
    """An MLLP receiver, by the settings ``<name>__HOST``, ``__PORT``, ``__TIMEOUT`` (30 s) and those of ``tls``."""

    kind: ClassVar[Kind] = KIND
    name: str
    takes_synthetic: bool = False

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Send it and wait for the acknowledgement that names it; raises ``Undelivered``."""
        framed = _frame(outgoing.body)
        sending = _Sending()
        try:
            async with asyncio.timeout(time_limit(self.name)):
                return await self._exchange(framed, control_id(outgoing.body), sending)
        except (OSError, EOFError, BadFrame, TimeoutError) as error:
            _broken(error, sending.began)

    async def _exchange(self, framed: Iterable[bytes | memoryview], sent: str, sending: "_Sending") -> Receipt:
        async with lines.line(self.name, self._address()) as line:
            sending.began = True
            await line.send(framed)
            while (reply := read_reply(await line.receive())).control_id != sent:
                pass  # a late acknowledgement of another message
            try:
                return judge(reply)
            except Undelivered as problem:
                problem.ambiguous |= await line.has_more()  # an AE followed by an AA: it is not clear which counts
                raise

    def _address(self) -> lines.Address:
        host, port = setting(f"{self.name}__HOST"), setting(f"{self.name}__PORT")
        if not host or not port.isdecimal():
            raise Undelivered(
                kind="misconfigured", code="no-address", text=f"settings {self.name}__HOST and {self.name}__PORT are not both set"
            )
        return lines.Address(host, int(port), _tls(self.name))

    async def close(self) -> None:
        """Close the open connections."""
        await lines.close(self.name)


@dataclass(slots=True, eq=False, repr=False)
class _Sending:
    """Whether any byte may have been sent. From then on a failure does not show whether the message was accepted."""

    began: bool = False


def judge(reply: Reply) -> Receipt:
    """The receipt of an acknowledgement that accepts; any other raises ``Undelivered``."""
    if reply.code in ACCEPTED:
        return Receipt(f"ack-{reply.code}")
    if reply.code in REJECTED:
        raise Undelivered(
            kind="permanent", code=f"ack-{reply.code}", text="the receiver rejected the message", detail=reply.detail
        )
    if (
        reply.code in ERROR
    ):  # the receiver is up and answers: the message caused the failure (shared/destinations/kinds/failures.py)
        raise Undelivered(kind="transient", code=f"ack-{reply.code}", text="the receiver reports an error", detail=reply.detail)
    raise Undelivered(kind="transient", code="ack-unknown", text="the acknowledgement has no known code", ambiguous=True)


def _frame(body: bytes) -> Iterable[bytes | memoryview]:
    if not control_id(body):
        raise Undelivered(
            kind="permanent", code="no-control-id", text="the message has no MSH-10 that an acknowledgement could name"
        )
    try:
        return frame(body)
    except ValueError:
        raise Undelivered(kind="permanent", code="block-character", text="the message holds a block character of MLLP") from None


def _tls(name: str) -> ssl.SSLContext | None:
    try:
        return client_context(name)
    except (OSError, ValueError):
        raise Undelivered(
            kind="misconfigured", code="tls-setting", text=f"settings {name}__CA, {name}__CERT or {name}__KEY cannot be read"
        ) from None


def _broken(error: Exception, began: bool) -> NoReturn:
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        raise Undelivered(
            kind="misconfigured", code="tls", text="the two sides do not trust each other", ambiguous=began
        ) from None
    if isinstance(error, TimeoutError):
        raise Undelivered(kind="transient", code="timeout", text="no answer in time", ambiguous=began) from None
    if isinstance(error, BadFrame):
        raise Undelivered(
            kind="transient", code="bad-frame", text="the answer is not an acknowledgement", ambiguous=began
        ) from None
    code = "line-broken" if began else "refused"
    raise Undelivered(kind="transient", code=code, text="the connection broke or was refused", ambiguous=began) from None
