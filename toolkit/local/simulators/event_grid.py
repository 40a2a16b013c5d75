"""An Event Grid topic: takes what the SDK publishes, in both schemas, and delivers to subscriptions; loses, doubles and
reorders on command.

    python -m toolkit.local.simulators.event_grid --port 6500 --control-port 6501 --subscriptions subscriptions.json
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
from aiohttp import web

from toolkit.local.simulators.control import serve
from toolkit.local.simulators.event_grid_delivery import Deliverer, Subscription
from toolkit.local.simulators.script import Script
from toolkit.local.simulators.web_server import WebServer, drop

BEHAVIOURS = {
    "ok": "deliver the event",
    "double": "deliver it twice",
    "lose": "never deliver it",
    "hold": "deliver it only after the next event has been delivered",
    "late": "deliver it after so many seconds (1)",
    "refuse": "answer the publisher with this status (503); nothing is kept",
    "cut": "keep and deliver it, but close the publisher's connection",
}
LOCAL_KEY = base64.b64encode(b"the local topic's key").decode()
LARGEST_REQUEST = 1024 * 1024
REQUIRED = ("id", "subject", "data", "eventType", "eventTime", "dataVersion")
REQUIRED_CLOUD = ("id", "source", "type", "specversion")
CLOUD_TYPES = ("application/cloudevents+json", "application/cloudevents-batch+json")


class EventGrid(WebServer):
    """``async with EventGrid() as grid: await grid.subscribe(Subscription("phw", url=...))``; publish to ``grid.endpoint``."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1", key: str = LOCAL_KEY, speed: float = 1) -> None:
        super().__init__(port, host)
        self.key, self.speed = key, speed
        self.script = Script(BEHAVIOURS)
        self.received: list[dict[str, Any]] = []
        self.subscriptions: dict[str, Subscription] = {}
        self._held: list[dict[str, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}/api/events"

    @property
    def dead(self) -> list[dict[str, Any]]:
        """The dead letters, each with its reason."""
        return self.deliverer.dead

    @property
    def settings(self) -> dict[str, str]:
        """What points a destination at this simulator."""
        return {"ENDPOINT": self.endpoint, "KEY": self.key}

    async def start(self) -> None:
        self.deliverer = Deliverer(aiohttp.ClientSession(), self.speed)
        await super().start()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2 * LARGEST_REQUEST)
        app.add_routes([web.post("/api/events", self._publish), web.post("/{topic}/api/events", self._publish)])
        return app

    async def stop(self) -> None:
        await super().stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.deliverer.session.close()

    async def subscribe(self, subscription: Subscription, *, cloud: bool = True) -> None:
        """Deliver to it from now on, once the handshake of the schema has succeeded."""
        await self.deliverer.shake_hands(subscription, self.topic, cloud)
        self.subscriptions[subscription.name] = subscription

    @property
    def topic(self) -> str:
        return "/subscriptions/local/resourceGroups/local/providers/Microsoft.EventGrid/topics/local"

    def publish(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Take events as a system topic raises them (a blob was created, ...)."""
        for event in events:
            self._take(dict(event), *self.script.next())

    async def idle(self) -> None:
        """Until nothing is on its way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def clear(self) -> None:
        self.received.clear()
        self.deliverer.dead.clear()
        self.deliverer.delivered.clear()

    def state(self) -> dict[str, Any]:
        delivered = self.deliverer.delivered
        return {"received": self.received, "delivered": delivered, "dead": self.dead, "subscriptions": list(self.subscriptions)}

    async def _publish(self, request: web.Request) -> web.Response:
        problem = self._refusal(request)
        if problem:
            return problem
        try:
            events = read_events(request.content_type, await request.read())
        except ValueError as error:
            return refusal(400, "BadRequest", str(error))
        behaviour, number = self.script.next()
        if behaviour == "refuse":
            return refusal(int(number or 503), "ServerBusy", "configured to refuse")
        for event in events:
            self._take(event, behaviour, number)
        return drop(request) if behaviour == "cut" else web.Response()

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.query.get("api-version") != "2018-01-01":
            return refusal(400, "BadRequest", "api-version is missing or not supported")
        if not self._admits(request.headers):
            return refusal(401, "Unauthorized", "no valid key, signature or token")
        if (request.content_length or 0) > LARGEST_REQUEST:
            return refusal(413, "RequestEntityTooLarge", "more than 1 MB")
        return None

    def _admits(self, headers: Mapping[str, str]) -> bool:
        if "aeg-sas-key" in headers:
            return hmac.compare_digest(headers["aeg-sas-key"], self.key)
        if "aeg-sas-token" in headers:
            return is_signed(headers["aeg-sas-token"], self.key)
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and token != ""

    def _take(self, event: dict[str, Any], behaviour: str, number: float) -> None:
        if "specversion" not in event:
            event |= {"topic": event.get("topic") or self.topic, "metadataVersion": "1"}
        self.received.append(event)
        if behaviour == "hold":
            self._held.append(event)
        elif behaviour != "lose":
            self._send(event, 2 if behaviour == "double" else 1, (number or 1) if behaviour == "late" else 0)

    def _send(self, event: dict[str, Any], times: int, wait: float) -> None:
        task = asyncio.create_task(self._fan_out(event, times, wait, self._held))
        self._held = []
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fan_out(self, event: dict[str, Any], times: int, wait: float, held: Sequence[dict[str, Any]]) -> None:
        await asyncio.sleep(wait)
        for one in [event] * times + list(held):
            matching = [s for s in self.subscriptions.values() if s.wants(one)]
            await asyncio.gather(*(self.deliverer.deliver(subscription, one) for subscription in matching))


def read_events(content_type: str, body: bytes) -> list[dict[str, Any]]:
    """The events of a publish request; ``ValueError`` names what is wrong."""
    parsed = json.loads(body)
    events = [parsed] if content_type == CLOUD_TYPES[0] else parsed
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError("the body is not an array of events")
    required = REQUIRED_CLOUD if content_type in CLOUD_TYPES else REQUIRED
    for event in events:
        absent = [name for name in required if event.get(name) in (None, "")]
        if absent and not (absent == ["subject"] and "subject" in event):
            raise ValueError(f"required fields are absent: {', '.join(absent)}")
    return events


def is_signed(token: str, key: str) -> bool:
    """Whether a SAS token (``r=..&e=..&s=..``) is signed with the key and has not run out."""
    unsigned, _, signature = token.partition("&s=")
    digest = hmac.new(base64.b64decode(key), unsigned.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), unquote(signature)):
        return False
    ends = datetime.fromisoformat(unquote(unsigned.partition("&e=")[2]))
    return ends.replace(tzinfo=ends.tzinfo or UTC) > datetime.now(UTC)


def refusal(status: int, code: str, text: str) -> web.Response:
    """An error as Event Grid says it."""
    return web.json_response({"error": {"code": code, "message": text, "details": []}}, status=status)


def main() -> None:
    arguments = argparse.ArgumentParser(description="An Event Grid topic.")
    arguments.add_argument("--port", type=int, default=6500)
    arguments.add_argument("--control-port", type=int, default=6501)
    arguments.add_argument("--subscriptions", type=Path, help="a JSON array; no handshake is made with these")
    chosen = arguments.parse_args()
    grid = EventGrid(chosen.port)
    for each in json.loads(chosen.subscriptions.read_bytes()) if chosen.subscriptions else []:
        grid.subscriptions[each["name"]] = Subscription(**each)
    asyncio.run(serve(grid, chosen.control_port))


if __name__ == "__main__":
    main()
