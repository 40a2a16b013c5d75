"""The self-test of a hub over HTTP, as a partner reaches it, without storage and with the clock of the samples."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from shared.hub import Hub
from shared.intake.triggers.self_test import self_test
from shared.integration import Integration
from shared.storage.memory import MemoryStore
from toolkit.samples import RECEIVED_AT

KEY = "a key of a test"
PARTNERS = json.dumps([{"name": "one", "keys": [sha256(KEY.encode()).hexdigest()], "integrations": ["*"], "senders": ["*"]}])
NOW = datetime.fromisoformat(RECEIVED_AT).timestamp()


@contextmanager
def served(integration: Integration, refusals: list[int] | None = None) -> Iterator[str]:
    """The address of the self-test. ``refusals``: statuses that answer first, with Retry-After of 7 seconds."""
    first = refusals or []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if first:
                self._send(first.pop(0), {"Retry-After": "7"}, b"")
                return
            hub = Hub(
                MemoryStore(lambda: NOW), {integration.name: integration}, now=lambda: NOW
            )  # no call counts against another
            answer = asyncio.run(self_test(integration, headers, body, hub))
            self._send(answer.status, dict(answer.headers), answer.body)

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1/{integration.name}/check"
    finally:
        server.shutdown()
        server.server_close()
