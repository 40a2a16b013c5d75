"""The Welsh Immunisation System (WIS): a SOAP 1.1 service that takes HL7 v2 in ``SendHL7Message``, and misbehaves on command.

python -m toolkit.local.simulators.wis --port 8082 --control-port 8083
"""

import argparse
import asyncio
import base64
import ssl
import time
from collections import Counter
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from lxml.etree import _Element as Element

from shared.destinations.soap import Operation
from shared.destinations.wire.acknowledgement import control_id
from shared.formats.soap.envelope import V11, opened
from shared.problems import Unsupported
from shared.xml.parse import parse
from toolkit.local.simulators.control import serve
from toolkit.local.simulators.mpi import Received, acknowledgement
from toolkit.local.simulators.script import Script
from toolkit.local.simulators.web_server import WebServer, half
from toolkit.local.simulators.wis_wsdl import wsdl

LARGEST = 64 * 1024 * 1024
NAMESPACE = "urn:example:wis:messages"
OPERATION = Operation(namespace=NAMESPACE, action=f"{NAMESPACE}/SendHL7Message")
MESSAGE = f"{V11.name('Body')}/{{{NAMESPACE}}}{OPERATION.name}/{{{NAMESPACE}}}{OPERATION.parameter}"

# behaviour -> what it does. A message is taken (committed) unless it is in NOT_TAKEN.
BEHAVIOURS = {
    "ok": "AckResponse with AA",
    "er7": "the acknowledgement as ER7 in the answer, as .NET services often write it",
    "v2xml": "the acknowledgement in the XML encoding of HL7 v2",
    "late": "AA after so many seconds (1)",
    "AE": "AckResponse with AE; not taken",
    "AR": "AckResponse with AR; not taken",
    "other": "AA that names another message; not taken",
    "words": "a success whose text has the word AA and no acknowledgement; not taken",
    "fault": "500 with a fault of the code Server; not taken",
    "fault-client": "500 with a fault of the code Client.Validation; not taken",
    "fault-access": "500 with a fault of WS-Security; not taken",
    "fault-200": "200 with a fault of the code Server, as some services write it; not taken",
    "page": "200 with a page to sign in; not taken",
    "empty": "200 without a body; not taken",
    "one-way": "202 without a body; taken",
    "status": "this status (503) with a page; not taken",
    "busy": "503 with Retry-After (2); not taken",
    "redirect": "302 to a page to sign in; not taken",
    "cut": "half of the answer; taken",
    "reset": "the connection is dropped; taken",
    "drop": "the connection is dropped; not taken",
    "never": "no answer; taken",
    "attack": "an answer with a document type and an entity; not taken",
}
NOT_TAKEN = {
    *("AE", "AR", "other", "words", "fault", "fault-client", "fault-access", "fault-200", "page", "empty", "status", "busy"),
    *("redirect", "drop", "attack"),
}
PAGE = "<!DOCTYPE html><html><body>Sign in. AA</body></html>"


class Wis(WebServer):
    """``async with Wis() as wis: wis.script.will("late:2", "AE")``; ``wis.received`` has the messages as ER7.

    With ``key`` it takes only calls with this value in the header ``x-api-key``.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", *, key: str = "", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(port, host, tls)
        self.key = key
        self.script = Script(BEHAVIOURS)
        self.received: list[Received] = []
        self.requests: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}/messages"

    @property
    def settings(self) -> dict[str, str]:
        """What points a destination at this simulator."""
        return {"URL": self.url}

    @property
    def counts(self) -> Counter[str]:
        """How often a message of each control id was taken."""
        return Counter(message.control_id for message in self.received if message.taken)

    @property
    def bodies(self) -> list[bytes]:
        """The messages that were taken, in order."""
        return [message.body for message in self.received if message.taken]

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        app.add_routes([web.post("/messages", self._post), web.get("/messages", self._describe)])
        return app

    def clear(self) -> None:
        """Forget what was received."""
        self.received.clear()
        self.requests.clear()

    def state(self) -> dict[str, Any]:
        """What was received, for the control port."""
        received = [m._asdict() | {"body": base64.b64encode(m.body).decode()} for m in self.received]
        return {"counts": dict(self.counts), "received": received}

    async def _describe(self, request: web.Request) -> web.Response:
        """``GET /messages?wsdl``."""
        if "wsdl" not in {name.lower() for name in request.query}:
            return web.Response(status=405, headers={"Allow": "POST"})
        return web.Response(body=wsdl(OPERATION, self.url), content_type="text/xml", charset="utf-8")

    def text(self, root: Element) -> str | None:
        """The message in a request; ``None``: not ``SendHL7Message``."""
        return root.findtext(MESSAGE)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.requests.append({name.lower(): value for name, value in request.headers.items()})
        if self.key and request.headers.get("x-api-key") != self.key:
            return web.Response(status=401)
        try:
            text = self.text(parse(await request.read()))
        except Unsupported:
            text = None
        if not text:
            return envelope(fault("Client", "no operation with a message"), 500)
        body = text.encode()
        behaviour, number = self.script.next()
        self.received.append(Received(control_id(body), body, time.time(), behaviour not in NOT_TAKEN))
        return await self._answer(request, behaviour, number, body)

    async def _answer(self, request: web.Request, behaviour: str, number: float, body: bytes) -> web.StreamResponse:
        if await self.is_dropped(request, behaviour, number):
            return web.Response()
        if behaviour == "cut":
            return await half(request, envelope(answer("ok", body)))
        return instead(behaviour, number) or envelope(answer(behaviour, body))


class SoapService(Wis):
    """The same for any operation, in SOAP 1.1 and 1.2: the message is the text of the operation's first parameter."""

    def text(self, root: Element) -> str | None:
        return opened(root).payload.findtext("*")


def instead(behaviour: str, number: float) -> web.Response | None:
    """The answer of a behaviour that is not an acknowledgement; ``None`` for one that is."""
    match behaviour:
        case "fault" | "fault-200":
            return envelope(fault("Server", "the service failed"), 500 if behaviour == "fault" else 200)
        case "fault-client":
            return envelope(fault("Client.Validation", "the message is not valid"), 500)
        case "fault-access":
            security = 'xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"'
            return envelope(fault("FailedAuthentication", "the caller is not known", "w", security), 500)
        case "page":
            return web.Response(text=PAGE, content_type="text/html")
        case "empty" | "one-way":
            return web.Response(status=200 if behaviour == "empty" else 202)
        case "status":
            return web.Response(status=int(number or 503), text=PAGE, content_type="text/html")
        case "busy":
            return web.Response(status=503, headers={"Retry-After": str(int(number or 2))})
        case "redirect":
            return web.Response(status=302, headers={"Location": "/sign-in"})
        case "attack":
            text = '<!DOCTYPE a [<!ENTITY s "AA">]><a><Status>&s;</Status></a>'
            return web.Response(text=text, content_type="text/xml")
    return None


def answer(behaviour: str, body: bytes) -> str:
    """The element in the body of an answer."""
    named = "OTHER1" if behaviour == "other" else control_id(body).encode().decode()
    code = behaviour if behaviour in ("AE", "AR") else "AA"
    match behaviour:
        case "er7":
            text = escape(acknowledgement(body)[1:-2].decode(), {"\r": "&#13;"})
            return f'<SendHL7MessageResponse xmlns="{NAMESPACE}"><Result>{text}</Result></SendHL7MessageResponse>'
        case "v2xml":
            return f'<ACK xmlns="urn:hl7-org:v2xml"><MSA><MSA.1>AA</MSA.1><MSA.2>{escape(named)}</MSA.2></MSA></ACK>'
        case "words":
            return f'<SendHL7MessageResponse xmlns="{NAMESPACE}"><Result>AA was not reached</Result></SendHL7MessageResponse>'
    inner = f"<Status>{code}</Status><MessageControlId>{escape(named)}</MessageControlId>"
    return f'<AckResponse xmlns="{NAMESPACE}">{inner}</AckResponse>'


def fault(code: str, text: str, prefix: str = "soap", declared: str = "") -> str:
    """A fault of SOAP 1.1."""
    name = f"{prefix}:{code}"
    return f"<soap:Fault {declared}><faultcode>{name}</faultcode><faultstring>{text}</faultstring></soap:Fault>"


def envelope(content: str, status: int = 200) -> web.Response:
    """An answer with this element in its body."""
    text = f'<soap:Envelope xmlns:soap="{V11.namespace}"><soap:Body>{content}</soap:Body></soap:Envelope>'
    return web.Response(body=text.encode(), status=status, content_type="text/xml", charset="utf-8")


def main() -> None:
    arguments = argparse.ArgumentParser(description="A Welsh Immunisation System with a SOAP service.")
    arguments.add_argument("--port", type=int, default=8082)
    arguments.add_argument("--control-port", type=int, default=8083)
    chosen = arguments.parse_args()
    asyncio.run(serve(Wis(chosen.port), chosen.control_port))


if __name__ == "__main__":
    main()
