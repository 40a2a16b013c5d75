"""The smoke test of a deployed app, against a small server that plays the app."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from integrations import CATALOGUE, load
from shared.envelope import Envelope
from toolkit.smoke import REFUSED_AS_A_TEST, Failed, Target, marked, sample, smoke

NAME = "phw-to-mpi"


class App(BaseHTTPRequestHandler):
    """Health, a door that asks for a token, and a status; what it answers is set on the server."""

    def do_GET(self) -> None:
        told = {"status": "up", "version": self.server.versions[0]}
        if self.path == "/api/health" and len(self.server.versions) > 1:
            self.server.versions.pop(0)
        body = json.dumps(told).encode() if self.path == "/api/health" else json.dumps({"outcome": self.server.outcome}).encode()
        self._say(self.server.health if self.path == "/api/health" else 200, body)

    def do_POST(self) -> None:
        self.server.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        known = not self.server.checks or self.headers.get("Authorization") == "Bearer t"
        self._say(200 if known else 401, self.server.says if known else b"")

    def _say(self, status: int, body: bytes) -> None:
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
    server.health, server.checks, server.says, server.outcome, server.got = 200, True, b"MSA|AA", "delivered", []
    server.versions = ["c0ffee"]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run(server: ThreadingHTTPServer, version: str = "c0ffee") -> list[str]:
    said: list[str] = []
    smoke(Target(f"http://127.0.0.1:{server.server_port}", NAME, version), "t", said.append)
    return said


def test_all_is_well(app: ThreadingHTTPServer) -> None:
    assert run(app) == ["up, version c0ffee", "a stranger is refused", "a test message is delivered"]
    assert app.got[-1].split(b"\r")[0].split(b"|")[10] == b"T"


def test_a_refused_test_message_is_as_good(app: ThreadingHTTPServer) -> None:
    app.says = f"ERR|||202|E||||{REFUSED_AS_A_TEST}".encode()
    assert run(app)[-1] == "a test message is refused for being one"


@pytest.mark.parametrize(("what", "value"), [("health", 503), ("checks", False)])
def test_what_is_wrong_fails(app: ThreadingHTTPServer, what: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.smoke.THERE_WITHIN", 0.01)
    setattr(app, what, value)
    with pytest.raises(Failed):
        run(app)


def test_the_version_before_may_answer_for_a_while(app: ThreadingHTTPServer) -> None:
    app.versions = ["before", "c0ffee"]
    assert run(app)[0] == "up, version c0ffee"


def test_a_version_that_does_not_come_fails(app: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.smoke.THERE_WITHIN", 0.01)
    app.versions = ["before"]
    with pytest.raises(Failed, match="not the one deployed"):
        run(app)
    assert run(app, "")[0] == "up, version before"


def test_a_message_that_does_not_arrive_fails(app: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.smoke.SETTLED_WITHIN", 0.01)
    app.outcome = "waiting"
    with pytest.raises(Failed, match="waiting"):
        run(app)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_marked_sample_is_synthetic(name: str) -> None:
    """A smoke test must never look like a patient."""
    integration = load(name)
    body, kind = marked(sample(integration.package), "SMOKE1")
    content = integration.source.read(Envelope(name, body, "2026-01-01T00:00:00.000Z", kind))
    assert integration.source.is_synthetic(content)
