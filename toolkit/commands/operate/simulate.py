"""``./hub simulate``: how the simulated destinations of a hub that is up behave, or one of them alone."""

import asyncio
import json
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit import screen
from toolkit.say import HOME, stop

if TYPE_CHECKING:
    from toolkit.local.misbehave import Simulated

CONTROLS = HOME / "up" / "simulators.json"
Name = Annotated[str, typer.Argument(help="A destination, such as MPI. Without it: list them.")]
Behaviours = Annotated[str, typer.Argument(help="How it meets the next messages, one each: late:2,AE,drop. AE* is for all.")]
Forget = Annotated[bool, typer.Option("--forget", help="Behave again, and forget what was received.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Start it alone on this port, until Ctrl-C.")]
ControlPort = Annotated[int, typer.Option("--control-port", min=0, max=65535, help="With --port: where its behaviour is set.")]
AsJson = Annotated[bool, typer.Option("--json", help="What it received, as one JSON object.")]


def simulate(
    name: Name = "",
    behaviours: Behaviours = "",
    forget: Forget = False,
    port: Port = None,
    control_port: ControlPort = 0,
    as_json: AsJson = False,
) -> None:
    """Make a simulated destination misbehave: of a hub that is up (./hub up), or alone with --port."""
    from integrations import load_all
    from toolkit.local.misbehave import simulated

    known = simulated(load_all())
    if not name:
        _list(known)
        return
    if name not in known:
        stop(f"no destination called {screen.line(name)} is simulated: {', '.join(known)}", 2)
    asked = [each.strip() for each in behaviours.split(",") if each.strip()]
    _must_be_known(known[name], asked)
    if port is None:
        _control(known[name], asked, forget, as_json)
    else:
        asyncio.run(_alone(known[name], asked, port, control_port))


def _list(known: "dict[str, Simulated]") -> None:
    rows = [(one.name, behaviour, does) for one in known.values() for behaviour, does in one.behaviours.items()]
    screen.show_table(("destination", "behaviour", "what it does"), rows, whole=("destination",), empty="none is simulated")


def _must_be_known(one: "Simulated", behaviours: list[str]) -> None:
    from toolkit.local.misbehave import set_behaviours
    from toolkit.local.simulators.script import Script

    try:
        set_behaviours(Script(one.behaviours), behaviours)
    except ValueError as error:
        stop(str(error), 2)


def _control(one: "Simulated", behaviours: list[str], forget: bool, as_json: bool) -> None:
    """Set the behaviour, and print what was received."""
    try:
        port = int(json.loads(CONTROLS.read_text("utf-8"))[one.name])
        if forget:
            _asked(port, "POST", "/forget")
        for behaviour in behaviours:
            _asked(port, "POST", "/always" if behaviour.endswith("*") else "/will", behaviour.rstrip("*"))
        state = _asked(port, "GET", "/state")
    except (OSError, KeyError, ValueError, HTTPException):
        stop("no hub is up with this destination: start ./hub up, or start the destination alone with --port")
    if as_json:
        print(screen.as_json(state))
    else:
        counted = {name: len(value) if isinstance(value, list | dict) else value for name, value in state.items()}
        print("\n".join(f"{name:>15}  {screen.line(value)}" for name, value in counted.items()))


def _asked(port: int, method: str, path: str, body: str = "") -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body)
        found: dict[str, Any] = json.load(connection.getresponse())
    finally:
        connection.close()
    return found


async def _alone(one: "Simulated", behaviours: list[str], port: int, control_port: int) -> None:
    from toolkit.local.misbehave import set_behaviours
    from toolkit.local.simulated import made
    from toolkit.local.simulators.control import serve

    simulator = made(one.simulator)
    simulator.port = port
    set_behaviours(simulator.script, behaviours)
    try:
        await serve(simulator, control_port)
    except OSError as error:
        stop(f"cannot listen: {error.strerror}")
