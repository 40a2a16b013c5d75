"""What every page of the ops page has: the request, the frame with its language and its token, and safe headers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from shared.envelope import Answer
from shared.ops.access import ROLES, Person, token
from shared.ops.render import render
from shared.ops.words import words
from shared.voices import Language

RANGES = (15, 60, 360, 1440, 10080)
HTML, JSON = "text/html; charset=utf-8", "application/json"
SECURE = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Problems = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One call: ``path`` below ``ops``; ``day`` is today's ISO date, UTC; ``secret`` signs the forms' tokens."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    base: str = "/api/ops"
    day: str = ""
    secret: bytes = b""
    on_developers_machine: bool = False

    @property
    def language(self) -> Language:
        """The language in the address, otherwise the browser's first choice of the two."""
        language = self.query.get("lang") or self.headers.get("accept-language", "")[:2]
        return "cy" if language == "cy" else "en"


def page(request: Request, who: Person | None, template: str, status: int = 200, **values: Any) -> Answer:
    """A page with what every page has."""
    other = "en" if request.language == "cy" else "cy"
    frame = {"who": who, "roles": ROLES, "base": request.base, "other": other, "here": here(request), "problems": ()}
    signed = {"token": sign(request, who) if who else "", "heading": words(request.language)["forbidden"], "kind": ""}
    return Answer(
        status=status, content_type=HTML, body=render(template, request.language, **(frame | signed | values)), headers=SECURE
    )


def here(request: Request) -> str:
    """The address of this page without a language; for the answer to a form, the first page."""
    shown = {key: request.query[key] for key in ("minutes", "integration", "id") if key in request.query}
    if request.path in ("waiting", "paused", "destination", "content"):
        given = request.query if request.method == "GET" else request.form
        kept = {key: given[key] for key in ("integration", "id", "reason", "older") if given.get(key)}
        return f"{request.base}/{request.path}?{urlencode(kept, errors='replace')}".removesuffix("?")
    if request.path in ("bulk", "bulk/preview"):
        return f"{request.base}/bulk"
    if request.path in ("thresholds", "codes"):
        return f"{request.base}/{request.path}"
    if request.path == "parallel":
        return f"{request.base}/parallel?minutes={range_of(request)}"
    if request.method != "GET" or not shown:
        return request.base
    return f"{request.base}/{request.path}?{urlencode(shown, errors='replace')}".replace("/?", "?")


def sign(request: Request, who: Person) -> str:
    """The token of this person's forms today."""
    return token(request.secret, who, request.day)


def range_of(request: Request) -> int:
    """The time range of a request, in minutes: one of ``RANGES``, otherwise an hour."""
    offered = {str(minutes): minutes for minutes in RANGES}
    return offered.get(request.query.get("minutes", ""), 60)
