"""The page of waiting messages: what each waits for, its attempts, its next attempt; retry and give up."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from shared.delivery import pause
from shared.delivery.dead import Refused
from shared.delivery.waiting import HELD, Filter, give_up, listed, retry
from shared.envelope import Answer
from shared.hub import Hub, together
from shared.ops.access import Person
from shared.ops.delivery_api import filter_of
from shared.ops.figures.times import iso
from shared.ops.form import actor, missing, refusal
from shared.ops.frame import JSON, SECURE, Problems, Request, page
from shared.ops.words import words
from shared.storage.store import Away

SHOWN = 50  # messages on one page; a form may hold 16 KiB
AGES = (300, 3600, 86400)  # seconds that a person can choose
ACTS = {"retry": retry, "give-up": give_up}
PICK = "pick-"  # begins the name of the field of a message that was chosen


@dataclass(frozen=True, slots=True)
class Line:
    """One message, the first of its lane. ``waits``: seconds; ``due``: ISO time of the next attempt, ``""``: now."""

    integration: str
    id: str
    control: str
    reason: str
    answer: str
    tries: int
    since: str
    waits: float
    due: str
    behind: int
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The lines of a filter, all reasons that can be chosen, and whether more wait than were looked at."""

    lines: tuple[Line, ...]
    reasons: tuple[str, ...]
    is_cut: bool


async def show_waiting(
    request: Request, hub: Hub, who: Person, *, problems: Problems = (), done: str = "", refused: tuple[str, ...] = ()
) -> Answer:
    """The list, and for an operator the form to act on it. After a form the filter is that of the form."""
    given = request.query if request.method == "GET" else request.form
    found = await _found(given, hub)
    shown = {"lines": found.lines[:SHOWN], "total": len(found.lines), "reasons": found.reasons, "is_cut": found.is_cut}
    chosen = {"chosen": {name: given.get(name, "") for name in ("integration", "reason", "older")}, "ages": AGES}
    result = {"problems": problems, "done": done, "refused": refused, "integrations": tuple(hub.integrations)}
    return page(
        request,
        who,
        "waiting.html",
        422 if problems else 200,
        heading=words(request.language)["waiting_messages"],
        **(shown | chosen | result),
    )


async def waiting_data(request: Request, hub: Hub, who: Person) -> Answer:
    """The same as JSON."""
    found = await _found(request.query, hub)
    return Answer(status=200, content_type=JSON, body=orjson.dumps(found), headers=SECURE)


async def act_on_waiting(request: Request, hub: Hub, who: Person) -> Answer:
    """Retry or give up the messages that were chosen, one after the other; each is audited on its own."""
    w, act = words(request.language), request.form.get("act", "")
    picks = [value for name, value in request.form.items() if name.startswith(PICK)]
    problems = (*((("pick-0", w["pick_missing"]),) if not picks else ()), *missing(request))
    if act not in ACTS:
        return page(request, who, "refused.html", 403)
    if problems:
        return await show_waiting(request, hub, who, problems=problems)
    reasons = [await _done(act, pick, request, hub, who) for pick in picks]
    done, refused = reasons.count(""), tuple(dict.fromkeys(refusal(each, request) for each in reasons if each))
    text = f"{w[f'done_{act}']}: {done}" if done else ""
    return await show_waiting(request, hub, who, done=text, refused=refused)


async def _done(act: str, pick: str, request: Request, hub: Hub, who: Person) -> str:
    """Act on one message; why it was not possible, else ``""``."""
    name, _, message_id = pick.partition(" ")
    if name not in hub.integrations:
        return "not-waiting"
    try:
        await ACTS[act](hub.integrations[name], message_id, actor(request, who), hub)
    except Refused as why:
        return why.reason
    except Away:
        return "away"
    return ""


async def _found(given: Mapping[str, str], hub: Hub) -> Found:
    chosen = filter_of(given) or Filter()
    selected = [one for name, one in hub.integrations.items() if given.get("integration", "") in ("", name)]
    each = await together(*(listed(one, hub) for one in selected))
    pauses = await asyncio.gather(*(pause.paused(one.name, hub) for one in selected))
    now = hub.now()
    every = [
        (story, _line(one.name, story, found is not None, now))
        for one, lanes, found in zip(selected, each, pauses, strict=True)
        for story in lanes.stories
    ]
    lines = sorted((line for story, line in every if chosen.takes(story, now)), key=lambda line: line.since)
    reasons = {code for story, _ in every for code in (story.get("code", ""), story["answer"]) if code}
    return Found(tuple(lines), tuple(sorted(reasons)), any(lanes.is_cut for lanes in each))


def _line(integration: str, story: Mapping[str, Any], is_paused: bool, now: float) -> Line:
    code, due = story.get("code", ""), story.get("due", 0.0)
    return Line(
        integration=integration,
        id=story["id"],
        control=story.get("control", ""),
        reason=_reason(story, code, is_paused),
        answer=story["answer"],
        tries=max(story.get("tries", 0), story.get("attempts", 0)),
        since=iso(story["since"]),
        waits=now - story["since"],
        due="" if is_paused or code == HELD or due <= now else iso(due),
        behind=story["behind"],
        is_paused=is_paused,
    )


def _reason(story: Mapping[str, Any], code: str, is_paused: bool) -> str:
    """What the message waits for, as the end of the name of a text ``why_...``."""
    if story["outcome"] == "sending":
        return "sending"
    if code == HELD:
        return "held"
    if is_paused:
        return pause.WAITS
    return "failed" if code and code == story["answer"] else code or "due"
