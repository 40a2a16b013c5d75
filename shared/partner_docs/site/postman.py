"""The OpenAPI document as a Postman collection (v2.1): a request for each operation and sample, with tests."""

from collections.abc import Mapping
from typing import Any

import orjson

from shared.partner_docs.site.requests import Json, Sent, addresses, requests

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(document: Json) -> dict[str, Any]:
    """The collection. The variable ``url`` is the document's first server; ``key`` has the caller's key."""
    folders: dict[str, list[dict[str, Any]]] = {}
    for request in requests(document):
        folders.setdefault(request.folder, []).append(_request(request))
    return {
        "info": {"name": document["info"]["title"], "schema": SCHEMA, "description": document["info"]["description"]},
        "auth": {"type": "apikey", "apikey": [_pair("key", "x-hub-key"), _pair("value", "{{key}}"), _pair("in", "header")]},
        "variable": [_pair("url", next(iter(addresses(document).values()))), _pair("key", "")],
        "item": [{"name": name, "item": items} for name, items in sorted(folders.items())],
    }


def _pair(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value, "type": "string"}


def _request(sent: Sent) -> dict[str, Any]:
    headers = [_pair("Content-Type", sent.media)] if sent.media else []
    request: dict[str, Any] = {"method": sent.method.upper(), "header": headers, "url": "{{url}}" + sent.path}
    if sent.media:
        request["body"] = {"mode": "raw", "raw": sent.body}
    if sent.is_open:
        request["auth"] = {"type": "noauth"}
    script = {"type": "text/javascript", "exec": _script(sent.answers)}
    return {"name": sent.title, "request": request, "event": [{"listen": "test", "script": script}]}


def _script(media: Mapping[str, list[str]]) -> list[str]:
    """What each answer is checked for: its status, and its media type. The id of a message is kept."""
    return [
        f"const expected = {orjson.dumps(media).decode()};",
        'const id = pm.response.headers.get("X-Message-Id");',
        'if (id) pm.collectionVariables.set("message", id);',
        'pm.test("the status is expected", () => pm.expect(Object.keys(expected)).to.include(String(pm.response.code)));',
        'pm.test("the media type is in the document", () => {',
        '  const type = (pm.response.headers.get("Content-Type") || "").split(";")[0];',
        "  if (pm.response.text()) pm.expect(expected[String(pm.response.code)]).to.include(type);",
        "});",
    ]
