"""The ops page and its JSON: the caller, what they are allowed to do, and the answer.

GET  ops                        service status            reader
GET  ops/data?minutes=          the same as JSON          reader
GET  ops/integration?integration=&minutes=   one integration    reader
GET  ops/integration/data           the same as JSON          reader
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
from dataclasses import asdict, replace
from functools import reduce
from typing import Any, get_args

import orjson

from shared.envelope import Answer
from shared.ops.access import ROLES, Person, person, token_is_right
from shared.ops.figures.facts import Actor, Facts, Flow, Kind, Limit
from shared.ops.figures.needs import needs
from shared.ops.form import missing, reason, refusal
from shared.ops.frame import HTML, JSON, RANGES, SECURE, Problems, Request, page, range_of, sign
from shared.ops.render import FOLDER, heads
from shared.ops.words import words

SHOWN = 25  # dead letters on the first page; a hundred would be thirty screens on a phone
ADDED_UP = (
    *("accepted", "delivered", "rejected", "duplicate", "failed", "unaccepted", "observed"),
    *("waiting", "codes_waiting", "dead_now", "held", "overdue"),
)
NOT_FOUND = Answer(status=404, content_type="text/plain", body=b"not found", headers=SECURE)


async def answer(request: Request, facts: Facts) -> Answer:
    """The answer to any call below ``ops``."""
    if request.path.startswith("static/"):
        return static(request.path.removeprefix("static/"))
    who = person(request.headers, on_developers_machine=request.on_developers_machine)
    if who is None:
        return page(request, None, "refused.html", 403)
    handler = HANDLERS.get((request.method, request.path))
    if handler is None:
        return NOT_FOUND
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
        return NOT_FOUND
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
    values: dict[str, Any] = {"o": o, "total": total, "worst_p95": worst, "needs": needs(o.flows, minutes)}
    shown = values | {"minutes": minutes, "ranges": RANGES, "heads": heads(request.language), "dead": await facts.dead(SHOWN)}
    return page(request, who, "overview.html", heading=words(request.language)["overview"], kind="", **shown)


async def data(request: Request, facts: Facts, who: Person) -> Answer:
    """The same figures as JSON."""
    return as_json(asdict(await facts.overview(range_of(request))))


async def integration(request: Request, facts: Facts, who: Person) -> Answer:
    """One integration: how much, how fast, what is refused, its destination, its lanes, codes and dead letters."""
    minutes = range_of(request)
    found = await facts.detail(request.query.get("integration", ""), minutes)
    if found is None:
        return NOT_FOUND
    shown: dict[str, Any] = {"d": found, "minutes": minutes, "ranges": RANGES, "needs": needs([found.flow], minutes)}
    return page(request, who, "integration.html", heading=found.flow.integration, **shown)


async def integration_data(request: Request, facts: Facts, who: Person) -> Answer:
    """The same figures as JSON."""
    found = await facts.detail(request.query.get("integration", ""), range_of(request))
    return as_json(asdict(found)) if found else NOT_FOUND


def as_json(values: Mapping[str, Any]) -> Answer:
    """Figures as JSON."""
    return Answer(status=200, content_type=JSON, body=orjson.dumps(values), headers=SECURE)


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
    if problems := missing(request):
        return await journey(request, facts, who, form, problems=problems)
    actor = Actor(who.name, who.role, reason(request))
    refused = await (facts.replay if name == "replay" else facts.discard)(form.get("integration", ""), form.get("id", ""), actor)
    if refused:
        return await journey(request, facts, who, form, refused=(refusal(refused, request),))
    return await journey(request, facts, who, form, done=w[f"done_{name}"])


async def journey(
    request: Request,
    facts: Facts,
    who: Person,
    place: Mapping[str, str],
    *,
    problems: Problems = (),
    done: str = "",
    refused: tuple[str, ...] = (),
) -> Answer:
    """The page of one message, also after a replay or discard."""
    found = await facts.journey(place.get("integration", ""), place.get("id", ""))
    if found is None:
        return NOT_FOUND
    status = 422 if problems else 200
    heading = words(request.language)["journey"]
    result = {"problems": problems, "done": done, "refused": refused}
    return page(request, who, "message.html", status, heading=heading, journey=found, **result)


async def codes(request: Request, facts: Facts, who: Person) -> Answer:
    """The codes that no table knows, and what to do about each."""
    return page(request, who, "codes.html", heading=words(request.language)["codes"], lines=await facts.codes())


async def codes_data(request: Request, facts: Facts, who: Person) -> Answer:
    """The same as JSON."""
    return as_json({"codes": [asdict(line) for line in await facts.codes()]})


async def limits(
    request: Request, facts: Facts, who: Person, *, problems: Problems = (), done: str = "", refused: tuple[str, ...] = ()
) -> Answer:
    """The thresholds that are set, and the form to set one."""
    shown = {"limits": await facts.limits(), "problems": problems, "done": done, "refused": refused}
    return page(request, who, "thresholds.html", 422 if problems else 200, heading=words(request.language)["thresholds"], **shown)


async def set_limit(request: Request, facts: Facts, who: Person) -> Answer:
    """Set or remove a threshold."""
    w = words(request.language)
    if not who.may("operator"):
        return page(request, who, "refused.html", 403)
    limit = limit_of(request, who)
    problems = (*(() if limit else (("limit", w["limit_missing"]),)), *missing(request, confirm=False))
    if limit is None or problems:
        return await limits(request, facts, who, problems=problems)
    if not await facts.set_limit(limit):
        return await limits(request, facts, who, refused=(w["not_done_threshold"],))
    return await limits(request, facts, who, done=w["done_threshold"])


def limit_of(request: Request, who: Person) -> Limit | None:
    """The threshold of a form; ``None`` if its limit is not a number of 0 or more."""
    form = request.form
    text = "-1" if form.get("act") == "remove" else form.get("limit", "")
    if not re.fullmatch(r"-1|\d{1,9}([.]\d{1,3})?", text):
        return None
    return Limit(form.get("integration", ""), form.get("rule", ""), float(text), who.name, reason(request))


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


def together(a: Flow, b: Flow) -> Flow:
    """The sum of the counts of two integrations."""
    added: dict[str, Any] = {key: getattr(a, key) + getattr(b, key) for key in ADDED_UP}
    return replace(a, oldest_s=max(a.oldest_s, b.oldest_s), dead_is_more=a.dead_is_more or b.dead_is_more, **added)


HANDLERS: Mapping[tuple[str, str], Any] = {
    ("GET", ""): overview,
    ("GET", "data"): data,
    ("GET", "integration"): integration,
    ("GET", "integration/data"): integration_data,
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

__all__ = ["RANGES", "Request", "answer", "sign"]
