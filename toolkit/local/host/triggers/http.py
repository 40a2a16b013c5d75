"""The HTTP trigger: from request to function and back."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from toolkit.local.host.functions import Function, Reply, Value
from toolkit.local.host.invoker import Invoker
from toolkit.local.host.keys import Keys, given_key
from toolkit.local.host.triggers.routes import Route, match, route

LARGEST_BODY = 104_857_600  # FUNCTIONS_REQUEST_BODY_SIZE_LIMIT overrides
REASON = "This function was programmatically called via the host APIs."


class HttpTriggers:
    """All HTTP functions of the app behind one prefix."""

    def __init__(self, functions: list[Function], invoker: Invoker, keys: Keys, options: Mapping[str, Any]) -> None:
        self.functions = {function.name: function for function in functions}
        self.invoker, self.keys = invoker, keys
        prefix = str(options.get("routePrefix", "api"))
        self.routes = [_route(function, prefix) for function in functions]
        self.most = int(options.get("maxOutstandingRequests", -1))
        self.outstanding = 0
        self.disabled: frozenset[str] = frozenset()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """404 without a route, 401 without a key, 429 over the limit, else the function's answer."""
        found = match(self.routes, request.method, request.path)
        if found is None:
            return web.Response(status=404)
        chosen, parameters = found
        function, given = self.functions[chosen.name], given_key(request.headers, request.query)
        if function.name in self.disabled and not (self.keys.enforce and self.keys.allow_admin(given)):
            return web.Response(status=404)
        if not self.keys.allow(str(function.trigger.get("authLevel", "function")), function.name, given):
            return web.Response(status=401)
        if 0 <= self.most <= self.outstanding:
            return web.Response(status=429)
        self.outstanding += 1
        try:
            return await self._answer(request, function, parameters)
        finally:
            self.outstanding -= 1

    async def _answer(self, request: web.Request, function: Function, parameters: dict[str, str]) -> web.Response:
        body = await _body(request)
        headers = request.headers
        done = await self.invoker.invoke(
            function,
            Value(
                "http",
                {
                    "method": request.method,
                    "url": str(request.url),
                    # As Azure's host: header names in lower case, repeated values joined by commas, no empty query values.
                    "headers": _joined((name.lower(), value) for name, value in request.headers.items()),
                    "query": {name: value for name, value in _joined(request.query.items()).items() if value},
                    "params": parameters,
                    "body": body,
                },
            ),
            REASON,
            traceparent=headers.get("traceparent", ""),
            tracestate=headers.get("tracestate", ""),
        )
        return response(done.returned) if done.ok else web.Response(status=500)


async def _body(request: web.Request) -> bytes:
    """Only a request with a Content-Length has a body: a chunked one arrives empty, as in Azure (host issue 4926)."""
    return await request.read() if request.content_length else b""


def _joined(pairs: Any) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def response(returned: Value | None) -> web.Response:
    """The function's answer as it is; ``None`` is a 500; text is 200."""
    if returned is None or returned.value is None:
        return web.Response(status=500)
    if returned.kind != "http":
        data = returned.value if isinstance(returned.value, bytes) else str(returned.value).encode()
        return web.Response(body=data, headers={"Content-Type": "text/plain; charset=utf-8"})
    reply: Reply = returned.value
    headers = CIMultiDict(reply.headers)
    for cookie in reply.cookies:
        headers.add("Set-Cookie", cookie)
    return web.Response(status=reply.status, headers=headers, body=reply.body)


def _route(function: Function, prefix: str) -> Route:
    trigger = function.trigger
    template = trigger.get("route")
    return route(function.name if template is None else template, tuple(trigger.get("methods") or ()), function.name, prefix)
