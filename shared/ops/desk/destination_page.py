"""The page of one destination: whether it is reachable, and for an operator the form to try it now."""

from shared.delivery.dead import Refused
from shared.delivery.waiting import close_breaker
from shared.envelope import Answer
from shared.hub import Hub
from shared.ops.access import Person
from shared.ops.figures.destination import destination
from shared.ops.form import actor, missing, refusal
from shared.ops.frame import Problems, Request, page
from shared.ops.words import words


async def show_destination(
    request: Request, hub: Hub, who: Person, *, problems: Problems = (), done: str = "", refused: tuple[str, ...] = ()
) -> Answer:
    """The destination of the integration in the address or the form, otherwise of the first one."""
    chosen = request.form.get("integration") or request.query.get("integration", "")
    name = chosen if chosen in hub.integrations else next(iter(hub.integrations))
    facts = await destination(hub.integrations[name].destination.name, hub)
    result = {"problems": problems, "done": done, "refused": refused, "integrations": tuple(hub.integrations), "to": facts}
    heading = words(request.language)["destination_page"]
    return page(request, who, "destination.html", 422 if problems else 200, heading=heading, chosen=name, **result)


async def try_destination(request: Request, hub: Hub, who: Person) -> Answer:
    """Close the breaker, so that the lanes that wait for the destination continue at once."""
    w, form = words(request.language), request.form
    integration = hub.integrations.get(form.get("integration", ""))
    if form.get("act") != "try" or integration is None:
        return page(request, who, "refused.html", 403)
    if problems := missing(request, confirm=False):
        return await show_destination(request, hub, who, problems=problems)
    try:
        await close_breaker(integration, actor(request, who), hub)
    except Refused as why:
        return await show_destination(request, hub, who, refused=(refusal(why.reason, request),))
    return await show_destination(request, hub, who, done=f"{integration.destination.name}: {w['done_try']}")
