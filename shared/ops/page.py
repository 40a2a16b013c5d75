"""The ops page and its JSON: the caller, what they are allowed to do, and the answer.

GET  ops                        service status            reader
GET  ops/data?minutes=          the same as JSON          reader
GET  ops/message?integration=&id=   one journey           reader
GET  ops/codes                      codes that no table knows   reader
GET  ops/codes/data                 the same as JSON          reader
POST ops/search                 kind, value (never in a URL: it may be an NHS Number)   reader, audited
POST ops/act                    replay (operator) or discard (admin), with reason and confirmation, audited
GET  ops/parallel?minutes=      parallel runs: agreement, differences, unpaired   reader
GET  ops/thresholds             the thresholds of alerts   reader
POST ops/thresholds             set or remove one, with reason   operator, audited
POST ops/as                     a sample role, on a developer's machine only
GET  ops/static/NAME            vendored files
"""

import mimetypes
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from typing import Any, get_args
from urllib.parse import urlencode

import orjson

from shared.envelope import Answer
from shared.ops.access import ROLES, Person, person, token, token_is_right
from shared.ops.facts import Actor, Facts, Flow, Kind, Limit, Overview
from shared.ops.render import FOLDER, heads, render
from shared.ops.words import Language, words

RANGES = (15, 60, 360, 1440, 10080)
SHOWN = 25  # dead letters on the first page; a hundred would be thirty screens on a phone
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


async def answer(request: Request, facts: Facts) -> Answer:
    """The answer to any call below ``ops``."""
    if request.path.startswith("static/"):
        return static(request.path.removeprefix("static/"))
    who = person(request.headers, on_developers_machine=request.on_developers_machine)
    if who is None:
        return page(request, None, "refused.html", 403)
    handler = HANDLERS.get((request.method, request.path))
    if handler is None:
        return Answer(status=404, content_type="text/plain", body=b"not found", headers=SECURE)
    if (
        request.method == "POST"
        and request.path != "as"
        and not token_is_right(request.form.get("token", ""), sign(request, who))
    ):
        return page(request, who, "refused.html", 403)
    result: Answer = await handler(request, facts, who)
    return result


def static(name: str) -> Answer:
    """One of the files in ``static/``; no other path is accepted."""
    files = {path.name: path for path in (FOLDER / "static").iterdir()}
    if name not in files:
        return Answer(status=404, content_type="text/plain", body=b"not found", headers=SECURE)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Answer(
        status=200, content_type=kind, body=files[name].read_bytes(), headers=SECURE | {"Cache-Control": "public, max-age=86400"}
    )


async def overview(request: Request, facts: Facts, who: Person) -> Answer:
    """The first page."""
    minutes = range_of(request)
    o = await facts.overview(minutes)
    total = reduce(together, o.flows, Flow(""))
    worst = max((f.p95 for f in o.flows if f.p95 is not None), default=None)
    values: dict[str, Any] = {"o": o, "total": total, "worst_p95": worst, "attention": any(f.needs_action for f in o.flows)}
    shown = values | {"minutes": minutes, "ranges": RANGES, "heads": heads(request.language), "dead": await facts.dead(SHOWN)}
    return page(request, who, "overview.html", heading=words(request.language)["overview"], kind="", **shown)


async def data(request: Request, facts: Facts, who: Person) -> Answer:
    """The same figures as JSON."""
    o: Overview = await facts.overview(range_of(request))
    return Answer(status=200, content_type=JSON, body=orjson.dumps(asdict(o)), headers=SECURE)


async def parallel(request: Request, facts: Facts, who: Person) -> Answer:
    """The parallel runs: agreement over time, differences by path and cause, and what is unpaired."""
    minutes = range_of(request)
    runs = await facts.parallel(minutes)
    heading = words(request.language)["parallel"]
    return page(request, who, "parallel.html", heading=heading, runs=runs, minutes=minutes, ranges=RANGES)


async def search(request: Request, facts: Facts, who: Person) -> Answer:
    """Messages by control id, correlation id or NHS Number; the value is sent in the body and is not shown again."""
    w = words(request.language)
    value, kind = request.form.get("value", "").strip(), request.form.get("kind", "")
    problems: Problems = () if value and kind in get_args(Kind) else (("value", w["value_missing"]),)
    rows = () if problems else tuple(await facts.find(kind, value, Actor(who.name, who.role)))  # type: ignore[arg-type]
    return page(request, who, "results.html", heading=w["results"], rows=rows, kind=kind, problems=problems)


async def message(request: Request, facts: Facts, who: Person) -> Answer:
    """One message's journey."""
    return await journey(request, facts, who, request.query)


async def act(request: Request, facts: Facts, who: Person) -> Answer:
    """Replay or discard one dead letter."""
    w, form = words(request.language), request.form
    name = form.get("act", "")
    if name not in ("replay", "discard") or not who.may("operator" if name == "replay" else "admin"):
        return page(request, who, "refused.html", 403)
    problems = tuple((key, w[f"{key}_missing"]) for key in ("why", "confirm") if not form.get(key, "").strip())
    if problems:
        return await journey(request, facts, who, form, problems=problems)
    actor = Actor(who.name, who.role, form["why"].strip())
    done = await (facts.replay if name == "replay" else facts.discard)(form.get("integration", ""), form.get("id", ""), actor)
    return await journey(request, facts, who, form, done=w[f"done_{name}"] if done else w["not_done"])


async def journey(
    request: Request, facts: Facts, who: Person, place: Mapping[str, str], *, problems: Problems = (), done: str = ""
) -> Answer:
    """The page of one message, also after a replay or discard."""
    found = await facts.journey(place.get("integration", ""), place.get("id", ""))
    if found is None:
        return Answer(status=404, content_type="text/plain", body=b"not found", headers=SECURE)
    status = 422 if problems else 200
    heading = words(request.language)["journey"]
    return page(request, who, "message.html", status, heading=heading, journey=found, problems=problems, done=done)


async def codes(request: Request, facts: Facts, who: Person) -> Answer:
    """The codes that no table knows, and what to do about each."""
    return page(request, who, "codes.html", heading=words(request.language)["codes"], lines=await facts.codes())


async def codes_data(request: Request, facts: Facts, who: Person) -> Answer:
    """The same as JSON."""
    found = {"codes": [asdict(line) for line in await facts.codes()]}
    return Answer(status=200, content_type=JSON, body=orjson.dumps(found), headers=SECURE)


async def limits(request: Request, facts: Facts, who: Person, *, problems: Problems = (), done: str = "") -> Answer:
    """The thresholds that are set, and the form to set one."""
    shown = {"limits": await facts.limits(), "problems": problems, "done": done}
    return page(request, who, "thresholds.html", 422 if problems else 200, heading=words(request.language)["thresholds"], **shown)


async def set_limit(request: Request, facts: Facts, who: Person) -> Answer:
    """Set or remove a threshold."""
    w, form = words(request.language), request.form
    if not who.may("operator"):
        return page(request, who, "refused.html", 403)
    limit = limit_of(form, who)
    problems = tuple(
        (key, w[f"{key}_missing"]) for key, is_there in (("limit", limit), ("why", form.get("why", "").strip())) if not is_there
    )
    if limit is None or problems:
        return await limits(request, facts, who, problems=problems)
    done = await facts.set_limit(limit)
    return await limits(request, facts, who, done=w["done_threshold"] if done else w["not_done_threshold"])


def limit_of(form: Mapping[str, str], who: Person) -> Limit | None:
    """The threshold of a form; ``None`` if its limit is not a number of 0 or more."""
    text = "-1" if form.get("act") == "remove" else form.get("limit", "")
    if not re.fullmatch(r"-1|\d{1,9}([.]\d{1,3})?", text):
        return None
    return Limit(form.get("integration", ""), form.get("rule", ""), float(text), who.name, form.get("why", "").strip())


async def sample_role(request: Request, facts: Facts, who: Person) -> Answer:
    """On a developer's machine: view the page in another role. The cookie has no effect anywhere else."""
    role = request.form.get("role", "")
    if not who.is_sample or role not in ROLES:
        return page(request, who, "refused.html", 403)
    cookie = f"hub-sample-role={role}; Path={request.base}; HttpOnly; SameSite=Strict"
    return Answer(
        status=303,
        content_type=HTML,
        body=b"",
        headers=SECURE | {"Location": f"{request.base}?lang={request.language}", "Set-Cookie": cookie},
    )


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


def together(a: Flow, b: Flow) -> Flow:
    """The sum of the counts of two integrations."""
    counts = ("accepted", "delivered", "rejected", "duplicate", "dead", "waiting", "codes_waiting", "dead_now", "observed")
    added: dict[str, Any] = {key: getattr(a, key) + getattr(b, key) for key in counts}
    return replace(a, oldest_s=max(a.oldest_s, b.oldest_s), dead_is_more=a.dead_is_more or b.dead_is_more, **added)


HANDLERS: Mapping[tuple[str, str], Any] = {
    ("GET", ""): overview,
    ("GET", "data"): data,
    ("GET", "parallel"): parallel,
    ("GET", "message"): message,
    ("POST", "search"): search,
    ("POST", "act"): act,
    ("GET", "codes"): codes,
    ("GET", "codes/data"): codes_data,
    ("GET", "thresholds"): limits,
    ("POST", "thresholds"): set_limit,
    ("POST", "as"): sample_role,
}
