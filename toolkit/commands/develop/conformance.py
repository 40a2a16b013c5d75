"""``./hub conformance``: a report on a partner's messages, and what is missing before go-live."""

import os
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from toolkit import screen
from toolkit.commands.develop.check import Json, Name, declared
from toolkit.say import stop

Place = Annotated[
    str,
    typer.Argument(metavar="FOLDER|URL", help="A folder of messages; or the address of a self-test, for the hub's own samples."),
]
At = Annotated[
    str, typer.Option("--at", metavar="URL", help="Judge at a hub: https://HUB/api/v1/NAME/check, your key in HUB_KEY.")
]
Types = Annotated[list[str] | None, typer.Option("--type", help="A type that you will send. May be repeated. Without it: all.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Also write the report as a page, to print and sign.")]
Names = Annotated[bool, typer.Option("--names", help="Also show which file has which number. A name may hold a patient's data.")]
KEY = "HUB_KEY"


def conformance(
    name: Name, place: Place, at: At = "", types: Types = None, html: Html = None, names: Names = False, as_json: Json = False
) -> None:
    """Report on a partner's messages: types, rules, a score, what is missing. Exits with status 0 if nothing is missing."""
    from toolkit.conformance import page, terminal
    from toolkit.conformance.report import report
    from toolkit.conformance.tally import tally

    integration = declared(name)
    required = _required(integration, types)
    folder, url = _folder(integration, place), at or (place if _is_url(place) else "")
    with _judge(integration, url) as judge:
        found = tally(integration, folder, judge)
    made = report(found, _version(), required)
    if html:
        _write(html, page.page(made, date.today().isoformat(), urlsplit(url).netloc if url else "this machine"))
    if names:
        print(terminal.names(found))
    print(screen.as_json(made) if as_json else terminal.text(made))
    raise SystemExit(0 if made["ready"] else 1)


def _is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def _folder(integration: Any, place: str) -> Path:
    """The folder of the messages: for an address, the samples of the integration."""
    from toolkit.samples import ROOT

    folder = ROOT / integration.package / "samples" if _is_url(place) else Path(place)
    if not folder.is_dir():
        stop(f"{place} is not a folder", 2)
    return folder


def _judge(integration: Any, url: str) -> AbstractContextManager[Any]:
    from toolkit.conformance import judges

    return judges.remote(url, os.environ.get(KEY, "")) if url else judges.local(integration)


def _required(integration: Any, chosen: list[str] | None) -> tuple[str, ...]:
    from shared.formats.documented import types

    known = types(integration.source)
    for each in chosen or ():
        if each not in known:
            stop(f"{each} is not a type of {integration.name}: {', '.join(known)}", 2)
    return tuple(dict.fromkeys(chosen or ()))


def _version() -> str:
    """The version of the hub whose rules and texts these are."""
    import tomllib

    from toolkit.say import ROOT

    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        stop(f"cannot write {file}: {error.strerror}", 2)
