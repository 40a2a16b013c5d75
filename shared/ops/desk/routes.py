"""The pages on which a person acts, and their JSON. Each act needs a role, a reason and a confirmation, and is audited.

GET  ops/waiting?integration=&reason=&older=    messages that wait          reader
GET  ops/waiting/data                           the same as JSON            reader
POST ops/waiting                                retry or give up            operator
GET  ops/paused                                 paused deliveries           reader
POST ops/paused                                 pause or resume             operator
GET  ops/destination?integration=               its destination             reader
POST ops/destination                            try it now                  operator
GET  ops/bulk                                   the filter of dead letters  operator
POST ops/bulk/preview                           what the filter finds       operator
POST ops/bulk                                   replay (operator) or discard (admin) what was seen
GET  ops/content?integration=&id=               the form for the reason    admin
POST ops/content                                the content of a dead letter (never in a URL, never kept)   admin
"""

from collections.abc import Awaitable, Callable, Mapping

from shared.envelope import Answer
from shared.hub import Hub
from shared.ops.access import Person, person, token_is_right
from shared.ops.desk.bulk_page import act_on_plan, show_filter, show_preview
from shared.ops.desk.content_page import ask_why, show_content
from shared.ops.desk.destination_page import show_destination, try_destination
from shared.ops.desk.pause_page import pause_or_resume, show_paused
from shared.ops.desk.waiting_page import act_on_waiting, show_waiting, waiting_data
from shared.ops.frame import Request, page, sign

Handler = Callable[[Request, Hub, Person], Awaitable[Answer]]
HANDLERS: Mapping[tuple[str, str], tuple[Handler, str]] = {
    ("GET", "waiting"): (show_waiting, "reader"),
    ("GET", "waiting/data"): (waiting_data, "reader"),
    ("POST", "waiting"): (act_on_waiting, "operator"),
    ("GET", "paused"): (show_paused, "reader"),
    ("POST", "paused"): (pause_or_resume, "operator"),
    ("GET", "destination"): (show_destination, "reader"),
    ("POST", "destination"): (try_destination, "operator"),
    ("GET", "bulk"): (show_filter, "operator"),
    ("POST", "bulk/preview"): (show_preview, "operator"),
    ("POST", "bulk"): (act_on_plan, "operator"),
    ("GET", "content"): (ask_why, "admin"),
    ("POST", "content"): (show_content, "admin"),
}


def is_here(request: Request) -> bool:
    """Whether a page of this desk is called."""
    return (request.method, request.path) in HANDLERS


async def answer(request: Request, hub: Hub) -> Answer:
    """403 for a caller without the role, or with a form that has not this person's token. Raises ``Away``."""
    handler, role = HANDLERS[request.method, request.path]
    who = person(request.headers, on_developers_machine=request.on_developers_machine)
    if who is None or not who.may(role) or (request.method == "POST" and not _has_token(request, who)):
        return page(request, who, "refused.html", 403)
    return await handler(request, hub, who)


def _has_token(request: Request, who: Person) -> bool:
    return token_is_right(request.form.get("token", ""), sign(request, who))
