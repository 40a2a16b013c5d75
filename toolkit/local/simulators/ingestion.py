"""A stand-in for the ingestion endpoint of Application Insights: keeps what arrives, so that tests can read every word of it.

Speaks ``POST /v2.1/track`` (JSON array or lines, gzip or not), as seen of ``azure-monitor-opentelemetry-exporter``.
"""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "00000000-0000-0000-0000-000000000001"


class Ingestion:
    """``items`` are the envelopes received; ``bodies`` the raw texts they came in."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.bodies: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def connection_string(self) -> str:
        return f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{self._server.server_port}/"

    def events(self, name: str = "") -> list[dict[str, str]]:
        """The properties of each custom event, of one name or of all."""
        found = [item["data"]["baseData"] for item in self.items if item["data"]["baseType"] == "EventData"]
        return [event["properties"] | {"name": event["name"]} for event in found if name in ("", event["name"])]

    def take(self, body: bytes, is_packed: bool) -> int:
        """Keep one request's items; how many they were."""
        text = (gzip.decompress(body) if is_packed else body).decode()
        items = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
        self.bodies.append(text)
        self.items.extend(items)
        return len(items)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(ingestion: Ingestion) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            count = ingestion.take(body, self.headers.get("content-encoding") == "gzip")
            answer = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...

    return Handler
