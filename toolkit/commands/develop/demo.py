"""``./hub demo``: see the hub at work."""

import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from toolkit.local.demo import Result

FONT = re.compile(r"@font-face \{[^{}]*\}\s*")  # rich's picture asks a far server for its font: the viewer's own will do

Only = Annotated[list[str] | None, typer.Argument(help="Only these integrations.")]
Every = Annotated[bool, typer.Option("--all", help="Send every sample, not only a few per integration.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of the screen.")]
Svg = Annotated[Path | None, typer.Option("--svg", help="Also write the screen to this file.")]


def demo(names: Only = None, every: Every = False, as_json: AsJson = False, svg: Svg = None) -> None:
    """Start everything, send samples to every integration, show what arrived where. Exits with status 1 if anything is wrong."""
    from toolkit.commands.develop.check import all_declared
    from toolkit.local.demo import demo as run
    from toolkit.local.journeys import absent_publishers
    from toolkit.say import stop

    chosen = all_declared(names)
    for name, publisher in absent_publishers(chosen).items():
        stop(f"{name} gets its messages from {publisher}, so name both: ./hub demo {publisher} {name}")
    result = asyncio.run(run(chosen, every))
    if as_json:
        from toolkit.screen import as_json as to_json

        print(to_json(face(result)))
    else:
        screen(result, svg)
    raise SystemExit(0 if result.ok else 1)


def screen(result: "Result", svg: Path | None) -> None:
    from rich.console import Console

    from toolkit.local.demo_screen import WIDTH, show

    console = Console(record=svg is not None, width=None if sys.stdout.isatty() and not svg else WIDTH)
    show(result, console)
    if svg:
        svg.write_text(FONT.sub("", console.export_svg(title="./hub demo")))


def face(result: "Result") -> dict[str, object]:
    shown = ("way", "expected", "acknowledgement", "answered_ms", "delivered_ms", "problem")
    return {
        "ok": result.ok,
        "seconds": round(result.seconds, 1),
        "messages": [
            {"integration": one.integration.name, "sample": one.sample.name, "ok": one.ok}
            | {name: value for name, value in vars(one).items() if name in shown}
            for one in result.journeys
        ],
        "subscribers": [
            {"integration": h.integration.name, "expected": h.expected, "arrived": h.arrived} for h in result.subscribers
        ],
    }
