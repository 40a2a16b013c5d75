"""When the alerts of a failure open: by the logs, with rows that arrive late, or by the metrics of the platform."""

import math
from datetime import datetime, timedelta

from tests.infra.failures.laboratory import MINUTE, Seen
from tests.infra.workspace import Episode, Rule, Workspace, at

METRIC_DELAY = 3 * MINUTE  # as for rows: a metric is there some minutes after its minute
LONGEST = timedelta(minutes=100)
BEFORE = timedelta(minutes=30)  # evaluations before the failure
PHASES = (
    -1.0,
    28.0,
)  # seconds from an evaluation to the failure: a row just misses it, at once or after the watchdog's next round


def workspace_of(seen: Seen, ingestion: timedelta) -> Workspace:
    """The workspace as it is when everything has arrived."""
    workspace = Workspace(ingestion)
    workspace.add(seen.events)
    for t, status, success in seen.laboratory.calls:
        workspace.add([(t, "post", {})], "AppRequests", role=seen.laboratory.integration.name, success=success, code=status)
    return workspace


def episodes(seen: Seen, rule: Rule, ingestion: timedelta = timedelta(minutes=3)) -> list[Episode]:
    """The episodes of the alert that are of this failure. Of two phases of its evaluations, those that open later."""
    workspace = workspace_of(seen, ingestion)
    return max((_episodes(seen, rule, workspace, phase) for phase in PHASES), key=lambda found: [each.opened for each in found])


def _episodes(seen: Seen, rule: Rule, workspace: Workspace, phase: float) -> list[Episode]:
    end = min(at(seen.laboratory.clock) + workspace.ingestion + timedelta(minutes=2), at(seen.happened) + LONGEST)
    found = rule.episodes(workspace, at(seen.happened + phase) - BEFORE, end)
    return [each for each in found if each.series == seen.series and each.opened > at(seen.happened)]


def minutes_until(opened: datetime, seen: Seen) -> int:
    """Whole minutes from the failure to the open alert, rounded up."""
    return math.ceil((opened - at(seen.happened)).total_seconds() / MINUTE)


def metric_opens(times: list[float], seen: Seen, *, threshold: float = 0, window: float = 5 * MINUTE) -> datetime | None:
    """The first evaluation, each minute, in which more were counted in the window. Of two phases, the later one."""
    opened = [_metric_opens(times, threshold, window, seen.happened + phase) for phase in PHASES]
    return None if None in opened else max(each for each in opened if each)


def _metric_opens(times: list[float], threshold: float, window: float, now: float) -> datetime | None:
    while now <= max(times, default=0) + METRIC_DELAY + window:
        now += MINUTE
        if sum(now - window < t <= now - METRIC_DELAY for t in times) > threshold:
            return at(now)
    return None
