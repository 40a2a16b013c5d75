"""A Clinical Data Repository: a small FHIR R4 server that stores, searches and validates, and misbehaves on command.

python -m toolkit.local.simulators.cdr --port 8080 --control-port 8081
"""

import argparse
import asyncio
import base64
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from shared.fhir import Decimal, to_json
from shared.fhir.xml.read import read as read_xml
from shared.fhir.xml.write import write
from shared.problems import Unsupported
from shared.xml.parse import parse
from toolkit.local.simulators.cdr_store import CdrStore, Refused, Resource
from toolkit.local.simulators.control import serve
from toolkit.local.simulators.script import Script
from toolkit.local.simulators.web_server import WebServer, drop, half

FHIR, FHIR_XML = "application/fhir+json", "application/fhir+xml"
LARGEST = 256 * 1024 * 1024

# behaviour at a transaction -> what it does
BEHAVIOURS = {
    "ok": "do what was requested",
    "slow": "do it after so many seconds (1)",
    "late": "do it, and answer after so many seconds (1)",
    "status": "answer with this status (500) and an OperationOutcome; nothing is stored",
    "busy": "429 with Retry-After (2); nothing is stored",
    "away": "503 with Retry-After (2); nothing is stored",
    "redirect": "307 to another address; nothing is stored",
    "outcome-error": "200 with an OperationOutcome that is an error; nothing is stored",
    "html": "200 with a page; nothing is stored",
    "entry-failed": "200, with an entry that says 422; nothing is stored",
    "short": "do it, and answer with an entry too few",
    "cut": "do it, and send half of the answer",
    "reset": "do it, and drop the connection",
    "drop": "drop the connection; nothing is stored",
    "huge": "do it, and answer with 20 MB",
    "never": "no answer; nothing is stored",
    "overtaken": "change every patient first, as another client would, then process the request",
}


class Cdr(WebServer):
    """``async with Cdr() as cdr: cdr.script.will("busy:3")``; ``cdr.url`` is the base, ``cdr.store`` what it holds.

    With ``secret`` it takes only requests with a token, which ``POST /token`` gives to the client ``hub`` with that secret.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", *, secret: str = "", tls: Any = None) -> None:
        super().__init__(port, host, tls)
        self.secret = secret
        self.script, self.store = Script(BEHAVIOURS), CdrStore()
        self.received: list[Resource] = []
        self.requests: list[str] = []
        self.traceparents: list[str] = []  # of the requests, in their order; "" where there was none
        self.stored = 0
        self.tokens: list[str] = []
        self.token_lives = 3600
        self.is_talkative = False  # answers a PUT with the whole resource, although no client needs it

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}/fhir"

    @property
    def settings(self) -> dict[str, str]:
        """What points a destination at this simulator."""
        return {"URL": self.url}

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST, middlewares=[self._guard])
        app.add_routes(
            [
                web.post("/token", self._token),
                web.get("/fhir/metadata", self._metadata),
                web.post("/fhir", self._transaction),
                web.post("/fhir/{type}/_search", self._search),
                web.get("/fhir/{type}", self._search),
                web.get("/fhir/{type}/{id}", self._read),
                web.put("/fhir/{type}/{id}", self._put),
            ]
        )
        return app

    def clear(self) -> None:
        self.received.clear()
        self.requests.clear()
        self.store.versions.clear()

    def state(self) -> dict[str, Any]:
        """How many resources of each type are held, and the current versions."""
        held = [versions[-1] for versions in self.store.versions.values()]
        counts = Counter(each["resourceType"] for each in held)
        return {"transactions": len(self.received), "stored": self.stored, "counts": dict(counts), "resources": held}

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.raw_path}")
        self.traceparents.append(request.headers.get("traceparent", ""))
        try:
            self._refuse_strangers(request)
            answer: web.StreamResponse = await handler(request)
        except Refused as refused:
            answer = fhir(refused.outcome, refused.status)
        except (ValueError, KeyError, Unsupported):
            answer = fhir(Refused(400, "structure", "what came cannot be read").outcome, 400)
        return in_xml(answer) if wants_xml(request) and isinstance(answer, web.Response) else answer

    def _refuse_strangers(self, request: web.Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.secret and request.path != "/token" and token not in self.tokens:
            raise Refused(401, "login", "no valid token")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret"), form.get("grant_type")) != (
            "hub",
            self.secret,
            "client_credentials",
        ):
            return web.json_response({"error": "invalid_client"}, status=401)
        self.tokens.append(f"token-{len(self.tokens)}")
        return web.json_response({"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": self.token_lives})

    async def _metadata(self, request: web.Request) -> web.Response:
        kind = {"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1"}
        return fhir({**kind, "date": "2024-05-01", "format": [FHIR]})

    async def _read(self, request: web.Request) -> web.Response:
        content = self.store.current(request.match_info["type"], request.match_info["id"])
        return fhir(content, headers={"ETag": f'W/"{content["meta"]["versionId"]}"'})

    async def _put(self, request: web.Request) -> web.Response:
        key = request.match_info["type"], request.match_info["id"]
        self.store.refuse_other_version(key, request.headers.get("If-Match", ""))
        body = await request.read()
        if request.content_type in (FHIR, FHIR_XML, "application/json"):
            content = read(body, request.content_type)
        else:
            data = base64.b64encode(body).decode()
            content = {"resourceType": "Binary", "contentType": request.content_type, "data": data}
        status = int(self.store.put(key, content)[:3])
        is_minimal = request.headers.get("Prefer") == "return=minimal" and not self.is_talkative
        return web.Response(status=status) if is_minimal else fhir(self.store.current(*key), status)

    async def _search(self, request: web.Request) -> web.Response:
        form = await request.post() if request.method == "POST" else request.query
        query = urlencode([(key, str(value)) for key, value in form.items()])
        found = self.store.search(request.match_info["type"], query)
        entries = [
            {"fullUrl": f"{self.url}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}} for r in found
        ]
        return fhir({"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries})

    async def _transaction(self, request: web.Request) -> web.StreamResponse:
        bundle = read(await request.read(), request.content_type)
        if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
            raise Refused(400, "invalid", "only transactions are taken here")
        self.received.append(bundle)
        behaviour, number = self.script.next()
        if answer := await self._instead(request, behaviour, number):
            return answer
        if behaviour == "overtaken":
            self._overtake()
        answered = self.store.transaction(bundle)
        self.stored += 1
        return await self._answer(request, answered, behaviour, number)

    async def _instead(self, request: web.Request, behaviour: str, number: float) -> web.Response | None:
        """The answer of a behaviour that stores nothing."""
        if behaviour == "slow":
            await asyncio.sleep(number or 1)
        if behaviour in ("drop", "never") and await self.is_dropped(request, behaviour, number):
            return web.Response()
        return instead(behaviour, number)

    def _overtake(self) -> None:
        for (kind, id_), versions in list(self.store.versions.items()):
            if kind == "Patient":
                self.store.put((kind, id_), {**versions[-1], "language": f"x-{len(versions)}"})

    async def _answer(self, request: web.Request, answered: Resource, behaviour: str, number: float) -> web.StreamResponse:
        match behaviour:
            case "late":
                await asyncio.sleep(number or 1)
            case "short":
                answered["entry"] = answered["entry"][:-1]
            case "huge":
                answered["id"] = "x" * 20_000_000
            case "reset":
                return drop(request)
            case "cut":
                body, media = (write(answered), FHIR_XML) if wants_xml(request) else (to_json(answered), FHIR)
                return await half(request, web.Response(body=body, headers={"Content-Type": media}))
        return fhir(answered)


def instead(behaviour: str, number: float) -> web.Response | None:
    """What goes back in place of doing it; ``None`` when it is done."""
    refused = Refused(int(number or 500), "processing", "configured to refuse").outcome
    match behaviour:
        case "status":
            return fhir(refused, int(number or 500))
        case "busy" | "away":
            return fhir(refused, 429 if behaviour == "busy" else 503, {"Retry-After": str(int(number or 2))})
        case "redirect":
            return web.Response(status=307, headers={"Location": "/elsewhere"})
        case "outcome-error":
            return fhir(refused)
        case "html":
            return web.Response(text="<html><body>Please sign in</body></html>", content_type="text/html")
        case "entry-failed":
            return fhir({"resourceType": "Bundle", "type": "transaction-response", "entry": [_failed(refused)]})
    return None


def _failed(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {"response": {"status": "422 Unprocessable Entity", "outcome": outcome}}


def fhir(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A resource as an answer."""
    return web.Response(body=to_json(dict(content)), status=status, content_type=FHIR, headers=headers)


def wants_xml(request: web.Request) -> bool:
    return request.headers.get("Accept", "").startswith(FHIR_XML)


def in_xml(answer: web.Response) -> web.Response:
    """The same answer in XML, if it is a resource."""
    if answer.content_type != FHIR or not isinstance(answer.body, bytes):
        return answer
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in ("content-type", "content-length")}
    content = json.loads(answer.body, parse_float=Decimal)
    return web.Response(body=write(content), status=answer.status, content_type=FHIR_XML, headers=headers)


def read(body: bytes, media: str = FHIR) -> Resource:
    """A resource, with the digits of its decimals."""
    if media == FHIR_XML:
        return read_xml(parse(body))
    content = json.loads(body, parse_float=Decimal)
    if not isinstance(content, dict):
        raise ValueError("no resource")
    return content


def main() -> None:
    arguments = argparse.ArgumentParser(description="A Clinical Data Repository.")
    arguments.add_argument("--port", type=int, default=8080)
    arguments.add_argument("--control-port", type=int, default=8081)
    chosen = arguments.parse_args()
    asyncio.run(serve(Cdr(chosen.port), chosen.control_port))


if __name__ == "__main__":
    main()
