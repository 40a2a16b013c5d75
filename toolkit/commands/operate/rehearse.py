"""``./hub rehearse``: how a sender meets 401, 403, 429 and 503 before it meets them in earnest."""

from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Annotated, Literal

import typer

from toolkit import screen
from toolkit.say import HOME, say, stop

FILE = HOME / "up" / "outage.port"
HOW = (
    ("401", "send with a wrong key; needs ./hub up --partners FILE"),
    ("403", "send with your key to an integration that is not in your entry; needs --partners"),
    ("429", "send 21 times in a minute with a wrong key, or 61 self-tests with the right one"),
    ("503", "./hub rehearse 503 takes the storage away; ./hub rehearse off brings it back"),
)
Status = Annotated[
    Literal["", "503", "off"], typer.Argument(help="503: take the storage of ./hub up away. off: bring it back. Without it: how.")
]


def rehearse(status: Status = "") -> None:
    """Make the hub of ./hub up answer 503 until it is switched off; without a word: how to meet 401, 403, 429 and 503."""
    if not status:
        screen.show_table(("status", "how"), HOW, whole=("status",), empty="")
        return
    order(status, FILE)
    say("storage is away: senders get 503" if status == "503" else "storage is back")


def order(status: str, file: Path) -> None:
    """Pass the wish to the hub that is up."""
    try:
        connection = HTTPConnection("127.0.0.1", int(file.read_text("utf-8")), timeout=60)
        connection.request("POST", f"/{status}")
        connection.getresponse().read()
        connection.close()
    except (OSError, ValueError, HTTPException):
        stop("no hub is up: start it with ./hub up")
