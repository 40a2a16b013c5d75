"""Many dead letters at once: a preview names them, and what is done later is what it named.

The preview keeps a plan: the dead letters that a filter found, each with the time at which it died. A request acts on the next
``AT_A_TIME`` of them and writes down how far it is, so that the next request continues, also after one that was cut off. A dead
letter that has changed since the preview is skipped: it was replayed, discarded, or has died again.
"""

import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import orjson

from shared.delivery import dead
from shared.delivery.dead import Person, Refused
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import audit
from shared.ledger.audit import Act
from shared.ops.replay import replay
from shared.storage import names
from shared.storage.names import BULK, SHARED_TABLE
from shared.storage.store import Conflict, remove
from shared.storage.stored import WithBody, always, row_type

MOST = 500  # dead letters that one preview names
AT_A_TIME = 50  # dead letters that one request acts on
LIVES = 86400.0  # seconds after which a plan can no longer be used, and is deleted
STUCK = ("busy", "changed", "newer-version")  # reasons for which a dead letter is left where later ones would overtake it
Bulk = Literal["replay", "discard"]


class Letter(NamedTuple):
    """A dead letter of a plan. ``ended``: when it died, in seconds since 1970; ``rule``: the rule or code that it died of."""

    integration: str
    id: str
    ended: float
    rule: str


@row_type(frozen=True, kw_only=True, repr=False)
class Plan(WithBody):
    """What a preview named, for whom, and how far a person is with it.

    ``act``: empty until the first request; ``done``: letters that were acted on or skipped; ``skipped``: JSON, how many for which
    reason. ``stuck``: lanes in which one is left that a later one must not overtake, separated by blanks.
    The body is the list of letters, compressed.
    """

    who: str
    at: float
    integration: str = always("")
    act: str = always("")
    done: int = always(0)
    skipped: str = always("{}")
    stuck: str = always("")

    def letters(self) -> list[Letter]:
        """What the preview named; of a lane the earlier ones first."""
        return [Letter(*each) for each in orjson.loads(zlib.decompress(self.body))]


class Preview(NamedTuple):
    """What a plan would act on. ``groups``: how many of which integration and rule. ``is_cut``: the filter finds more."""

    plan: str
    total: int
    groups: tuple[tuple[str, str, int], ...]
    is_cut: bool

    def face(self) -> dict[str, Any]:
        """As JSON shows it."""
        groups = [{"integration": name, "rule": rule, "count": count} for name, rule, count in self.groups]
        return {"plan": self.plan, "count": self.total, "more": self.is_cut, "groups": groups}


class Progress(NamedTuple):
    """How far a plan is: letters acted on in all, those that were skipped by reason, and those that are left."""

    acted: int
    skipped: dict[str, int]
    left: int

    def face(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {"done": self.acted, "skipped": self.skipped, "left": self.left}


async def preview(integrations: Iterable[Integration], rule: str, since: float, who: str, hub: Hub, only: str = "") -> Preview:
    """Name the dead letters that a filter finds, and keep them as a plan.

    Args:
        rule: a rule id or code; ``""``: any.
        since: listed at this time or later, in seconds since 1970; 0: any.
        only: the integration that the plan is bound to; ``""``: to none.
    """
    await _forget_old(hub)
    kept, is_cut = list[Letter](), False
    for integration in integrations:
        found = await _letters(integration.name, rule, since, hub)
        whole = _whole_lanes(found, MOST - len(kept))
        kept, is_cut = [*kept, *whole], is_cut or len(whole) < len(found)
        if is_cut:
            break
    token, body = hub.token(), zlib.compress(orjson.dumps([tuple(letter) for letter in kept]), 1)
    plan = Plan(who=who, at=hub.now(), integration=only, body=body)
    await hub.store.commit(SHARED_TABLE, BULK, plan.inserted(token))
    groups = Counter((letter.integration, letter.rule) for letter in kept)
    return Preview(token, len(kept), tuple((*key, count) for key, count in sorted(groups.items())), is_cut)


async def carry_out(token: str, act: Bulk, person: Person, hub: Hub, only: str = "") -> Progress:
    """Act on the next letters of a plan. Raises ``Refused``: no such plan of this person, or begun with another act.

    The first request is written into the audit of each integration; each letter has its own entry as well.
    """
    if not person.purpose.strip():
        raise Refused("give the reason: it is recorded in the audit", "no-purpose")
    plan = await _plan(token, act, person, hub, only)
    letters = plan.letters()
    if not plan.act:
        for name in sorted({letter.integration for letter in letters}):
            await audit.append(name, Act(person.who, f"bulk-{act}", token, person.purpose), hub)
        plan = await _kept(replace(plan, act=act), hub)
    for letter in letters[plan.done : plan.done + AT_A_TIME]:
        skipped = Counter(orjson.loads(plan.skipped))
        lane, stuck = names.lane_of(letter.id), plan.stuck.split()
        is_stuck = act == "replay" and lane in stuck
        if reason := "earlier-left" if is_stuck else await _done(letter, act, person, hub):
            skipped[reason] += 1
        if reason in STUCK:
            stuck.append(lane)
        # After each one: a request that is cut off here has at most one that it does not know to be done.
        plan = await _kept(replace(plan, done=plan.done + 1, skipped=orjson.dumps(skipped).decode(), stuck=" ".join(stuck)), hub)
    skipped = Counter(orjson.loads(plan.skipped))
    return Progress(plan.done - skipped.total(), dict(skipped), len(letters) - plan.done)


async def _letters(integration: str, rule: str, since: float, hub: Hub) -> list[Letter]:
    """Dead letters of one integration, lane by lane, and a few more than ``MOST`` at most."""
    found, after = list[dict[str, Any]](), ""
    while len(found) <= MOST:
        page = await dead.dead_page(integration, hub, rule, since, after=after)
        found, after = [*found, *page.letters], page.following
        if not after:
            break
    by_lane = sorted(found, key=lambda one: (names.lane_of(one["id"]), int(one["n"])))
    return [Letter(integration, one["id"], float(one["ended"]), _rule(one)) for one in by_lane]


def _whole_lanes(letters: list[Letter], most: int) -> list[Letter]:
    """At most so many, lane by lane: of a lane that is cut, a later one could be delivered before an earlier one."""
    if len(letters) <= most:
        return letters
    cut = names.lane_of(letters[most].id)
    return [one for one in letters[:most] if names.lane_of(one.id) != cut] or letters[:most]


def _rule(story: dict[str, Any]) -> str:
    """What a dead letter died of: the code of its end, else its first rule."""
    return str(story.get("code") or story.get("rules", "").partition(" ")[0])


async def _plan(token: str, act: Bulk, person: Person, hub: Hub, only: str) -> Plan:
    # Storage refuses a text that cannot be a key: that would be a fault of the hub, and not a wrong token.
    row = await hub.store.get(SHARED_TABLE, BULK, token) if names.is_lane(token) else None
    plan = Plan.of(row) if row else None
    if plan is None or plan.who != person.who or plan.integration != only or hub.now() - plan.at > LIVES:
        raise Refused("there is no such preview of yours: make a new one", "no-plan")
    if plan.act not in ("", act):
        raise Refused("this preview was begun with another act: make a new one", "no-plan")
    return plan


async def _kept(plan: Plan, hub: Hub) -> Plan:
    """The plan as it is written. Raises ``Refused``: another request works on it."""
    try:
        etags = await hub.store.commit(SHARED_TABLE, BULK, plan.replaced())
    except Conflict:
        raise Refused("another request works on this preview: look again", "busy") from None
    return replace(plan, row=replace(plan.row, etag=etags[plan.row.key], values=plan.values()))


async def _done(letter: Letter, act: Bulk, person: Person, hub: Hub) -> str:
    """Act on one letter; the reason where it was skipped, else ``""``."""
    integration = hub.integrations.get(letter.integration)
    if integration is None:
        return "no-integration"
    try:
        place = await dead.find_dead(integration.name, letter.id, hub)
        if place.ended.ended != letter.ended:
            return "changed"
        if act == "replay":
            await replay(integration, letter.id, person, hub)
        else:
            await dead.discard(integration, letter.id, person, hub)
    except Refused as why:
        return why.reason
    return ""


async def _forget_old(hub: Hub) -> None:
    """Delete the plans that can no longer be used."""
    for row in await hub.store.query(SHARED_TABLE, BULK):
        if hub.now() - Plan.of(row).at > LIVES:
            await hub.store.commit(SHARED_TABLE, BULK, remove(row.key))
