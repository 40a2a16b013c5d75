"""Differences that someone has agreed to: ``agreed.toml`` in the folder of the integration.

[[agreed]]
path = "PID-13"                # the path itself and everything under it: PID-13.3 too
cause = "missing"              # one of the causes of shared/compare/differences.py
rule = ""                      # for a refused message: the id of the rule; left out, any rule at that path
reason = "the index takes the number alone"
decided_by = "A. Clinician"
decided_on = 2026-05-01
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from shared.compare.differences import CAUSES

FILE = "agreed.toml"
REQUIRED = ("path", "cause", "reason", "decided_by", "decided_on")
KNOWN = {*REQUIRED, "rule"}


class BrokenAgreement(ValueError):
    """``agreed.toml`` cannot be used; the text names the entry and what is wrong in it."""


class Agreed(NamedTuple):
    """One agreement: which difference, why, who decided, and when."""

    path: str
    cause: str
    reason: str
    decided_by: str
    decided_on: str
    rule: str = ""

    def covers(self, path: str, cause: str, rule: str) -> bool:
        """Whether it is about this difference: the same cause, at its path or under it.

        >>> agreed = Agreed("PID-1", "value", "why", "who", "2026-05-01")
        >>> agreed.covers("PID-1.2", "value", ""), agreed.covers("PID-11", "value", ""), agreed.covers("PID-1", "extra", "")
        (True, False, False)
        """
        inside = path == self.path or (path.startswith(self.path) and path[len(self.path)] in ".-:" and self.path != "")
        return inside and cause == self.cause and self.rule in ("", rule)


def read(path: Path) -> list[Agreed]:
    """The agreements of a file; none when there is no such file. Raises ``BrokenAgreement``."""
    if not path.is_file():
        return []
    import tomllib  # only where there is a file: cold start

    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BrokenAgreement(f"{path.name} is not TOML: {error}") from None
    if found.keys() - {"agreed"} or not isinstance(found.get("agreed", []), list):
        raise BrokenAgreement(f"{path.name} holds [[agreed]] entries and nothing else")
    return [_agreed(each, number, path.name) for number, each in enumerate(found.get("agreed", []), 1)]


def _agreed(entry: dict[str, Any], number: int, file: str) -> Agreed:
    """One entry: every required key is there, none is misspelt, and no text is empty."""
    wrong = [f"{key} is missing" for key in REQUIRED if not entry.get(key) and key != "path"]
    wrong += ["path is missing"] if "path" not in entry else []
    wrong += [f"{key} is not known" for key in entry if key not in KNOWN]
    wrong += [f"cause is one of {', '.join(CAUSES)}"] if entry.get("cause") not in (None, *CAUSES) else []
    wrong += ["decided_on is a date"] if not isinstance(entry.get("decided_on", date.min), date) else []
    if wrong:
        raise BrokenAgreement(f"{file}, entry {number}: {'; '.join(wrong)}")
    return Agreed(**{key: str(value) for key, value in entry.items()})


def covering(agreements: Iterable[Agreed], path: str, cause: str, rule: str) -> Agreed | None:
    """The first agreement about a difference."""
    return next((each for each in agreements if each.covers(path, cause, rule)), None)


def draft(path: str, cause: str, rule: str) -> str:
    """The entry that agrees to a difference, for a person to complete."""
    named = f'rule = "{rule}"\n' if rule else ""
    return f'[[agreed]]\npath = "{path}"\ncause = "{cause}"\n{named}reason = ""\ndecided_by = ""\ndecided_on = 2000-01-01\n'
