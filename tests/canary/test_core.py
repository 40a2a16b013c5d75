"""The canary sweep of the core: every integration, every way a message can end, every sink that the core writes to."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from integrations import CATALOGUE, load
from shared.envelope import Envelope, Outgoing, Receipt
from shared.hub import Hub, Timing
from shared.intake.accept import accept
from shared.intake.triggers.queues import accept_queue_message, keep_poisoned
from shared.integration import Delivery, Integration
from shared.problems import Undelivered
from shared.storage.memory import MemoryStore
from tests.canary.canaries import Nest, as_many_as_pass, every_leaf
from toolkit.samples import accepted

CONTENT_ROWS = ("c|", "e|")  # the message, and what its destination said of it: content, kept and deleted as such
ACKNOWLEDGED = "r|"


def reject(outgoing: Outgoing) -> Receipt:
    raise Undelivered(kind="permanent", code="ack-AR", text="refused", detail=outgoing.body.decode("utf-8", "replace"))


def broken(outgoing: Outgoing) -> Receipt:
    raise ValueError(outgoing.body.decode("utf-8", "replace"))


def away(outgoing: Outgoing) -> Receipt:
    raise Undelivered(kind="transient", code="timeout", text="no answer", ambiguous=True)


def taken(outgoing: Outgoing) -> Receipt:
    return Receipt("accepted", "ref-1")


@dataclass
class Behaving:
    behave: Callable[[Outgoing], Receipt]
    name: str = "TEST"
    takes_synthetic: bool = True

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        return self.behave(outgoing)

    async def close(self) -> None: ...


def repeats_the_message(content: Any) -> Any:
    """A mapping with a bug whose exception quotes the message."""
    raise RuntimeError(content.encode() if hasattr(content, "encode") else str(content))


ENDS: dict[str, Callable[[Integration], Integration]] = {
    "delivered": lambda i: replace(i, destination=Behaving(taken)),
    "refused": lambda i: replace(i, destination=Behaving(reject)),
    "broken": lambda i: replace(i, destination=Behaving(broken)),
    "away": lambda i: replace(i, destination=Behaving(away), delivery=Delivery(attempts=2, first_wait=0)),
    "mapping-bug": lambda i: replace(i, destination=Behaving(taken), transform=repeats_the_message),
}


@dataclass
class Sinks:
    """Everything that the core said or stored outside content."""

    hub: Hub
    events: list[str]
    answers: list[str]

    def texts(self) -> list[str]:
        return [*self.events, *self.answers, *self._rows(), *self._queued(), *self._blobs()]

    def _rows(self) -> list[str]:
        """Rows but for content, and the acknowledgement as it was given (checked where it was answered)."""
        store = self.hub.store
        assert isinstance(store, MemoryStore)
        return [
            f"{table} {partition} {key} {values}"
            for table, partitions in store.tables.items()
            for partition, rows in partitions.items()
            for key, (_, values) in rows.items()
            if not key.startswith((*CONTENT_ROWS, ACKNOWLEDGED))
        ]

    def _queued(self) -> list[str]:
        return [repr(m.body) for queue in self.hub.store.queues.values() for m in queue.values()]  # type: ignore[attr-defined]

    def _blobs(self) -> list[str]:
        return [name for container in self.hub.store.containers.values() for name in container]  # type: ignore[attr-defined]


def world(integration: Integration) -> Sinks:
    events: list[str] = []
    hub = Hub(
        MemoryStore(lambda: 1_777_000_000.0),
        {integration.name: integration},
        now=lambda: 1_777_000_000.0,
        emit=lambda name, **keys: events.append(f"{name} {keys}"),
        timing=Timing(storage_patience=1),
        instance="canary",
    )
    return Sinks(hub, events, [])


async def send(integration: Integration, envelope: Envelope, sinks: Sinks) -> None:
    answer = await accept(integration, envelope, sinks.hub)
    sinks.answers.append(f"{answer.status} {answer.headers} {answer.body!r}")
    for _ in range(50):
        if not sinks.hub.tasks:
            break
        await asyncio.sleep(0)
    await asyncio.gather(*sinks.hub.tasks)


def leaks(nest: Nest, sinks: Sinks, logs: str, printed: str) -> dict[str, str]:
    """Each sink that holds a canary, and which."""
    return {text[:200]: canary for text in [*sinks.texts(), logs, printed] for canary in sorted(nest.found_in(text))[:1]}


@cache
def planted(name: str) -> tuple[Envelope, tuple[str, ...]]:
    """The first sample of an integration with all the canaries that pass, and these: found once for all ends."""
    nest = Nest()
    return as_many_as_pass(load(name), accepted(load(name))[0].envelope, nest), tuple(nest.made)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", CATALOGUE)
async def test_nothing_of_a_message_that_is_taken_leaves(name: str, end: str, caplog: Any, capfd: Any) -> None:
    caplog.set_level(logging.DEBUG)
    envelope, made = planted(name)
    integration, nest = ENDS[end](load(name)), Nest(made)
    sinks = world(integration)
    assert len(nest.made) >= 5
    await send(integration, replace(envelope, trigger="http"), sinks)
    assert leaks(nest, sinks, caplog.text, "".join(capfd.readouterr())) == {}


@pytest.mark.parametrize("trigger", ["http", "queue", "poison"])
@pytest.mark.parametrize("name", CATALOGUE)
async def test_nothing_of_a_message_that_is_refused_leaves(name: str, trigger: str, caplog: Any, capfd: Any) -> None:
    caplog.set_level(logging.DEBUG)
    integration, nest = ENDS["delivered"](load(name)), Nest()
    sinks = world(integration)
    body = every_leaf(accepted(load(name))[0].body, nest)
    if trigger == "http":
        await send(
            integration,
            Envelope(
                integration=name,
                body=body,
                received_at="2026-05-01T09:30:00.000Z",
                content_type="x-application/hl7-v2+er7",
                trigger="http",
            ),
            sinks,
        )
    else:
        await (accept_queue_message if trigger == "queue" else keep_poisoned)(integration, body, sinks.hub)
    assert nest.made
    assert leaks(nest, sinks, caplog.text, "".join(capfd.readouterr())) == {}


async def test_the_sweep_can_see() -> None:
    """A sink that repeats a canary is found: plain, URL-encoded, and in base64 at each offset."""
    nest = Nest()
    canary = nest.new()
    import base64

    for hidden in (canary, *(base64.b64encode(b"x" * n + canary.encode() + b"yy").decode() for n in range(6))):
        assert nest.found_in(f"before {hidden} after") == {canary}
    assert not nest.found_in("nothing of the kind")


def tells_tales(outgoing: Outgoing) -> Receipt:
    """A destination written badly: the code of its failure quotes the message."""
    raise Undelivered(kind="permanent", code=outgoing.body.decode("utf-8", "replace"), text="refused")


async def test_a_planted_leak_is_found() -> None:
    integration = replace(load("phw-to-mpi"), destination=Behaving(tells_tales))
    envelope, made = planted("phw-to-mpi")
    sinks, nest = world(integration), Nest(made)
    await send(integration, replace(envelope, trigger="http"), sinks)
    assert leaks(nest, sinks, "", "")
