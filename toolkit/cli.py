"""``./hub``: one line for each command. Only the command that is called is loaded; for help, all of them."""

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import typer

HELP = "The Integration Hub on your own machine. Start with: ./hub demo"
# Command -> the module under toolkit.commands, and the function in it; the function ``app`` is a group of commands.
COMMANDS = {
    "demo": ("develop.demo", "demo"),
    "setup": ("develop.setup", "setup"),
    "up": ("operate.up", "up"),
    "send": ("operate.send", "send"),
    "test": ("develop.test", "test"),
    "bench": ("develop.bench", "bench"),
    "list": ("develop.catalogue", "list_integrations"),
    "check": ("develop.check", "check"),
    "run": ("develop.check", "run"),
    "convert": ("develop.convert", "convert"),
    "mutate": ("develop.mutate", "mutate"),
    "new": ("generate.new", "new"),
    "shadow": ("migrate.shadow", "shadow"),
    "impact": ("migrate.impact", "impact"),
    "shrink": ("migrate.shrink", "shrink"),
    "guide-coverage": ("develop.guide_coverage", "guide_coverage"),
    "docs": ("generate.docs", "docs"),
    "build-fhir-tables": ("generate.fhir_tables", "build_fhir_tables"),
    "cost": ("release.cost", "cost"),
    "lock": ("release.lock", "lock"),
    "manifest": ("release.manifest", "manifest"),
    "package": ("release.package", "package"),
    "sheet": ("generate.sheet", "sheet"),
    "thresholds": ("operate.thresholds", "thresholds"),
    "relay": ("operate.relay", "relay"),
    "warnings": ("operate.warnings", "warnings"),
    "codes": ("operate.codes", "codes"),
    "trace": ("operate.trace", "trace"),
    "replay": ("operate.dead", "replay"),
    "dead": ("operate.dead", "app"),
    "ledger": ("operate.ledger", "app"),
    "waiting": ("operate.waiting", "app"),
    "close-breaker": ("operate.waiting", "close_breaker"),
}
SETTINGS = "PASS_THROUGH"  # a module's name for how its command takes words that are not its own


def hub(names: Iterable[str]) -> typer.Typer:
    """The command line with these commands."""
    made = typer.Typer(name="hub", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=HELP)
    made.callback(help=HELP)(_nothing)  # so that one command alone keeps its name
    for name in names:
        place, function = COMMANDS[name]
        module = import_module(f"toolkit.commands.{place}")
        if function == "app":
            made.add_typer(module.app, name=name)
        else:
            made.command(name, context_settings=getattr(module, SETTINGS, None))(getattr(module, function))
    return made


def _nothing() -> None:
    """What every command has in common."""


def main() -> None:
    called = sys.argv[1] if len(sys.argv) > 1 else ""
    hub([called] if called in COMMANDS else COMMANDS)(prog_name="./hub")


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return hub(COMMANDS)
