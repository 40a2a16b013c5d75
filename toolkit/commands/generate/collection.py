"""``./hub collection``: the requests of a partner as a Postman or a Bruno collection, made from the OpenAPI document."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from toolkit.say import say, stop


class Tool(StrEnum):
    """The tool that reads the collection."""

    POSTMAN = "postman"
    BRUNO = "bruno"


Named = Annotated[list[str] | None, typer.Argument(help="Integrations; without one: all.")]
For = Annotated[Tool, typer.Option("--for", help="The tool that reads the collection.")]
To = Annotated[Path | None, typer.Option("--to", help="The file for Postman, or the new folder for Bruno.")]
At = Annotated[str, typer.Option("--at", help="Address of the hub.")]


def collection(names: Named = None, tool: For = Tool.POSTMAN, to: To = None, at: At = "") -> None:
    """Write a collection for Postman or Bruno: a request for each operation and sample, each with its tests."""
    from shared.partner_docs.openapi import document
    from shared.partner_docs.site.requests import requests
    from toolkit.commands.develop.check import all_declared

    integrations = all_declared(names)
    made = document(integrations, [{"url": at, "description": "This hub"}]) if at else document(integrations)
    written = _postman(made, to) if tool is Tool.POSTMAN else _bruno(made, to)
    say(f"{sum(1 for _ in requests(made))} requests in {written}")


def _postman(document: Mapping[str, Any], to: Path | None) -> str:
    import orjson

    from shared.partner_docs.site import postman

    to = to or Path("hub.postman_collection.json")
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(orjson.dumps(postman.collection(document), option=orjson.OPT_INDENT_2))
    return f"{to}: set the variable key to your key"


def _bruno(document: Mapping[str, Any], to: Path | None) -> str:
    from shared.partner_docs.site import bruno
    from shared.partner_docs.site.requests import addresses

    to = to or Path("hub-bruno")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        stop(f"{to} is there already: name a new folder with --to", 2)
    for path, content in bruno.collection(document).items():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).write_bytes(content)
    environment = next(iter(addresses(document)))
    return f"{to}. To send them: cd {to}; bru run -r --env {environment} --env-var key=YOUR-KEY"
