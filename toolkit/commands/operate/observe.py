"""``./hub observe``: how far the hub and the engine that it replaces agree, in a live parallel run."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit import screen
from toolkit.commands.operate.stored import all_or_one, on_store

if TYPE_CHECKING:
    from shared.hub import Hub
    from shared.integration import Integration

Name = Annotated[str, typer.Argument(help="An integration. Without it: all that have a parallel run.")]
Hours = Annotated[float, typer.Option("--hours", min=1, help="How far back to look; whole hours.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def observe(name: Name = "", hours: Hours = 24, as_json: AsJson = False) -> None:
    """Show how far the engines of a parallel run agree. Exits with status 1 if a pair differs or is unpaired."""

    async def look(one: "Integration", hub: "Hub") -> dict[str, Any]:
        from shared.parallel.agreement import agreement

        face = (await agreement(one.name, hub.now() - hours * 3600, hub)).face()
        return {key: value for key, value in face.items() if key != "mode"}  # a setting of the app, which is not known here

    every = on_store(all_or_one(name), look)
    found = {each: face for each, face in every.items() if name or face["pairs"] or face["unpaired"] or face["waiting"]}
    print(screen.as_json(found)) if as_json else _print(found)
    raise SystemExit(1 if any(face["different"] or face["unpaired"] for face in found.values()) else 0)


def _print(found: dict[str, dict[str, Any]]) -> None:
    console = screen.console()
    if not found:
        console.print("no parallel run")
    for face in found.values():
        console.print(screen.cell(summary(face)))
        if face["differences"]:
            _print_differences(face["differences"])


def summary(face: dict[str, Any]) -> str:
    """One integration in a line."""
    share = "no pair yet" if face["agreement"] is None else f"{face['agreement']:.1f} % agree"
    counts = ", ".join(f"{face[key]} {key}" for key in ("pairs", "same", "agreed", "different", "unpaired", "waiting"))
    return f"{face['integration']}: {share}; {counts}"


def _print_differences(listed: list[dict[str, Any]]) -> None:
    rows = [(each["path"] or "-", each["cause"], each["rule"], each["pairs"], each["count"]) for each in listed]
    screen.show_table(("path", "cause", "rule", "pairs", "count"), rows, whole=("path",), empty="no difference")
