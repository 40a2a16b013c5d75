"""The content of a dead letter, for an administrator who gives a reason. It is audited, and neither a URL nor a cache has it."""

from shared.delivery import dead
from shared.delivery.dead import Refused
from shared.envelope import Answer
from shared.hub import Hub
from shared.ops.access import Person
from shared.ops.form import actor, missing, refusal
from shared.ops.frame import Problems, Request, page
from shared.ops.words import words

LARGEST = 200_000  # characters that the page shows
WIDEST = 4  # bytes of a character
KEPT = "\n\t"


async def ask_why(
    request: Request, hub: Hub, who: Person, *, problems: Problems = (), refused: tuple[str, ...] = (), content: str | None = None
) -> Answer:
    """The form for the reason, and the content once the reason was given."""
    given = request.query if request.method == "GET" else request.form
    shown = {"content": content[:LARGEST] if content is not None else None, "is_cut": len(content or "") > LARGEST}
    place = {"integration": given.get("integration", ""), "id": given.get("id", "")}
    heading = words(request.language)["content"]
    status = 422 if problems else 200
    return page(request, who, "content.html", status, heading=heading, problems=problems, refused=refused, **shown, **place)


async def show_content(request: Request, hub: Hub, who: Person) -> Answer:
    """The content as text."""
    if problems := missing(request, confirm=False):
        return await ask_why(request, hub, who, problems=problems)
    name, message_id = request.form.get("integration", ""), request.form.get("id", "")
    if name not in hub.integrations:
        return await ask_why(request, hub, who, refused=(refusal("not-dead", request),))
    try:
        body = await dead.content(name, message_id, actor(request, who), hub)
    except Refused as why:
        return await ask_why(request, hub, who, refused=(refusal(why.reason, request),))
    # A body may have 100 MiB. The whole of it as text would take gigabytes, and hold up every message for many seconds.
    return await ask_why(request, hub, who, content=text_of(body[: WIDEST * (LARGEST + 1)]))


def text_of(body: bytes) -> str:
    r"""The bytes as text that a page can show: an HL7 segment is a line, anything but text is escaped.

    >>> text_of(b"MSH|a\rPID|b\x00\xff")
    'MSH|a\nPID|b\\x00\\xff'
    """
    text = body.decode("utf-8", "backslashreplace").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each if each in KEPT or each.isprintable() else f"\\x{ord(each):02x}" for each in text)
