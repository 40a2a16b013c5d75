"""``./hub send``: a message to a hub that runs, by HTTP or by its queue."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shared.integration import Integration
from toolkit import screen
from toolkit.commands.develop.check import File, Name, declared, read
from toolkit.commands.operate.stored import on_hub
from toolkit.commands.operate.stories import with_times
from toolkit.local import drops
from toolkit.say import stop

if TYPE_CHECKING:
    from shared.hub import Hub

Url = Annotated[str, typer.Option("--url", envvar="HUB_URL", help="The hub's address.")]
ByQueue = Annotated[bool, typer.Option("--queue", help="Put it on the queue <name>-in instead of posting it.")]
Kind = Annotated[str, typer.Option("--content-type", help="Media type of the body. Without it: from the file's name.")]
Key = Annotated[str, typer.Option("--key", envvar="HUB_KEY", help="The partner's key, if the hub requires one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
WAIT = 10.0
OPEN = ("waiting", "sending", None)


def send(
    name: Name,
    file: File = "-",
    url: Url = "http://127.0.0.1:7071",
    queue: ByQueue = False,
    content_type: Kind = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Send a message to a running hub (./hub up) and show its outcome. A file integration gets the file and its pair."""
    integration = declared(name)
    body = read(file)
    if drops.takes_files(integration) and not queue:
        print("\n".join(f"in the inbox as {screen.line(each)}" for each in _dropped(integration, file, body)))
        print(f"the acknowledgement comes to {name}-replies")
        return
    if queue:
        on_hub([], lambda hub: _queued(name, body, hub))
        print(f"on the queue {name}-in; the acknowledgement comes to {name}-replies")
        return
    headers = {"Content-Type": content_type or _kind(file)} | ({"x-hub-key": key} if key else {})
    result = asyncio.run(_posted(url, name, body, headers))
    print(screen.as_json(result) if as_json else screen.plain(_text(result)))
    raise SystemExit(0 if result["status"] < 300 and result["outcome"].get("outcome") not in ("rejected", "dead") else 1)


def _kind(file: str) -> str:
    from shared import formats
    from toolkit.samples import CONTENT_TYPES

    return CONTENT_TYPES.get(file.rpartition(".")[2], formats.UNMARKED)


async def _posted(url: str, name: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    import aiohttp

    try:
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{url}/api/v1/{name}", data=body, headers=headers) as answer:
                result = {"status": answer.status, "answer": (await answer.read()).decode("utf-8", "replace")}
                where = answer.headers.get("Location", "")
            return {**result, "outcome": await _followed(session, url + where, headers) if where else {}}
    except (aiohttp.InvalidURL, ValueError):
        stop(f"{url} is not an address such as http://127.0.0.1:7071", 2)
    except (aiohttp.ClientError, TimeoutError):
        stop(f"no hub answers at {url}: start it with ./hub up")


async def _followed(session: Any, url: str, headers: dict[str, str]) -> dict[str, Any]:
    """Its outcome, or its state after some seconds."""
    state: dict[str, Any] = {}
    for _ in range(int(WAIT / 0.1)):
        async with session.get(url, headers=headers) as answer:
            state = await answer.json() if answer.status == 200 else {}
        if state.get("outcome") not in OPEN:
            break
        await asyncio.sleep(0.1)
    return state


async def _queued(name: str, body: bytes, hub: "Hub") -> None:
    """As base64; over the queue's limit, by way of the inbox."""
    import base64
    import uuid

    from shared.storage.names import INBOX

    text = base64.b64encode(body)
    if len(text) > 60 * 1024:
        blob = f"{name}/{uuid.uuid4().hex}"
        await hub.store.write_blob(INBOX, blob, body)
        text = json.dumps({"blob": blob}).encode()
    await hub.store.send(f"{name}-in", text)


def _dropped(integration: Integration, file: str, body: bytes) -> list[str]:
    """The file, and the other file of its pair if it is in the same folder; a local hub gets the events from here."""
    if file == "-":
        stop(f"{integration.name} takes files: name one")
    path = Path(file)
    halves = {half: path.with_suffix(f".{half}") for half in drops.other_halves(integration, path.suffix[1:])}
    files = {path.suffix[1:]: body} | {half: other.read_bytes() for half, other in halves.items() if other.exists()}

    async def leave(hub: "Hub") -> list[str]:
        names = await drops.leave(integration, hub.store, path.stem, files)
        for name in names:
            await hub.store.send(f"{integration.name}-in", json.dumps({"blob": name}).encode())
        return names

    return on_hub([], leave)


def _text(result: dict[str, Any]) -> str:
    duplicate = (
        "  duplicate: the hub has this message already, and shows what became of the first"
        if result["outcome"].get("sent_again")
        else ""
    )
    lines = [f"HTTP {result['status']}{duplicate}", result["answer"].replace("\r", "\n").rstrip()]
    [story] = with_times([result["outcome"]])
    lines += [f"{name:>15}  {value}" for name, value in story.items() if name != "history"]
    return "\n".join(line for line in lines if line)
