"""The OpenAPI document as a Bruno collection: a folder of text files, a ``.bru`` file for each request, with assertions."""

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

import orjson

from shared.partner_docs.site.requests import Json, Sent, addresses, requests

BODIES = "bodies"
START = (1980, 1, 1, 0, 0, 0)  # the time of every file in the archive: the same collection is the same bytes
# An id is kept for the request of a status.
SCRIPT = 'const id = res.getHeader("x-message-id");\nif (id) bru.setVar("message", id);'
TEST = """\
const expected = %s;
test("the media type is in the document", function () {
  const type = (res.getHeader("content-type") || "").split(";")[0];
  if (type) expect(expected[String(res.getStatus())]).to.include(type);
});"""


def collection(document: Json) -> dict[str, bytes]:
    """The files by their path in the collection. Environments are the document's servers; the secret variable ``key`` is empty.

    A body is a file of its own, with the bytes that are sent. In a ``.bru`` file a text would lose them: Bruno reads CR, the line
    end of HL7 v2, as LF, and replaces what looks like one of its variables.
    """
    made = {
        "bruno.json": orjson.dumps(_about(document), option=orjson.OPT_INDENT_2),
        "collection.bru": _blocks(
            {
                "auth": {"mode": "apikey"},
                "auth:apikey": {"key": "x-hub-key", "value": "{{key}}", "placement": "header"},
                "docs": document["info"]["description"],
            }
        ),
    }
    for name, address in addresses(document).items():
        made[f"environments/{_file_name(name)}.bru"] = _blocks({"vars": {"url": address}}) + b"vars:secret [\n  key\n]\n"
    bodies: dict[tuple[str, str, str], str] = {}  # the path by folder, sample and text: several requests send the same
    for number, sent in enumerate(requests(document), 1):
        if sent.media:
            path = f"{BODIES}/{_file_name(sent.folder)}/{_file_name(sent.sample)}.{_file_name(sent.media.rpartition('/')[2])}"
            path = bodies.setdefault((sent.folder, sent.sample, sent.body), _free(path, made))
            made[path] = sent.body.encode()
        title = _free(f"{_file_name(sent.folder)}/{_file_name(sent.title)}.bru", made)
        made[title] = _request(number, sent, path if sent.media else "")
    return made


def archive(files: Mapping[str, bytes], folder: str) -> bytes:
    """The collection as a zip with one folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for path, content in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{path}", START)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            made.writestr(entry, content)
    return buffer.getvalue()


def _about(document: Json) -> dict[str, Any]:
    return {"version": "1", "name": document["info"]["title"], "type": "collection", "ignore": [BODIES, "node_modules", ".git"]}


def _request(number: int, sent: Sent, body: str) -> bytes:
    """A ``.bru`` file. ``body``: the path of the file that is sent, ``""`` without one."""
    call = {"url": "{{url}}" + sent.path, "body": "file" if body else "none", "auth": "none" if sent.is_open else "inherit"}
    return _blocks(
        {
            "meta": {"name": sent.title, "type": "http", "seq": str(number)},
            sent.method: call,
            **({"body:file": {"file": f"@file({body}) @contentType({sent.media})"}} if body else {}),
            "assert": {"res.status": f"in [{', '.join(sent.answers)}]"},
            "script:post-response": SCRIPT,
            "tests": TEST % orjson.dumps(sent.answers).decode(),
        }
    )


def _blocks(blocks: Mapping[str, str | Mapping[str, str]]) -> bytes:
    """The blocks of a file. A text is indented, so that no line of it ends its block; a value is one line."""
    made = []
    for name, block in blocks.items():
        text = block if isinstance(block, str) else "\n".join(f"{key}: {_line(value)}" for key, value in block.items())
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        made.append("\n".join([f"{name} {{", *(f"  {line}" for line in lines), "}", ""]))
    return "\n".join(made).encode()


def _line(value: str) -> str:
    """A value without line breaks: one at the start of a line could end its block."""
    return " ".join(value.split())


def _file_name(text: str) -> str:
    """A text as part of a file's name in any system."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text).strip(".-") or "request"


def _free(path: str, taken: Mapping[str, bytes]) -> str:
    """The path, with a number where another file has it already. Letters count as the same in either case, as in Windows."""
    names = {each.lower() for each in taken}
    stem, _, extension = path.rpartition(".")
    numbered = (f"{stem}-{number}.{extension}" for number in range(2, len(names) + 3))
    return path if path.lower() not in names else next(each for each in numbered if each.lower() not in names)
