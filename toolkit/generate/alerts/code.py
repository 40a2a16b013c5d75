"""What the code and the infrastructure have: the events that the product emits, and the alerts with the events they read."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
ALERTS, MODULES = ROOT / "infra" / "alerts", ROOT / "infra" / "modules"
EMITTERS = ("emit", "_emit")
RULE = re.compile(r"    name: '([a-z-]+)'\n    text: '((?:[^'\\]|\\.)*)'\n    severity: (\d)\n")
BEATS = {
    "heartbeat": 1,
    "ops-heartbeat": 1,
    "all-heartbeat": 0,
}  # severities; modules/alerts.bicep makes these in a loop of their own
BY_AZURE = {
    "event-undelivered": 1,
    "expiring": 2,  # an alert that Event Grid opens
    "service-health": 1,  # the activity log has no severities; it notifies as severity 1
    "server-errors": 1,
    "storage-unavailable": 0,
    "unavailable": 0,
    "watchdog": 1,
    "watchdog-mute": 1,
}  # the alerts on metrics and the activity log; tests/infra compares them with the compiled template
READS = re.compile(r'Name (?:==|in) (\([^()]*\)|"[^"]*")')


class Emitted(NamedTuple):
    """One call in the product that emits an event: its name, the keys whose values are written in the code, and the place."""

    event: str
    keys: dict[str, str]
    open_keys: frozenset[str]  # keys whose value is only known at run time
    place: str

    def can_be(self, wanted: dict[str, str]) -> bool:
        """Whether this call can emit an event with these values."""
        return all(self.keys.get(key) == value or self.open_keys & {key, "*"} for key, value in wanted.items())


@cache
def emitted() -> tuple[Emitted, ...]:
    """Every call of ``emit`` in ``shared/``, in the order of its files."""
    return tuple(call for path in sorted((ROOT / "shared").rglob("*.py")) for call in _calls(path))


def events() -> list[str]:
    """The names of all events that the product emits."""
    return sorted({call.event for call in emitted()})


@cache
def severities() -> dict[str, int]:
    """The alerts over the logs, and their severities."""
    text = (MODULES / "alerts.bicep").read_text("utf-8")
    return {name: int(severity) for name, _, severity in RULE.findall(text)} | BEATS


def severity(alert: str) -> int:
    """The severity of an alert. ``KeyError``: there is none of this name."""
    return (severities() | BY_AZURE)[alert]


@cache
def reads(alert: str) -> frozenset[str]:
    """The events that the query of an alert reads; empty for one that reads other tables, or does not exist."""
    path = ALERTS / f"{alert}.kql"
    text = path.read_text("utf-8") if path.exists() else ""
    return frozenset(name for group in READS.findall(text) for name in re.findall(r'"([^"]+)"', group))


def _calls(path: Path) -> Iterator[Emitted]:
    place = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and _is_emit(node.func) and (name := _event(node)):
            named = {word.arg: word.value for word in node.keywords if word.arg}
            keys = {
                key: value.value
                for key, value in named.items()
                if isinstance(value, ast.Constant) and isinstance(value.value, str)
            }
            has_more = any(word.arg is None for word in node.keywords)
            yield Emitted(name, keys, frozenset(named.keys() - keys.keys()) | ({"*"} if has_more else set()), place)


def _is_emit(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    return name in EMITTERS


def _event(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    is_name = isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.startswith("hub.")
    return str(first.value) if is_name and isinstance(first, ast.Constant) else ""
