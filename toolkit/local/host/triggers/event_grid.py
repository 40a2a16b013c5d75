"""The Event Grid webhook, with its handshakes: ``/runtime/webhooks/eventgrid?functionName=F``."""

import asyncio
import json
from typing import Any

from aiohttp import web

from toolkit.local.host.functions import Done, Function, Value
from toolkit.local.host.invoker import Invoker
from toolkit.local.host.keys import Keys, given_key

PATH = "/runtime/webhooks/eventgrid"
METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS")
ORIGINS = ("eventgrid.azure.net", "eventgrid.azure.us", "eventgrid.azure.cn")
REASON = "EventGrid trigger fired."


class EventGridWebhook:
    """One address for every Event Grid function."""

    def __init__(self, functions: list[Function], invoker: Invoker, keys: Keys) -> None:
        self.functions = {function.name.lower(): function for function in functions}
        self.invoker, self.keys = invoker, keys

    async def handle(self, request: web.Request) -> web.Response:
        if not self.keys.allow("system", "", given_key(request.headers, request.query)):
            return web.Response(status=401)
        if request.method not in METHODS:
            return web.Response(status=404)
        name = request.query.get("functionName", "")
        function = self.functions.get(name.lower())
        if function is None:
            return web.Response(status=404, text=f"cannot find function: '{name}'")
        if request.method == "OPTIONS":
            return _allowed(request.headers.get("WebHook-Request-Origin", ""))
        return await self._event(request, function)

    async def _event(self, request: web.Request, function: Function) -> web.Response:
        kind = request.headers.get("aeg-event-type", "").lower()
        if kind == "subscriptionvalidation":
            return web.json_response({"validationResponse": _validation_code(json.loads(await request.read()))})
        if kind == "notification":
            return await self._notify(function, json.loads(await request.read()))
        return web.Response(status=202 if kind == "unsubscribe" else 400)

    async def _notify(self, function: Function, document: Any) -> web.Response:
        """One call for each event, all in parallel; one failure and Event Grid sends the whole batch again."""
        events = document if isinstance(document, list) else [document]
        ended: list[Done] = await asyncio.gather(
            *(self.invoker.invoke(function, Value("json", json.dumps(event)), REASON) for event in events)
        )
        failed = next((done for done in ended if not done.ok), None)
        return web.Response(status=500, text=failed.error) if failed else web.Response(status=202)


def _allowed(origin: str) -> web.Response:
    return web.Response(headers={"Webhook-Allowed-Origin": origin if origin.lower() in ORIGINS else ORIGINS[0]})


def _validation_code(document: Any) -> str:
    """``data.validationCode`` of the first event; a lone CloudEvent's ``data`` may be text that is parsed once more."""
    event = document[0] if isinstance(document, list) else document
    data = event.get("data", {})
    return str((json.loads(data) if isinstance(data, str) else data).get("validationCode", ""))
