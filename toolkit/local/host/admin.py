"""The host's own endpoints under ``/admin``, all behind the master key except ping."""

import json
import time
from collections.abc import Coroutine
from typing import Any, Protocol

from aiohttp import web

from toolkit.local.host.functions import Function, Value
from toolkit.local.host.invoker import Invoker
from toolkit.local.host.keys import Keys, given_key

VERSION = "4.1037.0"  # of the host whose rules this one keeps
REASON = "This function was programmatically called via the host APIs."


class Running(Protocol):
    """What these endpoints need of the host."""

    keys: Keys
    invoker: Invoker
    functions: list[Function]
    disabled: frozenset[str]
    errors: dict[str, str]
    draining: bool

    def background(self, work: Coroutine[Any, Any, Any]) -> None: ...

    async def drain(self) -> None: ...


class Admin:
    """``status``, ``ping``, functions, drain, keys and warm-up."""

    def __init__(self, host: Running) -> None:
        self.host, self.started = host, time.time()

    def routes(self) -> list[web.RouteDef]:
        guarded = [
            web.get("/admin/host/status", self._guarded(self.status)),
            web.get("/admin/functions", self._guarded(self.functions)),
            web.get("/admin/functions/{name}", self._guarded(self.function)),
            web.get("/admin/functions/{name}/status", self._guarded(self.function_status)),
            web.post("/admin/functions/{name}", self._guarded(self.run)),
            web.post("/admin/host/drain", self._guarded(self.drain)),
            web.get("/admin/host/drain/status", self._guarded(self.drain_status)),
            web.get("/admin/host/keys", self._guarded(self.host_keys)),
            web.get("/admin/host/functionkeys", self._guarded(self.host_keys)),
            web.get("/admin/host/systemkeys", self._guarded(self.system_keys)),
            web.get("/admin/warmup", self._guarded(self.warmup)),
        ]
        return [
            *guarded,
            web.get("/admin/host/ping", self.ping),
            web.post("/admin/host/ping", self.ping),
            web.get("/", self.home),
        ]

    def _guarded(self, handler: Any) -> Any:
        async def check(request: web.Request) -> web.StreamResponse:
            if not self.host.keys.allow_admin(given_key(request.headers, request.query)):
                return web.Response(status=401)
            answer: web.StreamResponse = await handler(request)
            return answer

        return check

    async def home(self, _: web.Request) -> web.Response:
        return web.Response(
            text="<!doctype html><title>Local host</title><p>Your function app is up and running", content_type="text/html"
        )

    async def ping(self, _: web.Request) -> web.Response:
        return web.Response()

    async def warmup(self, _: web.Request) -> web.Response:
        return web.Response()

    async def status(self, _: web.Request) -> web.Response:
        state = "Draining" if self.host.draining else "Running"
        uptime = int((time.time() - self.started) * 1000)
        return web.json_response(
            {
                "id": "local",
                "state": state,
                "version": VERSION,
                "processUptime": uptime,
                "errors": list(self.host.errors.values()),
            }
        )

    async def functions(self, _: web.Request) -> web.Response:
        return web.json_response([self._face(function) for function in self.host.functions])

    async def function(self, request: web.Request) -> web.Response:
        found = self._named(request)
        return web.json_response(self._face(found)) if found else web.Response(status=404)

    async def function_status(self, request: web.Request) -> web.Response:
        found = self._named(request)
        if found is None:
            return web.Response(status=404)
        error = self.host.errors.get(found.name)
        return web.json_response({"errors": [error]} if error else {})

    async def run(self, request: web.Request) -> web.Response:
        """``{"input": "..."}`` runs a function of any trigger and answers at once."""
        found = self._named(request)
        if found is None:
            return web.Response(status=404)
        try:
            given = json.loads(await request.read())["input"]
        except (ValueError, KeyError, TypeError):
            return web.Response(status=400)
        self.host.background(self.host.invoker.invoke(found, _input(found, given), REASON))
        return web.Response(status=202)

    async def drain(self, _: web.Request) -> web.Response:
        self.host.background(self.host.drain())
        return web.Response(status=202)

    async def drain_status(self, _: web.Request) -> web.Response:
        outstanding = self.host.invoker.outstanding
        state = "Disabled" if not self.host.draining else "InProgress" if outstanding else "Completed"
        return web.json_response({"state": state, "outstandingInvocations": outstanding, "outstandingRetries": 0})

    async def host_keys(self, _: web.Request) -> web.Response:
        return _keys(self.host.keys.host)

    async def system_keys(self, _: web.Request) -> web.Response:
        return _keys(self.host.keys.system)

    def _named(self, request: web.Request) -> Function | None:
        name = request.match_info["name"].lower()
        return next((function for function in self.host.functions if function.name.lower() == name), None)

    def _face(self, function: Function) -> dict[str, Any]:
        face = {"name": function.name, "language": "python", "isDisabled": function.name in self.host.disabled}
        return {**face, "config": {"bindings": list(function.bindings)}}


def _keys(keys: dict[str, str]) -> web.Response:
    return web.json_response({"keys": [{"name": name, "value": value} for name, value in keys.items()]})


def _input(function: Function, given: Any) -> Value:
    text = given if isinstance(given, str) else json.dumps(given)
    if function.kind == "httpTrigger":
        return Value("http", {"method": "POST", "url": "", "headers": {}, "query": {}, "params": {}, "body": text.encode()})
    if function.kind == "queueTrigger":
        return Value("bytes", text.encode())
    if function.kind == "timerTrigger":
        return Value("json", json.dumps({"IsPastDue": False, "Schedule": {}, "ScheduleStatus": {}}))
    return Value("json", text or "{}")
