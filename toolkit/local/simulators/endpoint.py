"""An HTTP endpoint that accepts any message by its status, HL7 v2 with an acknowledgement, and misbehaves on command."""

import base64
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from shared.destinations.wire.acknowledgement import control_id
from toolkit.local.simulators.mpi import Received, acknowledgement
from toolkit.local.simulators.script import Script
from toolkit.local.simulators.web_server import WebServer

LARGEST = 64 * 1024 * 1024  # bytes of a body
BEHAVIOURS = {
    "ok": "accept the message",
    "late": "accept it, and answer after so many seconds (1)",
    "status": "answer with this status (500); not taken",
    "busy": "429 with Retry-After (2); not taken",
    "reset": "the message is taken, then the connection is dropped",
    "drop": "the connection is dropped; not taken",
    "never": "no answer; taken",
}
ACKNOWLEDGED = {
    "AE": "AE to an HL7 v2 message, 422 to another; not taken",
    "AR": "AR to an HL7 v2 message, 422 to another; not taken",
}
NOT_TAKEN = {"status", "busy", "drop", *ACKNOWLEDGED}


class Endpoint(WebServer):
    """``async with Endpoint() as endpoint: endpoint.script.will("busy")``; ``endpoint.bodies`` has what was taken."""

    path = "/messages"
    behaviours: ClassVar[Mapping[str, str]] = BEHAVIOURS | ACKNOWLEDGED

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__(port, host)
        self.script = Script(self.behaviours)
        self.received: list[Received] = []

    @property
    def settings(self) -> dict[str, str]:
        """What points a destination at this simulator."""
        return {"URL": f"http://{self.host}:{self.port}{self.path}"}

    @property
    def bodies(self) -> list[bytes]:
        """The messages that were taken, in order."""
        return [message.body for message in self.received if message.taken]

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        app.add_routes([web.post(self.path, self._post)])
        return app

    def clear(self) -> None:
        """Forget what was received."""
        self.received.clear()

    def state(self) -> dict[str, Any]:
        """What was received, for the control port."""
        received = [m._asdict() | {"body": base64.b64encode(m.body).decode()} for m in self.received]
        return {"counts": dict(Counter(m.control_id for m in self.received if m.taken)), "received": received}

    def read(self, body: bytes) -> bytes:
        """The message in the body of a request."""
        return body

    def accept(self, message: bytes, behaviour: str) -> web.Response:
        """The answer of the endpoint itself."""
        if not message.startswith(b"MSH"):
            return web.Response(status=422 if behaviour in ACKNOWLEDGED else 202)
        code = behaviour if behaviour in ACKNOWLEDGED else "AA"
        return web.Response(body=acknowledgement(message, code)[1:-2], content_type="x-application/hl7-v2+er7")

    async def _post(self, request: web.Request) -> web.Response:
        message = self.read(await request.read())
        behaviour, number = self.script.next()
        named = control_id(message) if message.startswith(b"MSH") else ""
        self.received.append(Received(named, message, time.time(), behaviour not in NOT_TAKEN))
        if await self.is_dropped(request, behaviour, number):
            return web.Response()
        if behaviour == "busy":
            return web.Response(status=429, headers={"Retry-After": str(int(number or 2))})
        return web.Response(status=int(number or 500)) if behaviour == "status" else self.accept(message, behaviour)
