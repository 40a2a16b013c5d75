"""``./hub``: one line for each command. Only the command that is called is loaded; for help, all of them."""

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NoReturn, Protocol, runtime_checkable

import typer

from toolkit.say import NotStarted, stop

HELP = "The Integration Hub on your own machine. Start with: ./hub demo"
# Command -> the module under toolkit.commands, and the function in it; the function ``app`` is a group of commands.
COMMANDS = {
    "demo": ("develop.demo", "demo"),
    "setup": ("develop.setup", "setup"),
    "up": ("operate.up", "up"),
    "simulate": ("operate.simulate", "simulate"),
    "rehearse": ("operate.rehearse", "rehearse"),
    "send": ("operate.send", "send"),
    "test": ("develop.test", "test"),
    "bench": ("develop.bench", "bench"),
    "list": ("develop.catalogue", "list_integrations"),
    "check": ("develop.check", "check"),
    "run": ("develop.check", "run"),
    "conformance": ("develop.conformance", "conformance"),
    "convert": ("develop.convert", "convert"),
    "mutate": ("develop.mutate", "mutate"),
    "new": ("generate.new", "new"),
    "watch": ("develop.watch", "watch"),
    "shadow": ("migrate.shadow", "shadow"),
    "impact": ("migrate.impact", "impact"),
    "shrink": ("migrate.shrink", "shrink"),
    "guide-coverage": ("develop.guide_coverage", "guide_coverage"),
    "docs": ("generate.docs", "docs"),
    "site": ("generate.site", "site"),
    "collection": ("generate.collection", "collection"),
    "build-fhir-tables": ("generate.fhir_tables", "build_fhir_tables"),
    "cost": ("release.cost", "cost"),
    "simulate-load": ("release.simulate_load", "simulate_load"),
    "lock": ("release.lock", "lock"),
    "manifest": ("release.manifest", "manifest"),
    "package": ("release.package", "package"),
    "sheet": ("generate.sheet", "sheet"),
    "thresholds": ("operate.thresholds", "thresholds"),
    "relay": ("operate.relay", "relay"),
    "warnings": ("operate.warnings", "warnings"),
    "observe": ("operate.observe", "observe"),
    "codes": ("operate.codes", "codes"),
    "trace": ("operate.trace", "trace"),
    "replay": ("operate.dead", "replay"),
    "dead": ("operate.dead", "app"),
    "ledger": ("operate.ledger", "app"),
    "waiting": ("operate.waiting", "app"),
    "pause": ("operate.pause", "pause"),
    "resume": ("operate.pause", "resume"),
    "paused": ("operate.pause", "paused"),
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


@runtime_checkable
class SpeaksForItself(Protocol):
    """An error of the command line that knows which option or argument it is about."""

    def format_message(self) -> str: ...


def _nothing() -> None:
    """What every command has in common."""


def main() -> None:
    """Run the command of the command line. What a person can correct is one line, never a traceback."""
    from shared.settings import SettingInvalid, SettingMissing

    called = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        ended = hub([called] if called in COMMANDS else COMMANDS)(prog_name="./hub", standalone_mode=False)
    except typer.TyperException as error:
        _explain(error, called)
    except (KeyboardInterrupt, typer.Abort):
        raise SystemExit(130) from None
    except (NotStarted, SettingInvalid, SettingMissing) as error:
        stop(str(error))
    except BrokenPipeError:  # who read our output has gone, as with ``| head``
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    raise SystemExit(ended if isinstance(ended, int) else 0)


def _explain(error: typer.TyperException, called: str) -> NoReturn:
    """A command that cannot be run as it was written: one line; for a command without any word, its help."""
    message = error.format_message() if isinstance(error, SpeaksForItself) else str(error)
    if "\n" in message or "Usage: " in message:
        print(message)
        raise SystemExit(error.exit_code)
    help_of = f"./hub {called} --help" if called in COMMANDS else "./hub --help"
    stop(f"{message.replace('Value error, ', '').rstrip('.')} (see {help_of})", error.exit_code)


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return hub(COMMANDS)
