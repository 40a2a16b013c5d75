"""One port: MLLP from the senders, each message to the hub, its answer back on the same connection."""

import asyncio
import logging
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from time import monotonic

from relay import frames
from relay.gate import Unavailable
from relay.hub import Hub
from relay.metrics import Metrics
from relay.settings import Listener
from shared.destinations.wire.acknowledgement import read_reply
from shared.destinations.wire.framing import BadFrame, framed
from shared.hl7 import header
from shared.hl7.ack import acknowledge
from shared.hl7.batch import is_batch
from shared.issue import Issue, Verdict

LOG = logging.getLogger("relay")
NO_ANSWER = Issue(severity="error", code="transient", text="the hub gave no answer; send the message again", rule="hub-away")
LARGE_AT_ONCE = 2  # messages above 1 MiB in hand at one time
HANDSHAKE = 10  # seconds for the handshake of TLS
NOT_IN_ORDER = ("peer", "full", "tls", "slow")  # nothing more is sent to such a sender: it may never read
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}  # a sender that is gone is noticed in two minutes


class Closing(Exception):
    """The connection is to be closed; the text is the reason in the metrics."""


class Server:
    """The listener of one port. ``async with Server(listener) as server``."""

    def __init__(self, listener: Listener, metrics: Metrics | None = None, large: frames.Places | None = None) -> None:
        self.listener, self.port = listener, listener.port
        self.metrics = metrics or Metrics()
        self.hub = Hub(listener.endpoint)
        self._large = large or frames.Places(LARGE_AT_ONCE)
        self._open = 0
        self._busy: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Listen. ``OSError``, ``ValueError``: the port is taken, or a file of the settings cannot be used."""
        one = self.listener
        self._tls = server_context(one) if one.certificate else None
        await self.hub.open()
        try:
            self._server = await asyncio.start_server(self._serve, one.host, one.port, limit=frames.WINDOW)
        except OSError:
            await self.hub.close()
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        self.metrics.hub.labels(one.name).set_function(lambda: float(self.hub.gate.state == "open"))
        LOG.info("listening", extra={"listener": one.name, "port": self.port})

    async def stop(self) -> None:
        """Take no more; messages that are on their way get their answer first."""
        self._server.close()
        self._stopping.set()
        if self._busy:
            _, late = await asyncio.wait(self._busy, timeout=self.listener.endpoint.timeout)
            for task in late:
                task.cancel()
        await self.hub.close()

    async def __aenter__(self) -> "Server":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self.metrics.connections.labels(self.listener.name).inc()
        try:
            if await self._is_served_to_its_end(reader, writer):
                writer.close()
                async with asyncio.timeout(self.listener.frame):
                    await writer.wait_closed()
        except OSError:
            pass  # the sender left, or does not read its last answer
        finally:
            # Without this, the answers that a sender does not read stay in memory for as long as it keeps the connection.
            writer.transport.abort()
            self._open -= 1
            self.metrics.connections.labels(self.listener.name).dec()

    async def _is_served_to_its_end(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve a connection. Whether it ended in order, so that what was written may still be sent."""
        try:
            self._admit(writer)
            if self._tls:
                await self._secure(writer, self._tls)
            await self._relay_all(reader, writer)
        except Closing as closing:
            self.metrics.closed.labels(self.listener.name, str(closing)).inc()
            LOG.info("connection closed", extra={"listener": self.listener.name, "reason": str(closing)})
            return str(closing) not in NOT_IN_ORDER
        return True

    def _admit(self, writer: asyncio.StreamWriter) -> None:
        """Raises ``Closing`` for a peer that is not in the settings, or one too many."""
        peer = ip_address(writer.get_extra_info("peername")[0].partition("%")[0])
        mapped = getattr(peer, "ipv4_mapped", None) or peer
        if self.listener.peers and not any(mapped in network for network in self.listener.peers):
            raise Closing("peer")
        if self._open > self.listener.connections:
            raise Closing("full")
        line = writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            if number := getattr(socket, name, None):  # not every system has them
                line.setsockopt(socket.IPPROTO_TCP, number, value)

    async def _secure(self, writer: asyncio.StreamWriter, tls: ssl.SSLContext) -> None:
        """Begin TLS, after the peer is known and counted: so no stranger can fill the process with handshakes that never end."""
        try:
            await writer.start_tls(tls, ssl_handshake_timeout=HANDSHAKE)
        except OSError:
            raise Closing("tls") from None

    async def _relay_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        while not self._stopping.is_set() and await self._one(reader, writer):
            pass

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Relay one message. Whether the connection goes on; ``Closing``: it must not."""
        first = await self._first_byte(reader)
        if not first:
            return False
        one = self.listener
        try:
            async with frames.message(reader, first, largest=one.largest, seconds=one.frame, large=self._large) as message:
                answer = await self._answer(message)
            if answer:  # its message is not in hand any more: a sender that does not read its answer keeps no place
                writer.write(_frame(answer))
                async with asyncio.timeout(one.frame):
                    await writer.drain()
        except TimeoutError:
            raise Closing("slow") from None
        except EOFError:
            raise Closing("cut") from None
        except BadFrame:
            raise Closing("bad-frame") from None
        return True

    async def _first_byte(self, reader: asyncio.StreamReader) -> bytes:
        """The first byte of the next message, when the hub may be asked. Empty: the sender or the relay ends in order."""
        reading = asyncio.create_task(self._when_ready(reader))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else b""
        except EOFError:
            return b""
        except TimeoutError as error:
            if error.errno:  # the system found that the sender is gone
                raise
            raise Closing("idle") from None
        finally:
            for task in (reading, stopping):
                task.cancel()
                with suppress(asyncio.CancelledError, EOFError, OSError):
                    await task

    async def _when_ready(self, reader: asyncio.StreamReader) -> bytes:
        await self.hub.gate.ready()
        async with asyncio.timeout(self.listener.idle or None):  # begins here: who waits for the hub is not idle
            return await frames.begin(reader)

    async def _answer(self, message: bytes) -> bytes:
        began = monotonic()
        try:
            answer = await self.hub.ask(message)
        except Unavailable as problem:
            self.metrics.answered(self.listener.name, "unanswered")
            LOG.warning("no answer", extra={"listener": self.listener.name, "reason": problem.state})
            if self.listener.on_failure == "close":
                raise Closing("hub") from None
            return refusal(message)
        self.metrics.seconds.labels(self.listener.name).observe(monotonic() - began)
        self.metrics.answered(self.listener.name, _outcome(answer))
        return answer


def _outcome(answer: bytes) -> str:
    """The code of an answer for the metrics. That of a batch has a code for each message, or none."""
    if not answer:
        return "none"
    return "batch" if is_batch(answer) else read_reply(answer).code


def _frame(answer: bytes) -> bytes:
    """The answer in its frame. ``BadFrame``: our own AE repeats a control id that has a block character in it."""
    try:
        return framed(answer)
    except ValueError:
        raise BadFrame("a block character") from None


def refusal(message: bytes) -> bytes:
    """AE: try again. Never AR, which many senders take as an order not to resend."""
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return acknowledge(header(message), Verdict("AE", (NO_ANSWER,)), stamp)


def server_context(listener: Listener) -> ssl.SSLContext:
    """TLS with the listener's certificate; with an authority, only for senders that have a certificate of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(listener.certificate, listener.private_key or None)
    if listener.authority:
        context.load_verify_locations(listener.authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
