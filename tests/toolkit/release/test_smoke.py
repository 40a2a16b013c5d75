"""The smoke test of a deployed app, against a small server that plays the app."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from integrations import CATALOGUE, load
from shared import platform_headers
from shared.envelope import Envelope
from shared.integration import Http
from shared.ops.access import person
from shared.security import caller
from toolkit.release.smoke import REFUSED_AS_A_TEST, Failed, Target, application, forgeries, has_door, marked, sample, smoke

NAME = "phw-to-mpi"
REFUSED = "an unknown caller is refused, also with forged headers"


APP = "00000000-0000-0000-0000-0000000000d2"
TOKEN = f"h.{base64.urlsafe_b64encode(json.dumps({'azp': APP}).encode()).decode().rstrip('=')}.s"


class App(BaseHTTPRequestHandler):
    """Health, a door that asks for a token, and a status; what it answers is set on the server."""

    def _is_known(self) -> bool:
        forged = self.headers.get(self.server.believes, "")
        return not self.server.checks or self.headers.get("Authorization") == f"Bearer {TOKEN}" or bool(forged)

    def do_GET(self) -> None:
        if self.path.endswith("/dead"):
            self._answer(403 if self._is_known() else 401, b"")
            return
        if self.path == "/api/ops" or self.path.endswith("/messages/none"):
            known = self._is_known()
            self._answer(404 if known and "messages" in self.path else 200 if known else self.server.stranger, b"")
            return
        health = {"status": "up", "version": self.server.versions[0]}
        if self.path == "/api/health" and len(self.server.versions) > 1:
            self.server.versions.pop(0)
        body = (
            json.dumps(health).encode() if self.path == "/api/health" else json.dumps({"outcome": self.server.outcome}).encode()
        )
        self._answer(self.server.health if self.path == "/api/health" else 200, body)

    def do_POST(self) -> None:
        self.server.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        known = self._is_known()
        self._answer(200 if known else 401, self.server.reply if known else b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Location", f"/api/v1/{NAME}/messages/1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def app() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), App)
    server.health, server.checks, server.reply, server.outcome, server.got = 200, True, b"MSA|AA", "delivered", []
    server.versions, server.stranger, server.believes = ["c0ffee"], 401, "x-nothing"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run(server: ThreadingHTTPServer, version: str = "c0ffee", name: str = NAME) -> list[str]:
    lines: list[str] = []
    smoke(Target(f"http://127.0.0.1:{server.server_port}", name, version), TOKEN, lines.append)
    return lines


def test_everything_works(app: ThreadingHTTPServer) -> None:
    assert run(app) == ["up, version c0ffee", REFUSED, "a test message is delivered"]
    assert app.got[-1].split(b"\r")[0].split(b"|")[10] == b"T"


@pytest.mark.parametrize("name", [name for name in CATALOGUE if not has_door(name)])
def test_an_app_without_a_door_is_sent_nothing(app: ThreadingHTTPServer, name: str) -> None:
    assert run(app, name=name)[1:] == [
        REFUSED,
        "a known caller may ask; no message was sent: they come by queue, event or file",
    ]
    assert app.got == []
    app.checks = False
    with pytest.raises(Failed, match="an unknown caller gets 404"):
        run(app, name=name)


def test_doors_are_those_of_the_catalogue() -> None:
    assert all(has_door(name) == any(isinstance(each, Http) for each in load(name).triggers) for name in CATALOGUE)


@pytest.mark.parametrize("status", [302, 401])
def test_the_ops_page_is_closed_to_unknown_callers(app: ThreadingHTTPServer, status: int) -> None:
    app.stranger = status
    assert run(app, name="ops")[-1] == "the page sends an unknown caller to sign in, also with forged headers"
    app.checks = False
    with pytest.raises(Failed, match="opens to an unknown caller"):
        run(app, name="ops")


def test_a_refused_test_message_is_as_good(app: ThreadingHTTPServer) -> None:
    app.reply = f"ERR|||202|E||||{REFUSED_AS_A_TEST}".encode()
    assert run(app)[-1] == "a test message is refused for being one"


@pytest.mark.parametrize(("what", "value"), [("health", 503), ("checks", False)])
def test_what_is_wrong_fails(app: ThreadingHTTPServer, what: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.release.smoke.THERE_WITHIN", 0.01)
    setattr(app, what, value)
    with pytest.raises(Failed):
        run(app)


def test_the_version_before_may_answer_for_a_while(app: ThreadingHTTPServer) -> None:
    app.versions = ["before", "c0ffee"]
    assert run(app)[0] == "up, version c0ffee"


def test_a_version_that_does_not_come_fails(app: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.release.smoke.THERE_WITHIN", 0.01)
    app.versions = ["before"]
    with pytest.raises(Failed, match="not the one deployed"):
        run(app)
    assert run(app, "")[0] == "up, version before"


def test_a_message_that_does_not_arrive_fails(app: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.release.smoke.SETTLED_WITHIN", 0.01)
    app.outcome = "waiting"
    with pytest.raises(Failed, match="waiting"):
        run(app)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_marked_sample_is_synthetic(name: str) -> None:
    """A smoke test must never look like a patient."""
    integration = load(name)
    body, kind = marked(sample(integration.package), "SMOKE1")
    content = integration.source.read(
        Envelope(integration=name, body=body, received_at="2026-01-01T00:00:00.000Z", content_type=kind)
    )
    assert integration.source.is_synthetic(content)


@pytest.mark.parametrize("header", ["x-ms-client-principal", "x-arr-clientcert", "x-forwarded-host"])
@pytest.mark.parametrize("name", [NAME, "ops", *[name for name in CATALOGUE if not has_door(name)][:1]])
def test_an_app_that_believes_a_forged_header_fails(app: ThreadingHTTPServer, header: str, name: str) -> None:
    app.believes = header
    with pytest.raises(Failed, match="forges"):
        run(app, name=name)


def test_the_sign_in_is_forged_in_the_name_of_our_own_application() -> None:
    """A partner's: an unknown one would be refused by an app that believes the header."""
    forged = [headers["x-ms-client-principal"] for _, headers in forgeries(TOKEN) if "x-ms-client-principal" in headers]
    assert all({"typ": "oid", "val": APP} in json.loads(base64.b64decode(each))["claims"] for each in forged)
    assert len(forged) == 2
    assert application("no token") == application("a.b.c") == application("") == ""


def test_a_partners_certificate_is_tried_where_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "partner.der").write_bytes(b"public")
    monkeypatch.setenv("HUB_CERTIFICATE", str(tmp_path / "partner.der"))
    shown = dict(forgeries(""))["a certificate"]["x-arr-clientcert"]
    assert base64.b64decode(shown) == b"public"


def test_every_header_of_the_platform_is_forged() -> None:
    forged = {name for _, headers in forgeries(TOKEN) for name in headers}
    assert {platform_headers.HOST, platform_headers.SCHEME, platform_headers.ADDRESSES, *platform_headers.NEEDS} <= forged


async def test_the_forgery_would_open_an_app_that_believes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen open: the same headers, where the hub is set to believe them, are a partner and an administrator."""
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([{"name": "pipeline", "applications": [APP], "integrations": ["*"]}]))
    headers = [each for _, each in forgeries(TOKEN)]
    assert [caller(each, 0) for each in headers] == [None] * len(headers)
    assert [person(each, on_developers_machine=False) for each in headers] == [None] * len(headers)
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "principal")
    assert [one.name for each in headers if (one := caller(each, 0))] == ["pipeline"]
    assert [one.role for each in headers if (one := person(each, on_developers_machine=False))] == ["admin"]
