"""An answer of the hub held against the OpenAPI document: status, media type, headers, body."""

from collections.abc import Mapping
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from shared.partner_docs.site.requests import resolved

Document = Mapping[str, Any]
OF_THE_SERVER = {"content-type", "content-length", "date", "server", "transfer-encoding", "connection"}


def operation(document: Document, method: str, path: str) -> Mapping[str, Any]:
    """The operation of a call; ``path`` is that of the document."""
    found: Mapping[str, Any] = document["paths"][path][method.lower()]
    return found


class Answered:
    """One answer over HTTP, with header names in lower case."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers.items()}

    @property
    def media(self) -> str:
        """The media type without its parameters; ``""`` without a body."""
        return self.headers.get("content-type", "").partition(";")[0] if self.body else ""


def breaches(document: Document, method: str, path: str, answer: Answered) -> list[str]:
    """What of an answer is not in the document."""
    known = operation(document, method, path)["responses"].get(str(answer.status))
    if known is None:
        return [f"{method} {path}: {answer.status} is not in the document"]
    response = resolved(document, known)
    wrong = [
        f"{method} {path}: {answer.status} has the header {name}"
        for name in answer.headers
        if name not in OF_THE_SERVER | {each.lower() for each in response.get("headers", {})}
    ]
    content = response.get("content", {})
    if answer.body and answer.media not in content:
        return [*wrong, f"{method} {path}: {answer.status} is {answer.media}, not one of {', '.join(content)}"]
    if "json" in answer.media:
        schema = {"$ref": "#/schema", "schema": content[answer.media]["schema"], "components": document["components"]}
        errors = Draft202012Validator(schema).iter_errors(orjson.loads(answer.body))
        wrong += [f"{method} {path}: {answer.status} {each.json_path}: {each.message[:200]}" for each in errors]
    return wrong
