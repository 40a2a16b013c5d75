"""Calls that provoke each answer which a partner can get from a hub that is well, by route."""

import gzip
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from integrations import load
from shared import formats
from shared.envelope import LARGEST
from shared.integration import Integration
from shared.partner_docs.samples import Sample, as_sent, samples

NAMES = ("phw-to-mpi", "referrals-to-pas", "clinic-appointments-to-cdr", "lims-demographics-to-mpi", "vaccinations-to-cdr")
ANYTHING = {"integrations": ["*"], "senders": ["*"]}
RIGHTS = {
    "own": {**ANYTHING, "roles": ["admin", "legacy"]},
    "plain": ANYTHING,
    "elsewhere": {"integrations": ["another-one"]},
    "tool": ANYTHING,
}
PARTNERS = json.dumps([{"name": key, "keys": [sha256(key.encode()).hexdigest()], **more} for key, more in RIGHTS.items()])
IMAGE = {"content-type": "image/png"}


class Call(NamedTuple):
    """One call; ``route`` is the path of the document, ``path`` that of the call; ``{message}``: the id of an earlier message."""

    method: str
    route: str
    headers: dict[str, str]
    body: bytes = b""
    path: str = ""


def every_call() -> Iterator[Call]:
    """All calls, in order: a message that is sent first is looked at later."""
    soap = "/api/v1/lims-demographics-to-mpi"
    yield from (Call("GET", soap, {"x-hub-key": key}) for key in ("own", "elsewhere", "wrong"))
    yield from _for_roles("phw-to-mpi")
    for name in NAMES:
        integration = load(name)
        yield from _messages(integration)
        yield from _self_tests(integration)
        yield from _states(f"/api/v1/{name}/messages/{{id}}")
    yield Call("GET", "/api/health", {})


def _messages(integration: Integration) -> Iterator[Call]:
    route = f"/api/v1/{integration.name}"
    every = formats.answers(integration.source)
    for sample in _two(integration):
        for media in every if "phw" in route else (every[0], every[-1]):  # the others are the same code
            yield Call("POST", route, _headers(integration, sample, accept=media), sample.body)
    first = _two(integration)[0]
    headers = _headers(integration, first)
    yield Call("POST", route, {**headers, "prefer": "respond-async", "x-correlation-id": "4f9c"}, first.body)
    yield Call("POST", route, {**headers, "accept-language": "cy"}, first.body)
    yield Call("POST", route, headers, _several(first))
    if hl7 := [each for each in _two(integration) if each.extension == "hl7" and not each.is_rejected]:
        yield Call("POST", route, _headers(integration, hl7[0]), _without_answer(hl7[0].body))
    if first.extension == "soap":
        yield Call("POST", route, {**headers, "content-type": "application/soap+xml"}, b"<a/>")
    yield from _wrong(route, headers, first.body)
    yield Call("POST", route, {**headers, "accept": "image/png"}, first.body)


def _wrong(route: str, headers: dict[str, str], body: bytes) -> Iterator[Call]:
    """What is refused for the request itself, and for its caller."""
    yield Call("POST", route, headers)
    yield Call("POST", route, {**headers, **IMAGE}, body)
    yield Call("POST", route, {**headers, "content-encoding": "zstd"}, body)
    yield Call("POST", route, {**headers, "content-encoding": "gzip"}, body)
    if "phw" in route:  # a body of 100 MB takes a second
        yield Call("POST", route, {**headers, "content-encoding": "gzip"}, TOO_LARGE)
    yield Call("POST", route, {**headers, "x-hub-key": "wrong"}, body)
    yield Call("POST", route, {**headers, "x-hub-key": "elsewhere"}, body)


TOO_LARGE = gzip.compress(bytes(LARGEST + 1), compresslevel=1, mtime=0)


def _self_tests(integration: Integration) -> Iterator[Call]:
    route = f"/api/v1/{integration.name}/check"
    for sample in _two(integration):
        yield Call("POST", route, _headers(integration, sample, **{"accept-language": "cy"}), sample.body)
    first = _two(integration)[0]
    yield Call("POST", route, _headers(integration, first), _several(first))
    yield from _wrong(route, _headers(integration, first), first.body)


def _states(route: str) -> Iterator[Call]:
    for media in ("application/json", "application/fhir+json"):
        for id in ("{message}", "none.0"):
            yield Call("GET", route, {"x-hub-key": "own", "accept": media}, path=route.replace("{id}", id))
    none = route.replace("{id}", "none.0")
    yield Call("GET", route, {"x-hub-key": "own", "accept": "image/png"}, path=none)
    yield from (Call("GET", route, {"x-hub-key": key}, path=none) for key in ("wrong", "elsewhere"))


def _for_roles(name: str) -> Iterator[Call]:
    for key in ("own", "plain", "wrong"):
        yield Call("POST", f"/api/v1/{name}/legacy", {"x-hub-key": key}, b"x")
        yield Call("GET", f"/api/v1/{name}/agreement", {"x-hub-key": key}, path=f"/api/v1/{name}/agreement?hours=2")


def _two(integration: Integration) -> list[Sample]:
    """The first sample of each extension that is accepted, and the first that is rejected."""
    found: dict[tuple[bool, str], Sample] = {}
    for each in samples(integration):
        found.setdefault((each.is_rejected, each.extension), each)
    return [found[key] for key in sorted(found)]


def _headers(integration: Integration, sample: Sample, **more: str) -> dict[str, str]:
    return {"x-hub-key": "own", "content-type": as_sent(integration, sample).content_type, **more}


def _several(sample: Sample) -> bytes:
    """A file of two messages, one of them wrong; the body itself where the format has no files."""
    if sample.extension == "csv":
        _, _, row = sample.body.partition(b"\n")
        return sample.body.rstrip() + b"\r\n" + row.replace(b"999", b"99x", 1)
    return b"BHS|^~\\&\r" + sample.body + b"\rBTS|1\r" if sample.extension == "hl7" else sample.body


def _without_answer(body: bytes) -> bytes:
    """A message whose sender requests no acknowledgement: MSH-15 and MSH-16 are NE."""
    first, end, rest = body.partition(b"\r")
    fields = first.split(b"|") + [b""] * 20
    fields[14:16] = [b"NE", b"NE"]
    return b"|".join(fields).rstrip(b"|") + end + rest
