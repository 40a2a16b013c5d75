"""A subscriber on this machine: what the demo counts of it, and a start without its publisher."""

from types import SimpleNamespace
from typing import Any

import pytest

from shared.hub import Hub
from shared.intake.accept import accept
from shared.integration import EventGrid, Integration
from tests.ledger_world import Remembering, envelope, hub, integration, note
from toolkit.local import demo
from toolkit.local.demo import Subscriber, listen
from toolkit.local.simulated import Simulators
from toolkit.local.simulators.cdr import Cdr

PUBLISHER = integration(Remembering("TOPIC"), "notes-out", subscribers=("out-to-cdr",))
TRIGGER = EventGrid(types=("wales.nhs.hub.message",), publisher="notes-out")
SUBSCRIBER = integration(Remembering("CDR"), "out-to-cdr", triggers=(TRIGGER,))
OTHER = integration(Remembering("CDR"), "other-to-cdr")


async def send(to: Integration, id: str, made: Hub) -> None:
    await accept(to, envelope(note(id), to.name), made)
    for task in list(made.tasks):
        await task


@pytest.mark.parametrize("sent", [0, 1, 2])
async def test_a_subscriber_of_a_fhir_server_is_counted_by_its_own_messages(sent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server keeps no bodies, and another integration sends to it too."""
    monkeypatch.setattr(demo, "SETTLES", 0.3)
    made = hub(PUBLISHER, SUBSCRIBER, OTHER)
    for number in range(sent):
        await send(SUBSCRIBER, str(number), made)
    await send(OTHER, "other", made)
    delivered = [("another", "event")]

    async def idle() -> None:
        """An event that is still on its way is counted."""
        delivered.append(("out-to-cdr", "event"))

    topic = SimpleNamespace(idle=idle, deliverer=SimpleNamespace(delivered=delivered))
    running: dict[str, Any] = {"TOPIC": topic, "CDR": Cdr()}
    assert await listen((PUBLISHER, SUBSCRIBER, OTHER), running, made) == [Subscriber(SUBSCRIBER, 1, sent)]


async def test_a_subscriber_starts_without_its_publisher() -> None:
    started = Simulators((SUBSCRIBER,))
    await started.subscribe("http://127.0.0.1:1")
    assert await listen((SUBSCRIBER,), {}, hub(SUBSCRIBER)) == [Subscriber(SUBSCRIBER, 0, 0)]
