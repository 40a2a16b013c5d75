"""A Master Patient Index with an MLLP interface, keeps what it receives, and fails on command.

python -m toolkit.local.simulators.mpi --port 2575 --control-port 2576
"""

import argparse
import asyncio
import base64
import ssl
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from shared.destinations.wire.acknowledgement import control_id
from shared.destinations.wire.framing import BadFrame, framed, read_frame
from toolkit.local.simulators.control import serve
from toolkit.local.simulators.script import Script

LARGEST = 64 * 1024 * 1024

# behaviour -> what it does. A message is taken (committed) unless it says otherwise.
BEHAVIOURS = {
    "ok": "AA",
    "CA": "CA",
    "late": "AA after so many seconds (1)",
    "wrong-id": "AA that names another message, and nothing more; not taken",
    "stray-then-ok": "AA that names another message, then the right one",
    "twice": "AA, and the same AA again",
    "AE": "AE with an ERR; not taken",
    "AR": "AR with an ERR; not taken",
    "AE-then-AA": "AE, and at once AA for the same message",
    "never": "no answer; the line stays open and later messages are answered",
    "half-open": "no answer to this or anything later on the line",
    "half-frame": "half of the AA, then the line is closed",
    "drip": "AA, a byte at a time, so many seconds apart (0.05)",
    "drop": "the line is closed before the message is taken",
    "reset": "the message is taken, then the line is reset",
    "wrong-charset": "AA in UTF-16",
    "garbage": "a frame that is no acknowledgement",
    "huge": "a frame of a megabyte",
}
NOT_TAKEN = ("AE", "AR", "drop", "wrong-id")


class Received(NamedTuple):
    """One message as it came in."""

    control_id: str
    body: bytes
    at: float
    taken: bool


@dataclass(slots=True)
class Line:
    """One sender's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


class Mpi:
    """The simulator: ``async with Mpi() as mpi: mpi.script.will("late:2", "AE")``."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.port, self.host, self.tls = port, host, tls
        self.script = Script(BEHAVIOURS)
        self.received: list[Received] = []
        self.connections = 0
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def counts(self) -> Counter[str]:
        """How often a message of each control id was taken."""
        return Counter(message.control_id for message in self.received if message.taken)

    @property
    def bodies(self) -> list[bytes]:
        """The messages that were taken, in order."""
        return [message.body for message in self.received if message.taken]

    @property
    def settings(self) -> dict[str, str]:
        """What points a destination at this simulator."""
        return {"HOST": self.host, "PORT": str(self.port)}

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self.tls, limit=LARGEST)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def clear(self) -> None:
        """Forget what was received."""
        self.received.clear()

    def state(self) -> dict[str, Any]:
        """What was received, for the control port."""
        return {
            "connections": self.connections,
            "counts": dict(self.counts),
            "received": [m._asdict() | {"body": base64.b64encode(m.body).decode()} for m in self.received],
        }

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while await self._one(Line(reader, writer)):
                pass
        except (EOFError, OSError, BadFrame):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, line: Line) -> bool:
        """Take one message and answer it; whether the line goes on."""
        body = await read_frame(line.reader)
        behaviour, number = self.script.next()
        self.received.append(Received(control_id(body), body, time.time(), behaviour not in NOT_TAKEN))
        return await _answer(line, behaviour, number, body)


async def _answer(line: Line, behaviour: str, number: float, body: bytes) -> bool:
    match behaviour:
        case "late":
            await asyncio.sleep(number or 1)
        case "half-open":
            await asyncio.Event().wait()
        case "drip":
            for byte in acknowledgement(body):
                await line.send(bytes([byte]))
                await asyncio.sleep(number or 0.05)
            return True
        case "drop":
            return False
        case "reset":
            line.writer.transport.abort()
            return False
        case "half-frame":
            await line.send(acknowledgement(body)[:20])
            return False
    await line.send(replies(behaviour, body))
    return True


def replies(behaviour: str, body: bytes) -> bytes:
    """The bytes that go back for a behaviour that answers at once."""
    match behaviour:
        case "never":
            return b""
        case "CA" | "AE" | "AR":
            return acknowledgement(body, behaviour)
        case "wrong-id":
            return acknowledgement(body, names="OTHER_PATIENT-ELSE")
        case "stray-then-ok":
            return acknowledgement(body, names="OTHER_PATIENT-ELSE") + acknowledgement(body)
        case "twice":
            return acknowledgement(body) * 2
        case "AE-then-AA":
            return acknowledgement(body, "AE") + acknowledgement(body)
        case "wrong-charset":
            return framed(acknowledgement(body)[1:-2].decode().encode("utf-16"))
        case "garbage":
            return framed(b"HTTP/1.1 400 Bad Request")
        case "huge":
            return framed(acknowledgement(body)[1:-2] + b"NTE|1||" + b"x" * 1_000_000)
    return acknowledgement(body)


def acknowledgement(body: bytes, code: str = "AA", names: str = "") -> bytes:
    """The framed acknowledgement of a message; an ERR and a text go with a refusal."""
    fields = body.split(b"\r")[0].split(b"|") + [b""] * 12
    sender, receiver, version = fields[4:6], fields[2:4], fields[11] or b"2.5"
    head = [
        b"MSH",
        b"^~\\&",
        *sender,
        *receiver,
        time.strftime("%Y%m%d%H%M%S").encode(),
        b"",
        b"ACK",
        b"MPI%d" % time.monotonic_ns(),
        b"P",
    ]
    refused = code in ("AE", "AR")
    text = b"|the index refuses this message\rERR||PID^1^3|204|E" if refused else b""
    named = names.encode() or control_id(body).encode("utf-8", "surrogateescape")
    return framed(b"|".join([*head, version]) + b"\rMSA|" + code.encode() + b"|" + named + text + b"\r")


def main() -> None:
    arguments = argparse.ArgumentParser(description="A Master Patient Index with an MLLP interface.")
    arguments.add_argument("--port", type=int, default=2575)
    arguments.add_argument("--control-port", type=int, default=2576)
    chosen = arguments.parse_args()
    asyncio.run(serve(Mpi(chosen.port), chosen.control_port))


if __name__ == "__main__":
    main()
