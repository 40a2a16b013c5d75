"""Who judges a message: the self-test of this version, in this process, or the self-test of a hub that runs elsewhere."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from shared.hub import Hub
from shared.intake.triggers.self_test import examine
from shared.integration import Integration
from shared.issue import Issue
from shared.storage.memory import MemoryStore
from toolkit.say import say, stop

ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
VERDICT = (200, 400, 406, 413, 415)  # answers that are about the message
LARGEST_ANSWER = 16 * 1024 * 1024
TRIES = 5  # at one message, when the hub is away or busy
TIMEOUT = 120.0  # seconds


class Judgement(NamedTuple):
    """The verdict on one message, as the self-test gives it."""

    accepted: bool
    issues: tuple[Issue, ...]


Judge = Callable[[bytes, str], Judgement]  # a body and its media type


@contextmanager
def local(integration: Integration, now: Callable[[], float] = time.time) -> Iterator[Judge]:
    """The self-test in this process. Nothing is stored, no network. ``now``: some rules compare with the time of receipt."""
    hub = Hub(MemoryStore(now), {integration.name: integration}, now=now)

    def judge(body: bytes, content_type: str) -> Judgement:
        return judged(runner.run(examine(integration, {"content-type": content_type}, body, "", hub)).body)

    with asyncio.Runner() as runner:
        yield judge


@contextmanager
def remote(url: str, key: str) -> Iterator[Judge]:
    """The self-test of a hub at ``POST <url>``, one message at a time; waits as long as the hub says."""
    checked(url, key)
    opener = build_opener(NoRedirect, *([ProxyHandler({})] if urlsplit(url).hostname in ON_THIS_MACHINE else []))

    def judge(body: bytes, content_type: str) -> Judgement:
        for _ in range(TRIES):
            status, headers, answer = posted(opener, Request(url, body, headers_of(content_type, key)))  # noqa: S310 checked above
            if status in VERDICT:
                return judged(answer)
            if status not in (429, 500, 503):
                stop(f"the self-test answered {status}: {REASONS.get(status, 'is this the address of a self-test?')}", 2)
            wait(status, headers)
        return stop(f"the self-test answered {status} {TRIES} times: try again later", 2)

    yield judge


REASONS = {
    401: "the caller is not recognised: is HUB_KEY your key?",
    403: "your key may not call this integration",
    404: "no self-test is at this address: it ends with /api/v1/NAME/check",
}


def checked(url: str, key: str) -> None:
    """Nothing, for an address that a key may be sent to: TLS, or this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        stop("the address of a self-test is https://HUB/api/v1/NAME/check", 2)
    if parts.scheme == "http" and key and parts.hostname not in ON_THIS_MACHINE:
        stop("the key would be sent without TLS: use https", 2)


def headers_of(content_type: str, key: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Accept": "application/json"} | ({"x-hub-key": key} if key else {})


def posted(opener: Any, request: Request) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of the answer, whichever status it is."""
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return answer.status, dict(answer.headers.items()), answer.read(LARGEST_ANSWER)
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers.items()), error.read(LARGEST_ANSWER)
    except (URLError, HTTPException, OSError):
        return stop("no hub answers at this address", 2)


def judged(answer: bytes) -> Judgement:
    """The verdict in the answer of a self-test; a body that could not be sent either has issues alone."""
    try:
        found = json.loads(answer)
        issues = tuple(
            Issue(severity=one["severity"], code=one["code"], text=one["text"], where=one["where"], rule=one["rule"])
            for one in found["issues"]
        )
        return Judgement(found.get("accepted") is True, issues)
    except (ValueError, KeyError, TypeError, AttributeError):
        return stop("the answer is not that of a self-test: is this the address of one?", 2)


def wait(status: int, headers: Mapping[str, str]) -> None:
    header = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    seconds = min(int(header), 120) if header.isdecimal() else 5
    say(f"the hub answered {status}: going on in {seconds} seconds")
    time.sleep(seconds)


class NoRedirect(HTTPRedirectHandler):
    """A redirection is an answer of its own: the key and the message go to no other address."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        return None
