"""A simulated old engine for a parallel run: it takes the feed, copies each message to the hub, and reports what it made of it.

What it makes is the output of the same integration, changed as a person says, message by message: ``same``, ``value:PID-8``,
``lacks:PID-13``, ``adds:PID-14`` (fields of HL7 v2), ``silent`` (it reports nothing), ``refused``.
"""

from collections import deque
from collections.abc import Iterable
from typing import Self

import aiohttp
import orjson
from aiohttp import web

from shared.check import run
from shared.envelope import Envelope
from shared.integration import Integration
from toolkit.samples import RECEIVED_AT

ACTS = ("same", "value", "lacks", "adds", "silent", "refused")
FIELDS = ("value", "lacks", "adds")
OTHER = "OLDENGINE"  # what it writes into a field that differs; no table has it


def parsed(text: str) -> tuple[str, list[str]]:
    """``NAME`` or ``NAME=act,act:PATH``: the integration, and how its next messages differ. ``ValueError``: not in this form.

    >>> parsed("phw-to-mpi=value:PID-8,silent"), parsed("phw-to-mpi")
    (('phw-to-mpi', ['value:PID-8', 'silent']), ('phw-to-mpi', []))
    """
    name, _, listed = text.partition("=")
    acts = [act for act in listed.split(",") if act]
    for act in acts:
        kind, _, path = act.partition(":")
        if kind not in ACTS or bool(path) is not (kind in FIELDS) or (path and not path.rpartition("-")[2].isdecimal()):
            raise ValueError(f"not what an old engine does: {', '.join(ACTS)}, value, lacks and adds with a field: value:PID-8")
    return name, acts


class OldEngine:
    """``async with OldEngine(integration, hub_url) as engine``: messages are posted to ``engine.url``."""

    def __init__(self, integration: Integration, hub: str, acts: Iterable[str] = (), port: int = 0) -> None:
        self.integration, self.hub, self.port = integration, hub, port
        self.acts = deque(acts)  # for the next messages; then it is the same
        self.sent: list[bytes] = []  # what it delivered
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """What ``./hub send --url`` takes."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=100 * 1024 * 1024)
        app.router.add_post(f"/api/v1/{self.integration.name}", self._receive)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._session = aiohttp.ClientSession(self.hub)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        """The sender gets the old engine's answer; here that is the hub's, because the engine is a stand-in."""
        body, kind = await request.read(), request.headers.get("content-type", "")
        path = f"/api/v1/{self.integration.name}"
        async with self._session.post(path, data=body, headers={"content-type": kind}) as answer:
            answered = web.Response(
                status=answer.status, body=await answer.read(), headers={"Location": answer.headers.get("Location", "")}
            )
        if report := self.made(body, kind):
            async with self._session.post(f"{path}/legacy", data=orjson.dumps(report)) as kept:
                kept.raise_for_status()
        return answered

    def made(self, body: bytes, kind: str) -> dict[str, object] | None:
        """Its report of one message; ``None`` when it reports nothing."""
        act = self.acts.popleft() if self.acts else "same"
        envelope = Envelope(integration=self.integration.name, body=body, received_at=RECEIVED_AT, content_type=kind)
        ran = run(self.integration, envelope)
        outgoing = [differing(part.body, act) for part in ran.outgoing]
        control = self.integration.source.identity(self.integration.source.read(envelope), envelope).control_id
        if act == "silent":
            return None
        if act == "refused" or not outgoing:
            return {"control_id": control, "out": None}
        self.sent += outgoing
        return {"control_id": control, "out": [each.decode() for each in outgoing]}


def differing(body: bytes, act: str) -> bytes:
    """An HL7 v2 message with one field changed.

    >>> differing(b"PID|1|X", "lacks:PID-2"), differing(b"PID|1", "adds:PID-3"), differing(b"PID|1|X", "same")
    (b'PID|1|', b'PID|1||OLDENGINE', b'PID|1|X')
    """
    kind, _, path = act.partition(":")
    if kind not in FIELDS:
        return body
    name, _, number = path.rpartition("-")
    lines = body.split(b"\r")
    for at, line in enumerate(lines):
        fields = line.split(b"|")
        if fields[0] == name.encode():
            fields += [b""] * (int(number) + 1 - len(fields))
            fields[int(number)] = b"" if kind == "lacks" else OTHER.encode()
            lines[at] = b"|".join(fields)
    return b"\r".join(lines)
