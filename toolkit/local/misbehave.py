"""Simulated destinations that misbehave on command: what was asked for, and the control ports of a hub that is up."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from shared.destinations.kinds.kind import kind_of
from shared.integration import Integration
from toolkit.local.simulated import made
from toolkit.local.simulators.control import Control
from toolkit.local.simulators.script import Script

ALWAYS = "*"  # after a behaviour: every message from then on


class Simulated(NamedTuple):
    """A destination's simulator: its class as ``module:class``, and its behaviours with what each does."""

    name: str
    simulator: str
    behaviours: Mapping[str, str]


def simulated(integrations: Iterable[Integration]) -> dict[str, Simulated]:
    """Every destination of these integrations for which there is a simulator, by name."""
    kinds = {one.destination.name: kind_of(one.destination) for one in integrations}
    return {name: _simulated(name, kind.simulator) for name, kind in sorted(kinds.items()) if kind.simulator}


def _simulated(name: str, simulator: str) -> Simulated:
    known = made(simulator).script.known
    return Simulated(name, simulator, known if isinstance(known, Mapping) else dict.fromkeys(known, ""))


def set_behaviours(script: Script, behaviours: Sequence[str]) -> None:
    """The next messages meet these behaviours, one each; one that ends with ``*`` all from then on. ``ValueError``: unknown.

    >>> script = Script(("ok", "AE", "late"))
    >>> set_behaviours(script, ["late:2", "AE*"])
    >>> [script.next() for _ in range(3)]
    [('late', 2.0), ('AE', 0.0), ('AE', 0.0)]
    """
    for behaviour in behaviours:
        if behaviour.endswith(ALWAYS):
            script.always(behaviour.removesuffix(ALWAYS))
        else:
            script.will(behaviour)


def parsed(texts: Iterable[str], known: Mapping[str, Simulated]) -> dict[str, list[str]]:
    """``MPI=late:2,AE,drop*`` as behaviours by destination. ``ValueError`` with one line: a name or behaviour is not known."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, listed = text.partition("=")
        if name not in known or not equals:
            raise ValueError(f"--misbehave is DESTINATION=BEHAVIOUR,...; destinations: {', '.join(known)}")
        behaviours = [each.strip() for each in listed.split(",") if each.strip()]
        set_behaviours(Script(known[name].behaviours), behaviours)
        found.setdefault(name, []).extend(behaviours)
    return found


class Controls:
    """A control port for each simulator that runs; the file names them for ``./hub simulate``."""

    def __init__(self, running: Mapping[str, Any], file: Path) -> None:
        self.controls, self.file = {name: Control(simulator) for name, simulator in running.items()}, file

    async def __aenter__(self) -> "Controls":
        for control in self.controls.values():
            await control.start()
        ports = {name: control.port for name, control in self.controls.items()}
        self.file.write_text(json.dumps(ports), "utf-8")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.file.unlink(missing_ok=True)
        for control in self.controls.values():
            await control.stop()
