"""Stories of messages for the terminal: which are shown, and how their times are written."""

import re
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, get_args

import typer

from toolkit import screen

Story = dict[str, Any]
TIMES = ("at", "ended", "due")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
AGE = re.compile(r"(\d{1,6})([smhd])")


def moment(text: str) -> float:
    """A time in seconds since 1970: ``30m``, ``2h``, ``1d`` ago, or an ISO 8601 date or time. ``""`` is 0.

    >>> moment("1970-01-02T00:00:00Z"), moment("")
    (86400.0, 0.0)
    """
    if age := AGE.fullmatch(text.strip()):
        return time.time() - int(age[1]) * UNITS[age[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp() if text.strip() else 0.0
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter("use an age such as 30m, 2h or 1d, or a time such as 2026-03-01T08:00") from None


def seconds(text: str) -> float:
    """An age in seconds: ``30m``, ``2h``, ``1d``. ``""`` is 0.

    >>> seconds("2h"), seconds("")
    (7200, 0.0)
    """
    if not text.strip():
        return 0.0
    if age := AGE.fullmatch(text.strip()):
        return int(age[1]) * UNITS[age[2]]
    raise typer.BadParameter("use an age such as 30m, 2h or 1d")


def known_age(text: str) -> str:
    """The text of an age. Raises ``BadParameter``."""
    seconds(text)
    return text


def known_moment(text: str) -> str:
    """The text of a time. Raises ``BadParameter``."""
    moment(text)
    return text


def known_outcome(text: str) -> str:
    """An outcome or state of a message; ``""`` for all. Raises ``BadParameter``."""
    from shared.storage import names

    known = (*get_args(names.EndedAs), "waiting", "sending")
    if text and text not in known:
        raise typer.BadParameter(f"use one of {', '.join(known)}")
    return text


Since = Annotated[
    str,
    typer.Option("--since", help="Only what arrived since then: 30m, 2h, 1d, or an ISO 8601 time.", callback=known_moment),
]
Outcome = Annotated[str, typer.Option("--outcome", help="Only messages with this outcome.", callback=known_outcome)]


def chosen(found: dict[str, list[Story]], since: str = "", outcome: str = "") -> dict[str, list[Story]]:
    """The stories that arrived since then and have this outcome, by integration."""
    first = moment(since)
    return {name: [one for one in stories if _matches(one, first, outcome)] for name, stories in found.items()}


def _matches(one: Story, first: float, outcome: str) -> bool:
    return float(one.get("at", 0)) >= first and outcome in ("", one.get("outcome"))


def with_times(stories: Iterable[Story]) -> list[Story]:
    """The stories with each time as ISO 8601; a time that is not set is ``None``."""
    return [{key: _written(key, value) for key, value in one.items()} for one in stories]


def _written(key: str, value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return with_times(value)  # the attempts, and what the message was before
    if key in TIMES and isinstance(value, int | float):
        return screen.iso(value) if value else None
    return value


def print_json(found: dict[str, list[Story]]) -> None:
    """One JSON object: the stories of each integration."""
    print(screen.as_json({name: with_times(stories) for name, stories in found.items()}))
