"""What waits for its delivery, over HTTP, for a caller whose partner has the role ``admin``.

``GET /api/v1/<name>/delivery``: whether it is paused. ``GET .../delivery/waiting[?reason=&older=&younger=]``: what waits.
``POST .../delivery/waiting/<id>/retry|give-up``, ``POST .../delivery/pause|resume``: with a purpose, which is kept in the
audit: the header ``x-hub-purpose``, or the query parameter ``purpose``.
"""

from collections.abc import Mapping

from shared.delivery import pause
from shared.delivery.dead import Person, Refused
from shared.delivery.waiting import Filter, give_up, listed, resume, retry
from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.admission import admit
from shared.intake.http_answers import NOT_FOUND, STORAGE_AWAY, json_answer
from shared.integration import Integration
from shared.ops.dead_letter_api import purpose_of
from shared.storage.store import Away

ACTS = {"retry": retry, "give-up": give_up}
LARGEST_AGE = 10  # digits of an age in seconds


async def administer_delivery(
    integration: Integration, headers: Mapping[str, str], request: str, query: Mapping[str, str], hub: Hub
) -> Answer:
    """``request`` is the method and what follows ``delivery``: ``GET``, ``GET waiting``, ``POST pause`` ...

    401, 403 and 429 for a caller that is not allowed, 400 without a purpose or if an age is not a number, 404, 409 if it
    cannot be done, 503 if storage is unavailable.
    """
    partner = admit(integration.name, headers, hub, "admin")
    if isinstance(partner, Answer):
        return partner
    method, _, path = request.strip("/ ").partition(" ")
    person = Person(partner.name, purpose_of(headers, query))
    if method != "GET" and not person.purpose:
        return json_answer(400, {"error": "a purpose is required, which is kept in the audit: the header x-hub-purpose"})
    try:
        if method == "GET":
            return await _show(integration, path.strip("/"), query, hub)
        return await _do(integration, path.strip("/").split("/"), person, hub)
    except Refused as why:
        return json_answer(409, {"error": str(why), "reason": why.reason})
    except Away:
        return STORAGE_AWAY


async def _show(integration: Integration, path: str, query: Mapping[str, str], hub: Hub) -> Answer:
    if not path:
        found = await pause.paused(integration.name, hub)
        return json_answer(200, {"paused": {"since": found.at, "who": found.who, "purpose": found.purpose} if found else None})
    if path != "waiting":
        return NOT_FOUND
    chosen = filter_of(query)
    if chosen is None:
        return json_answer(400, {"error": "older and younger are seconds"})
    found_waiting = await listed(integration, hub, chosen)
    return json_answer(200, {"waiting": list(found_waiting.stories), "more": found_waiting.is_cut})


def filter_of(query: Mapping[str, str]) -> Filter | None:
    """The filter of a query; ``None`` when an age is not a number of seconds."""
    ages = [query.get(name, "") or "0" for name in ("older", "younger")]
    if not all(age.isascii() and age.isdecimal() and len(age) <= LARGEST_AGE for age in ages):
        return None
    return Filter(reason=query.get("reason", "").strip(), older=float(ages[0]), younger=float(ages[1]))


async def _do(integration: Integration, path: list[str], person: Person, hub: Hub) -> Answer:
    if path == ["pause"]:
        await pause.pause(integration, person, hub)
        return json_answer(200, {"paused": True})
    if path == ["resume"]:
        return json_answer(200, {"paused": False, "lanes": await resume(integration, person, hub)})
    if len(path) == 3 and path[0] == "waiting" and path[2] in ACTS:
        await ACTS[path[2]](integration, path[1], person, hub)
        return json_answer(202, {"id": path[1], "act": path[2]})
    return NOT_FOUND
