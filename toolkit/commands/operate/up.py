"""``./hub up``: the hub on this machine, until Ctrl-C."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.integration import Integration

Only = Annotated[list[str] | None, typer.Argument(help="Only these integrations.")]
Port = Annotated[int, typer.Option("--port", help="The hub's port.")]
StoragePort = Annotated[int, typer.Option("--storage-port", help="First of the three storage ports; Azurite's default is 10000.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start with empty storage.")]


def up(names: Only = None, port: Port = 7071, storage_port: StoragePort = 10000, fresh: Fresh = False) -> None:
    """Start storage, simulated destinations and the hub. Ctrl-C drains and stops."""
    from integrations import load_all
    from toolkit.local.ports import must_be_free
    from toolkit.say import HOME

    must_be_free(port, "the hub", "--port")
    for number in range(storage_port, storage_port + 3):
        must_be_free(number, "storage", "--storage-port")
    folder = HOME / "up"
    if fresh:
        _empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_stay(load_all(names or ()), folder, port, tuple(range(storage_port, storage_port + 3))))


def _empty(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


async def _stay(integrations: "tuple[Integration, ...]", folder: Path, port: int, storage: tuple[int, ...]) -> None:
    from toolkit.local.stack import Stack
    from toolkit.say import say

    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    say("starting storage, simulated destinations and the hub ...")
    async with Stack(integrations, folder, port, storage, quiet=False) as stack:
        _tell(stack)
        host = asyncio.ensure_future(stack.host.wait()) if stack.host else None
        waiting = asyncio.ensure_future(stopped.wait())
        await asyncio.wait({waiting, *([host] if host else [])}, return_when=asyncio.FIRST_COMPLETED)
        say("draining ..." if stopped.is_set() else f"the host stopped: see {stack.log}")
    say("stopped")
    if not stopped.is_set():
        raise SystemExit(1)


def _tell(stack: object) -> None:
    from rich.console import Console

    from toolkit.local.stack import Stack

    assert isinstance(stack, Stack)
    console = Console(highlight=False)
    console.print(f"[bold green]The hub is up[/] at {stack.url} (Ctrl-C drains and stops)")
    console.print(f"  ops page  {stack.url}/api/ops")
    console.print(f"  log       {stack.log}")
    for name, value in stack.simulators.settings.items():
        console.print(f"  [dim]{name}={value}[/]")
    first = stack.integrations[0]
    sample = min((Path("integrations") / first.package / "samples").glob("*.in.*"), default="FILE")
    console.print(f"  try       ./hub send {first.name} {sample}")
