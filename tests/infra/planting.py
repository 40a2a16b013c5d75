"""Plants one fault in a copy of the Bicep or of the workflows, and says which gates and invariants object."""

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.infra.invariants import INVARIANTS
from tests.infra.resources import Invariant, World
from tests.infra.world import world_of_a_copy
from toolkit.release import bicep

# One that is called, one that takes files, one that publishes, one that subscribes: the same rules, evaluated sooner.
FEW = ("chemocare-to-mpi", "documents-to-cdr", "mpi-outbound", "mpi-to-chemocare")


class Fault(NamedTuple):
    """One edit of one file, the environment in which it shows, and the gate or invariant that has to object.

    ``also``: edits of other files (path, pattern, text) that the fault needs.
    """

    what: str
    path: str
    old: str
    new: str
    caught_by: str
    environment: str = "test"
    also: tuple[tuple[str, str, str], ...] = ()


def plant(fault: Fault, root: Path) -> None:
    """The copy, with the fault in it; a fault that changes nothing would prove nothing."""
    for name in ("infra", ".github"):
        shutil.copytree(bicep.ROOT / name, root / name)
    for path, old, new in ((fault.path, fault.old, fault.new), *fault.also):
        before = (root / path).read_text("utf-8")
        after = re.sub(old, new, before, count=1, flags=re.S)
        assert after != before, f"{fault.what}: nothing to change in {path}"
        (root / path).write_text(after, "utf-8")


def few(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with a few integrations that are not all alike."""
    kept = [one | {"subscribers": [name for name in one["subscribers"] if name in FEW]} for one in manifest["integrations"]]
    return manifest | {"integrations": [one for one in kept if one["name"] in FEW]}


def caught(fault: Fault) -> set[str]:
    """The one invariant that has to object, when it does; or the compiler."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(fault, root)
        return objections(root / "infra", fault.environment, fault.caught_by)


def objections(infra: Path, environment: str, asked: str = "") -> set[str]:
    """What objects to a copy: all invariants, or the one that is asked."""
    manifest = infra / "manifest.json"
    manifest.write_text(json.dumps(few(json.loads(manifest.read_bytes()))), "utf-8")
    try:
        seen = world_of_a_copy(environment, infra, with_warnings=asked in ("", "compiler"))
        return {each.__name__ for each in INVARIANTS if asked in ("", each.__name__) and _objects(each, seen)}
    except bicep.Refused:
        return {"compiler"}


def _objects(invariant: Invariant, seen: World) -> bool:
    """Whether an invariant finds something, or stops over something that is not there: its test fails in both cases."""
    try:
        return bool(list(invariant(seen)))
    except (KeyError, IndexError, StopIteration, TypeError):
        return True


@cache
def sound(environment: str) -> set[str]:
    """What the copies are without a fault: nothing must object."""
    with tempfile.TemporaryDirectory() as folder:
        infra = Path(folder) / "infra"
        shutil.copytree(bicep.INFRA, infra)
        return objections(infra, environment)


def report(faults: tuple[Fault, ...], catching: Callable[[Fault], set[str]]) -> int:
    """Prints what caught each; the number of those that slipped through."""
    missed = 0
    for fault in faults:
        found = catching(fault)
        missed += fault.caught_by not in found
        print(f"{'caught' if fault.caught_by in found else 'MISSED'}  {fault.what}: {', '.join(sorted(found)) or 'nothing'}")  # noqa: T201
    return missed
