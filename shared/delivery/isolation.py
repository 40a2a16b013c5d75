"""A failure of one row, lane or integration is reported with its kind and place, and stops nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.check import faults
from shared.hub import Hub
from shared.ledger.schema import NEWER
from shared.problems import Fault, Lost, Problem
from shared.storage.store import Conflict


@contextmanager
def isolated(integration: str, stage: str, hub: Hub, lane: str = "") -> Iterator[None]:
    """Run the block; report what fails in it as ``hub.skipped``. ``Away`` passes: then nothing else can be done either.

    Args:
        stage: the kind of work: ``sweep``, ``batch``, ``outbox``, ``queue``, ``counters``, ``thresholds``, ``alarms``, ``purge``.
        lane: the place, as the ledger names it; never a value out of a message.
    """
    try:
        with faults():
            yield
    except (Problem, Conflict, Lost) as problem:
        if isinstance(problem, Problem) and problem.issues[:1] == (NEWER,):
            return  # it is reported where it was found
        skipped(integration, stage, hub, lane, _kind(problem))


def skipped(integration: str, stage: str, hub: Hub, lane: str, kind: str) -> None:
    """Report what was left undone; the alert of the same name opens when it lasts."""
    hub.emit("hub.skipped", integration=integration, stage=stage, lane=lane, error_code=kind)


def _kind(problem: Exception) -> str:
    """``TypeError in watchdog.py:64`` for a bug, else the name of the problem."""
    return problem.issues[0].text if isinstance(problem, Fault) else type(problem).__name__
