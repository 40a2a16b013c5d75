"""The pages of many dead letters: the filter, what it finds, and how far a person is with it."""

from typing import Any

from shared.delivery.dead import Refused
from shared.envelope import Answer
from shared.hub import Hub
from shared.ops.access import Person
from shared.ops.form import actor, missing, refusal
from shared.ops.frame import Problems, Request, page
from shared.ops.plan import AT_A_TIME, Bulk, Progress, carry_out, preview
from shared.ops.words import words

ACTS: dict[str, tuple[Bulk, str]] = {"replay": ("replay", "operator"), "discard": ("discard", "admin")}
AGES = (3600, 86400, 604800)  # seconds that a person can choose


async def show_filter(request: Request, hub: Hub, who: Person, *, refused: tuple[str, ...] = ()) -> Answer:
    """The form for the filter of dead letters."""
    return _page(request, hub, who, refused=refused)


async def show_preview(request: Request, hub: Hub, who: Person) -> Answer:
    """How many dead letters the filter finds, by integration and rule; nothing is done yet."""
    form = request.form
    selected = [one for name, one in hub.integrations.items() if form.get("integration", "") in ("", name)]
    younger = form.get("younger", "")
    since = hub.now() - int(younger) if younger in map(str, AGES) else 0.0
    found = await preview(selected, form.get("rule", "").strip()[:100], since, who.name, hub)
    return _page(request, hub, who, found=found, plan=found.plan)


async def act_on_plan(request: Request, hub: Hub, who: Person) -> Answer:
    """Replay or discard the next of what the preview named."""
    act, role = ACTS.get(request.form.get("act", ""), ("replay", ""))
    if not role or not who.may(role):
        return page(request, who, "refused.html", 403)
    plan = request.form.get("plan", "")
    if problems := missing(request):
        return _page(request, hub, who, problems=problems, plan=plan)
    try:
        progress = await carry_out(plan, act, actor(request, who), hub)
    except Refused as why:
        return await show_filter(request, hub, who, refused=(refusal(why.reason, request),))
    return _page(request, hub, who, progress=progress, plan=plan if progress.left else "", act=act)


def _page(request: Request, hub: Hub, who: Person, *, problems: Problems = (), **values: Any) -> Answer:
    progress: Progress | None = values.get("progress")
    skipped = [(refusal(reason, request), count) for reason, count in progress.skipped.items()] if progress else []
    usual = {"found": None, "progress": None, "plan": "", "act": "", "refused": (), "skipped": skipped}
    form = {name: request.form.get(name, "") for name in ("integration", "rule", "younger", "why")}
    more = {"integrations": tuple(hub.integrations), "ages": AGES, "at_a_time": AT_A_TIME, "chosen": form, "problems": problems}
    heading = words(request.language)["bulk"]
    return page(request, who, "bulk.html", 422 if problems else 200, heading=heading, **(usual | more | values))
