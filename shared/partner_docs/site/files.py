"""The files of the pages: samples, schemas, what tools read, and what the pages need."""

import mimetypes
from functools import lru_cache
from pathlib import Path

import orjson

from shared.envelope import Answer
from shared.integration import Integration
from shared.ops import frame
from shared.ops.render import FOLDER as OPS
from shared.partner_docs.openapi import document
from shared.partner_docs.openapi.clients import python_client
from shared.partner_docs.samples import folder, samples
from shared.partner_docs.sheet import sections
from shared.partner_docs.site import bruno, postman
from shared.partner_docs.site.pages import FOLDER, Request

STATIC = {"nhsuk.min.css": OPS, "docs.css": FOLDER, "docs.js": FOLDER}
JSON, YAML, ZIP, BYTES = "application/json", "application/yaml", "application/zip", "application/octet-stream"


def static(name: str) -> Answer:
    """A stylesheet or the script; 404 for any other name."""
    if name not in STATIC:
        return Answer(status=404, content_type="text/plain", body=b"", headers=frame.SECURE)
    kind = mimetypes.guess_type(name)[0] or BYTES
    body = (STATIC[name] / "static" / name).read_bytes()
    return Answer(status=200, content_type=kind, body=body, headers=frame.SECURE | {"Cache-Control": "public, max-age=86400"})


def file(request: Request, integration: Integration, path: str) -> Answer | None:
    """A file for a partner; ``None`` if there is none at this path."""
    kind, _, name = path.partition("/")
    if kind == "samples":
        found = next((each.body for each in samples(integration) if each.file == name), None)
        return _download(name, BYTES, found) if found is not None else None
    if kind == "files":
        schema = next((each for each in schemas(integration) if each.name == name), None)
        return _download(name, BYTES, schema.read_bytes()) if schema else None
    return _for_tools(integration, path, request.address)


@lru_cache(maxsize=32)
def _for_tools(integration: Integration, name: str, address: str) -> Answer | None:
    """What a tool reads. ``address``: of the hub; ``""`` if it is not known, which is then on the caller's machine."""
    if name == "openapi-python-client.yml":
        return _download(name, YAML, python_client().encode())
    if name not in ("openapi.json", "postman_collection.json", "bruno_collection.zip"):
        return None
    made = document([integration], [{"url": address, "description": "This hub"}]) if address else document([integration])
    if name == "bruno_collection.zip":
        return _download(name, ZIP, bruno.archive(bruno.collection(made), folder=f"{integration.name}-bruno"))
    content = made if name == "openapi.json" else postman.collection(made)
    return _download(name, JSON, orjson.dumps(content, option=orjson.OPT_INDENT_2))


def schemas(integration: Integration) -> list[Path]:
    """The files that the sheet names, in the folder of the integration."""
    named: list[Path] = []

    def link(path: Path) -> str:
        named.append(path)
        return ""

    list(sections(integration, link, rules=False))
    return [path for path in named if path.is_relative_to(folder(integration).parent)]


def _download(name: str, kind: str, body: bytes) -> Answer:
    headers = frame.SECURE | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(status=200, content_type=kind, body=body, headers=headers)
