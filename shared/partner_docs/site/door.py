"""``GET /api/docs``: the pages and files of the integrations that the caller may call, and of no others.

docs                        the caller's integrations of this app
docs/NAME                   the interface sheet
docs/NAME/samples, rules, answers          the other pages
docs/NAME/samples/FILE      a synthetic message
docs/NAME/files/FILE        a schema that the sheet names
docs/NAME/openapi.json, openapi-python-client.yml, postman_collection.json, bruno_collection.zip      for tools
docs[/NAME]/static/FILE     stylesheets and the script, for anyone

The caller is known as at ``POST /api/v1/NAME``: by key, certificate or token. No page has content of a message.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.admission import admit, refuse
from shared.intake.request import address
from shared.integration import Integration
from shared.partner_docs.site import files, pages
from shared.partner_docs.site.pages import Request
from shared.platform_headers import address as network_address
from shared.security import Partner, caller

STATIC = "static"
REFUSED = (401, 403)


class Call(NamedTuple):
    """One call; ``path`` is the part after ``/api/docs``."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


async def partner_docs(call: Call, hub: Hub) -> Answer:
    """401 for a caller that is not recognised, 403 for another partner's integration, 404 for no such page, 429 after many."""
    parts = call.path.strip("/").split("/")
    request = Request(call.query, call.headers, address(call.headers))
    if parts[-2:-1] == [STATIC]:
        return files.static(parts[-1])
    name, rest = parts[0], "/".join(parts[1:])
    # A name that is not of this app is a text of the caller: it must reach no event.
    found = admit(name, call.headers, hub) if name in hub.integrations else known(call.headers, hub)
    if isinstance(found, Answer):
        return _refusal(request, found)
    if not name:
        return pages.catalogue(request, [each for each in hub.integrations.values() if found.may_call(each.name)])
    integration = hub.integrations.get(name)
    if integration is None:
        return pages.message(request, "none_here", 404)
    return await asyncio.to_thread(answer, request, integration, rest)  # the first page of a process decides on samples


def known(headers: Mapping[str, str], hub: Hub) -> Partner | Answer:
    """The partner, which may call anything or nothing; else the answer that refuses the call."""
    found = caller(headers, hub.now())
    return found or refuse(401, "docs", f"address {network_address(headers)}", hub)


def answer(request: Request, integration: Integration, rest: str) -> Answer:
    """A page or a file of one integration."""
    if page := pages.PAGES.get(rest):
        return page(request, integration)
    return files.file(request, integration, rest) or pages.message(request, "none_here", 404)


def _refusal(request: Request, refused: Answer) -> Answer:
    """A page for a browser; for any other client the answer that each route gives."""
    if refused.status not in REFUSED or "text/html" not in request.headers.get("accept", ""):
        return refused
    return pages.message(request, "unknown" if refused.status == 401 else "forbidden", refused.status)
