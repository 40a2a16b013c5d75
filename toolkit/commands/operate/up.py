"""``./hub up``: the hub on this machine, until Ctrl-C."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.integration import Integration
    from toolkit.local.stack import Stack

DRAIN = 0.8  # seconds; what is not delivered by then is in the ledger, and is delivered at the next start
Only = Annotated[list[str] | None, typer.Argument(help="Only these integrations.")]
Port = Annotated[int, typer.Option("--port", help="The hub's port.")]
StoragePort = Annotated[int, typer.Option("--storage-port", help="First of the three storage ports; Azurite's default is 10000.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start with empty storage.")]


Misbehave = Annotated[
    list[str] | None,
    typer.Option(
        "--misbehave", help="How a destination meets the next messages: MPI=late:2,AE,drop. AE* is for all. May be repeated."
    ),
]

Observe = Annotated[
    list[str] | None,
    typer.Option(
        "--observe",
        help="A parallel run with a simulated old engine: NAME, or NAME=value:PID-8,lacks:PID-13,silent for how it differs.",
    ),
]

Partners = Annotated[
    Path | None,
    typer.Option(
        "--partners", help="A file with partners, as HUB_PARTNERS has them: then a caller without a known key gets 401."
    ),
]


def up(
    names: Only = None,
    port: Port = 7071,
    storage_port: StoragePort = 10000,
    fresh: Fresh = False,
    misbehave: Misbehave = None,
    observe: Observe = None,
    partners: Partners = None,
) -> None:
    """Start storage, simulated destinations and the hub. Ctrl-C drains and stops."""
    from toolkit.commands.develop.check import all_declared
    from toolkit.local.ports import must_be_free
    from toolkit.local.stack import Stack
    from toolkit.say import HOME

    if partners:
        _know(partners)
    must_be_free(port, "the hub", "--port")
    for number in range(storage_port, storage_port + 3):
        must_be_free(number, "storage", "--storage-port")
    integrations, folder = all_declared(names), HOME / "up"
    behaviours, observed = _behaviours(integrations, misbehave or ()), _observed(integrations, observe or ())
    with _the_only_one(HOME / "up.lock"):
        if fresh:
            _empty(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stack = Stack(integrations, folder, port, range(storage_port, storage_port + 3), quiet=False, drain=DRAIN)
        asyncio.run(_stay(stack, behaviours, observed))


def _know(file: Path) -> None:
    """The partners of a file, for the host. A file that cannot be used stops the start, because it would refuse every call."""
    import os

    from shared import security
    from toolkit.say import stop

    try:
        os.environ[security.SETTING] = file.read_text("utf-8")
        if not security.partners() or not os.environ[security.SETTING].strip():
            stop(f"{file} names no partner", 2)
    except security.BadPartners as problem:
        stop(f"{file}: {problem}", 2)
    except (OSError, ValueError):
        stop(f"cannot read {file}", 2)


@contextlib.contextmanager
def _the_only_one(path: Path) -> "Iterator[None]":
    """Stop if another one runs in this folder: both would write to the same storage. The lock ends with the process."""
    from toolkit.say import stop

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as lock:
        if fcntl:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                stop("another ./hub up runs in this folder and uses its storage: stop that one first")
        yield


def _empty(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _behaviours(integrations: "tuple[Integration, ...]", misbehave: "Sequence[str]") -> dict[str, list[str]]:
    from toolkit.local.misbehave import parsed, simulated
    from toolkit.say import stop

    try:
        return parsed(misbehave, simulated(integrations)) if misbehave else {}
    except ValueError as error:
        stop(str(error), 2)


def _observed(integrations: "tuple[Integration, ...]", observe: "Sequence[str]") -> "list[tuple[Integration, list[str]]]":
    """The integrations of a parallel run and how their old engines differ; the mode of each is set for the host."""
    import os

    from shared.mode import OBSERVE, setting_name
    from toolkit.local.simulators.old_engine import parsed
    from toolkit.say import stop

    known, found = {one.name: one for one in integrations}, []
    for text in observe:
        try:
            name, acts = parsed(text)
        except ValueError as error:
            stop(str(error), 2)
        if name not in known:
            stop("--observe names no integration that is started here", 2)
        os.environ[setting_name(name)] = OBSERVE
        found.append((known[name], acts))
    return found


async def _stay(
    stack: "Stack", behaviours: dict[str, list[str]], observed: "Sequence[tuple[Integration, list[str]]]" = ()
) -> None:
    from toolkit.local.simulators.old_engine import OldEngine
    from toolkit.say import say

    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    say("starting storage, simulated destinations and the hub ...")
    waiting = asyncio.ensure_future(stopped.wait())
    if await _first(asyncio.ensure_future(stack.__aenter__()), waiting):
        try:
            async with contextlib.AsyncExitStack() as engines:
                for integration, acts in observed:
                    engine = await engines.enter_async_context(OldEngine(integration, stack.url, acts))
                    say(f"simulated old engine of {integration.name}: ./hub send {integration.name} FILE --url {engine.url}")
                await _serve(stack, behaviours, waiting)
            say("draining ..." if stopped.is_set() else f"the host stopped: see {stack.log}")
        finally:
            await stack.stop()
    say("stopped")
    if not stopped.is_set():
        raise SystemExit(1)


async def _first(starting: "asyncio.Future[Any]", stopping: "asyncio.Future[Any]") -> bool:
    """Whether the start came to its end before the person stopped it; otherwise it is undone."""
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
    try:
        await starting
    except asyncio.CancelledError:
        return False
    return True


async def _serve(stack: "Stack", behaviours: dict[str, list[str]], stopping: "asyncio.Future[Any]") -> None:
    """Until the person or the host stops; ``./hub simulate`` reaches the simulators meanwhile."""
    from toolkit.local.misbehave import Controls, set_behaviours
    from toolkit.local.outage import Outage

    for name, listed in behaviours.items():
        if name in stack.simulators.running:
            set_behaviours(stack.simulators.running[name].script, listed)
    controls = Controls(stack.simulators.running, stack.folder / "simulators.json")
    async with controls, Outage(stack.storage, stack.folder / "outage.port"):
        _tell(stack)
        host: asyncio.Future[Any] = asyncio.ensure_future(stack.host.wait() if stack.host else asyncio.sleep(0))
        await asyncio.wait({stopping, host}, return_when=asyncio.FIRST_COMPLETED)


def _tell(stack: "Stack") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"[bold green]The hub is up[/] at {stack.url} (Ctrl-C drains and stops)")
    console.print(f"  ops page  {stack.url}/api/ops")
    console.print(f"  log       {stack.log}")
    for name, value in stack.simulators.settings.items():
        console.print(f"  [dim]{name}={value}[/]")
    first = stack.integrations[0]
    sample = min((Path("integrations") / first.package / "samples").glob("*.in.*"), default="FILE")
    console.print(f"  try       ./hub send {first.name} {sample}")
