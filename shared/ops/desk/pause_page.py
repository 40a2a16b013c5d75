"""The page of paused deliveries: which, since when, by whom and why; pause and resume."""

import asyncio

from shared.delivery import pause
from shared.delivery.dead import Refused
from shared.delivery.waiting import resume
from shared.envelope import Answer
from shared.hub import Hub
from shared.ops.access import Person
from shared.ops.figures.times import iso
from shared.ops.form import actor, missing, refusal
from shared.ops.frame import Problems, Request, page
from shared.ops.words import words


async def show_paused(
    request: Request, hub: Hub, who: Person, *, problems: Problems = (), done: str = "", refused: tuple[str, ...] = ()
) -> Answer:
    """What is paused, and for an operator the form."""
    each = await asyncio.gather(*(pause.paused(name, hub) for name in hub.integrations))
    rows = [(name, iso(row.at), row.who, row.purpose) for name, row in zip(hub.integrations, each, strict=True) if row]
    result = {"problems": problems, "done": done, "refused": refused, "integrations": tuple(hub.integrations), "rows": rows}
    chosen = request.form.get("integration") or request.query.get("integration", "")
    status = 422 if problems else 200
    return page(
        request, who, "paused.html", status, heading=words(request.language)["paused_deliveries"], chosen=chosen, **result
    )


async def pause_or_resume(request: Request, hub: Hub, who: Person) -> Answer:
    """Pause or resume the delivery of the integration that was chosen."""
    w, form = words(request.language), request.form
    integration, act = hub.integrations.get(form.get("integration", "")), form.get("act", "")
    if act not in ("pause", "resume") or integration is None:
        return page(request, who, "refused.html", 403)
    if problems := missing(request, confirm=False):
        return await show_paused(request, hub, who, problems=problems)
    try:
        if act == "pause":
            await pause.pause(integration, actor(request, who), hub)
        else:
            await resume(integration, actor(request, who), hub)
    except Refused as why:
        return await show_paused(request, hub, who, refused=(refusal(why.reason, request),))
    return await show_paused(request, hub, who, done=f"{integration.name}: {w['done_' + act]}")
