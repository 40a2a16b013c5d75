"""The watchdog's look into the inbox: an event that was lost, and half of a pair that is never completed."""

from collections import defaultdict
from collections.abc import Iterable

import orjson

from shared.hub import Hub
from shared.intake.inbox.files import file_trigger, found, home, report, split
from shared.intake.inbox.references import is_own
from shared.integration import EventGrid, Integration
from shared.issue import Issue
from shared.storage import names

GRACE = 60.0  # seconds that an event has to come before the watchdog knocks in its place
LIVES = 60.0  # seconds that such a knock is kept: the next round knocks again
KNOCKS = 200  # most of them in one round: what is left is still there in the next
UNPAIRED = Issue(severity="error", code="incomplete", text="the other file of the pair did not arrive", rule="unpaired")


async def look(integration: Integration, hub: Hub) -> int:
    """The watchdog's round: knock for files without an event, give up what waited for days.

    A file whose name is not a valid reference is never taken: it is reported, and given up, as half of a pair is.

    Returns:
        How many such files have waited longer than they may.
    """
    trigger = file_trigger(integration)
    if trigger is None:
        return 0
    ages = {name: hub.now() - at for name, at in await hub.store.blobs(names.INBOX, home(integration))}
    lonely = _lonely(ages, trigger) | {name for name in ages if not is_own(integration, name)}
    late = {name for name in lonely if ages[name] > hub.timing.pairing}
    due = sorted((name for name, age in ages.items() if age > GRACE and name not in late), key=ages.__getitem__, reverse=True)
    if len(due) > KNOCKS:  # not the oldest again and again: files that cannot be taken would keep the others out
        due = hub.random.sample(due, KNOCKS)
    for name in due:  # a half too: a sidecar may carry its document
        await hub.store.send(f"{integration.name}-in", orjson.dumps({"blob": name}), lives=LIVES)
    for name in late:
        if ages[name] > integration.retention.dead_content * 86400:
            await _give_up(integration, name, hub)
    return len(late)


def _lonely(there: Iterable[str], trigger: EventGrid) -> set[str]:
    """The files whose other half is not there."""
    kinds = defaultdict(set)
    for name in there:
        stem, extension = split(name)
        kinds[stem].add(extension)
    halves = {name for name in there if split(name)[1] in trigger.pairs}
    return {name for name in halves if not kinds[split(name)[0]].issuperset(trigger.pairs)}


async def _give_up(integration: Integration, name: str, hub: Hub) -> None:
    """Half of a pair that was not completed in the time that a dead letter is kept."""
    if file := await found(name, hub):
        report(integration, UNPAIRED, "expired", hub)
        await hub.store.delete_blob(names.INBOX, name, file.etag)
