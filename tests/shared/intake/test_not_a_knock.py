"""What comes where a knock is expected and is none: it is reported, once, and nothing is recorded or delivered."""

from typing import Any

import orjson
import pytest

from shared.hub import Hub
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import accept_event, keep_poisoned
from shared.integration import EventGrid
from shared.storage import names
from shared.storage.memory import MemoryStore
from tests.ledger_world import Remembering, hub, integration

NAME, PUBLISHER = "notes-to-test", "notes-to-topic"
LEDGER = names.tables(NAME).ledger
SUBSCRIBED = EventGrid(("published",), publisher=PUBLISHER)
Events = list[tuple[str, dict[str, Any]]]


def world(*, subscribed: bool) -> tuple[Hub, MemoryStore, Remembering, Events]:
    destination, emitted = Remembering(), Events()
    one = integration(destination, NAME, **({"triggers": (SUBSCRIBED,)} if subscribed else {}))
    publisher = integration(Remembering(), PUBLISHER, subscribers=(NAME,))
    made = hub(one, publisher, emit=lambda name, **keys: emitted.append((name, keys)))
    assert isinstance(made.store, MemoryStore)
    return made, made.store, destination, emitted


def poison(queue: str, **more: str) -> Events:
    return [("hub.poison", {"integration": NAME, "queue": queue, **more})]


KNOCKS = {  # a body of the work queue, whether the integration takes from an outbox, and whether it is a knock
    "a lane": ({"lane": "1-a"}, False, True),
    "no lane": ({}, False, False),
    "a number": ({"lane": 5}, False, False),
    "another text": ({"lane": "no lane"}, False, False),
    "a batch": ({"batch": "5c0e"}, False, True),
    "a batch of another text": ({"batch": "no batch"}, False, False),
    "a lane of the outbox": ({"lane": "1-a", "publisher": PUBLISHER}, True, True),
    "a lane of another outbox": ({"lane": "1-a", "publisher": "another"}, True, False),
    "a lane of an outbox, and none is subscribed": ({"lane": "1-a", "publisher": PUBLISHER}, False, False),
    "a lane of its own, and an outbox is subscribed": ({"lane": "1-a"}, True, True),
}


@pytest.mark.parametrize("case", KNOCKS)
async def test_what_is_no_knock_is_reported_and_not_worked_on(case: str) -> None:
    content, subscribed, is_knock = KNOCKS[case]
    made, store, destination, emitted = world(subscribed=subscribed)
    await answer_knock(made.integrations[NAME], orjson.dumps(content), made)
    assert emitted == ([] if is_knock else poison("work", error_code="not-a-knock"))
    assert not destination.took
    assert not any(store.tables[LEDGER].values())


async def test_a_body_of_the_work_queue_that_is_no_json_is_reported() -> None:
    made, _, _, emitted = world(subscribed=False)
    await answer_knock(made.integrations[NAME], b"not JSON", made)
    assert emitted == poison("work", error_code="not-a-knock")


@pytest.mark.parametrize(
    ("data", "is_knock"), [({"lane": "1-a"}, True), ({"lane": ""}, False), ({}, False), ("a text", False), (None, False)]
)
async def test_an_event_to_a_subscriber_without_a_lane_is_reported_and_is_no_message(data: Any, is_knock: bool) -> None:
    made, store, destination, emitted = world(subscribed=True)
    await accept_event(made.integrations[NAME], {"id": "1", "source": "topic", "type": "published", "data": data}, made)
    assert emitted == ([] if is_knock else poison("event", error_code="not-a-knock"))
    assert not any(store.tables[LEDGER].values())
    assert not destination.took


@pytest.mark.parametrize("subscribed", [True, False])
async def test_a_knock_that_the_in_queue_gave_up_is_no_dead_letter(subscribed: bool) -> None:
    """Where none is subscribed the same body is a message of which nothing may be lost."""
    made, store, _, emitted = world(subscribed=subscribed)
    await keep_poisoned(made.integrations[NAME], b'{"data": {"lane": "1-a"}}', made)
    assert emitted == poison("in")
    kept = [row.key for row in await store.query(names.tables(NAME).find, names.DEAD)]
    assert bool(kept) is not subscribed
