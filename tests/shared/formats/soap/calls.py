"""Calls of the SOAP service of the laboratories, on a hub in memory."""

import json
import time
from hashlib import sha256
from typing import Any, NamedTuple

import pytest
from lxml import etree

from integrations import load
from shared.envelope import Answer
from shared.formats.soap.envelope import SECURITY, V11, V12
from shared.hub import Hub
from shared.intake.triggers.http import accept_http
from shared.storage.memory import MemoryStore
from toolkit.samples import samples

LIMS = load("lims-demographics-to-mpi")
SAMPLES = {each.name: each.body for each in samples(LIMS)}
UPDATE = SAMPLES["a31_null"]
KEY, OTHER_KEY = "a key", "another key"
TOKEN = (
    f'<soap:Header><w:Security xmlns:w="{SECURITY}" soap:mustUnderstand="1"><w:UsernameToken>'
    "<w:Username>{}</w:Username><w:Password{}>{}</w:Password></w:UsernameToken></w:Security></soap:Header>"
)


def partner(name: str, key: str, *senders: str) -> dict[str, Any]:
    return {
        "name": name,
        "keys": [sha256(key.encode()).hexdigest()],
        "integrations": [LIMS.name],
        "senders": list(senders) or ["328"],
    }


def set_partners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two partners: ``lims`` sends for 328, ``other`` for another system."""
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([partner("lims", KEY), partner("other", OTHER_KEY, "169")]))


def hub() -> Hub:
    return Hub(MemoryStore(time.time), {LIMS.name: LIMS})


async def post(body: bytes, *, key: str = KEY, **headers: str) -> Answer:
    """One call; names of headers with ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in {"content_type": "text/xml", **headers}.items()}
    one = hub()
    answer = await accept_http(LIMS, {**({"x-hub-key": key} if key else {}), "host": "hub.test", **named}, body, one)
    await one.drain(0)
    return answer


def with_header(text: str, body: bytes = UPDATE) -> bytes:
    """An envelope of SOAP 1.1 with a header."""
    return body.replace(b"<soap:Body>", text.encode() + b"<soap:Body>")


class Fault(NamedTuple):
    """A fault as the standard names its parts."""

    status: int
    code: str
    text: str
    acknowledgement: str


def fault(answer: Answer) -> Fault:
    """The fault in an answer of either version."""
    root = etree.fromstring(answer.body)
    namespace = str(etree.QName(root).namespace)
    assert namespace in (V11.namespace, V12.namespace)
    found = root.find(f"{{{namespace}}}Body/{{{namespace}}}Fault")
    assert found is not None
    status = root.findtext(".//{*}Status", "")
    if namespace == V11.namespace:
        return Fault(answer.status, _local(found.findtext("faultcode")), found.findtext("faultstring", ""), status)
    values = [_local(each.text) for each in found.iterfind(f"{{{namespace}}}Code//{{{namespace}}}Value")]
    return Fault(answer.status, ".".join(values), found.findtext(f"{{{namespace}}}Reason/{{{namespace}}}Text", ""), status)


def _local(text: str | None) -> str:
    return (text or "").rpartition(":")[2]


def acknowledged(answer: Answer) -> tuple[int, str, str]:
    """HTTP status, ``Status`` and ``MessageControlId`` of an answer without a fault."""
    root = etree.fromstring(answer.body)
    assert root.find(".//{*}Fault") is None
    found = root.find(".//{urn:wales:nhs:hub:lims-demographics}AckResponse")
    assert found is not None
    return answer.status, found.findtext("{*}Status", ""), found.findtext("{*}MessageControlId", "")
