"""Dead letters over HTTP, for a caller whose partner has the role ``admin``.

``GET /api/v1/<name>/dead[?rule=]``, ``GET .../dead/<id>[?content=1&purpose=]``, ``POST .../dead/<id>/replay|discard``,
``POST .../dead/replay?rule=``. Many at once, as they were seen: ``POST .../dead/preview[?rule=]`` names them and returns a plan,
and ``POST .../dead/replay|discard?plan=`` acts on the next of them, until none are left. To replay, to discard and to read the
content, a caller must give a purpose, which is kept in the audit: the header ``x-hub-purpose``, or the query parameter
``purpose``. Prefer the header: a URL may be logged on its way.
"""

from collections.abc import Mapping

from shared.delivery import dead
from shared.delivery.dead import Person, Refused
from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.admission import admit
from shared.intake.http_answers import NO_STORE, NOT_FOUND, STORAGE_AWAY, json_answer
from shared.integration import Integration
from shared.ledger.reporting.search import status
from shared.ops.plan import Bulk, carry_out, preview
from shared.ops.replay import replay
from shared.storage.store import Away

Query = Mapping[str, str]
BULKS: Mapping[str, Bulk] = {"replay": "replay", "discard": "discard"}


async def administer(integration: Integration, headers: Query, request: str, query: Query, hub: Hub) -> Answer:
    """``request`` is the method and what follows ``dead``: ``GET``, ``GET <id>``, ``POST <id>/replay`` ...

    401, 403 and 429 for a caller that is not allowed, 400 without a purpose, 404, 409 if it cannot be done, 503 if storage is
    unavailable.
    """
    partner = admit(integration.name, headers, hub, "admin")
    if isinstance(partner, Answer):
        return partner
    person = Person(partner.name, purpose_of(headers, query))
    parts = request.strip("/ ").split(" ", 1)
    is_read = parts[0] == "GET" or parts == ["POST", "preview"]
    if not person.purpose and (not is_read or query.get("content")):
        return json_answer(400, {"error": "a purpose is required, which is kept in the audit: the header x-hub-purpose"})
    try:
        return await _do(integration, parts, query, person, hub)
    except Refused as why:
        return json_answer(409, {"error": str(why), "reason": why.reason})
    except Away:
        return STORAGE_AWAY


def purpose_of(headers: Query, query: Query) -> str:
    """The purpose, at most 200 characters; ``""`` if neither the header (in any case) nor the query has one."""
    header = next((value for name, value in headers.items() if name.lower() == "x-hub-purpose"), "").strip()
    return (header or query.get("purpose", "").strip())[:200].encode(errors="replace").decode()


async def _do(integration: Integration, request: list[str], query: Query, person: Person, hub: Hub) -> Answer:
    message_id, _, act = (request[1] if len(request) > 1 else "").strip("/").partition("/")
    if request[0] == "GET":
        return await _show(integration, message_id, query, person, hub)
    if message_id == "preview" and not act:
        found = await preview([integration], query.get("rule", ""), 0, person.who, hub, only=integration.name)
        return json_answer(200, found.face())
    if message_id in BULKS and not act and "plan" in query:
        progress = await carry_out(query["plan"], BULKS[message_id], person, hub, only=integration.name)
        return json_answer(200 if message_id == "discard" else 202, progress.face())
    if message_id == "replay" and not act:
        return json_answer(202, {"replayed": await replay_many(integration, query.get("rule", ""), person, hub)})
    if act == "replay":
        out_of_order = query.get("out_of_order", "") == "1"
        return json_answer(202, {"id": await replay(integration, message_id, person, hub, out_of_order)})
    if act == "discard":
        await dead.discard(integration, message_id, person, hub)
        return json_answer(200, {"id": message_id, "outcome": "discarded"})
    return NOT_FOUND


async def _show(integration: Integration, message_id: str, query: Query, person: Person, hub: Hub) -> Answer:
    if not message_id:
        page = await dead.dead_page(integration.name, hub, query.get("rule", ""), after=query.get("after", ""))
        listed = sorted(page.letters, key=lambda letter: float(letter["at"]))
        return json_answer(200, {"dead": listed, **({"after": page.following} if page.following else {})})
    if query.get("content"):
        body = await dead.content(integration.name, message_id, person, hub)
        return Answer(status=200, content_type="application/octet-stream", body=body, headers=NO_STORE)
    story = await status(integration.name, message_id, hub)
    return json_answer(200, story) if story else NOT_FOUND


async def replay_many(integration: Integration, rule: str, person: Person, hub: Hub) -> list[str]:
    """Replay every dead letter of a rule or code, oldest first; those that cannot be replayed stay."""
    done = []
    for letter in await dead.dead_letters(integration.name, hub, rule):
        try:
            done.append(await replay(integration, letter["id"], person, hub))
        except Refused:
            continue
    return done
