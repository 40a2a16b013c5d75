"""One trace over all hops: the caller's operation goes on in the ledger's row, in the delivery and in every event."""

import asyncio
from typing import Any

from shared.intake.accept import accept
from shared.telemetry.tracing import current, parse
from tests import ledger_world as world

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_one_operation_from_the_caller_to_the_delivery() -> None:
    emitted: list[tuple[str, str]] = []
    destination = world.Remembering()
    seen: list[str] = []
    destination.behave = lambda note: seen.append(current())
    one = world.integration(destination)
    hub = world.hub(one, emit=lambda name, **keys: emitted.append((name, current())))
    await accept(one, world.envelope(world.note("1"), traceparent=CALLER), hub)
    while hub.tasks:
        await asyncio.gather(*hub.tasks)
    ids: list[Any] = [parse(trace) for trace in [*seen, *(trace for _, trace in emitted)]]
    assert [name for name, _ in emitted] == ["hub.message", "hub.message"]
    assert {trace[0] for trace in ids} == {parse(CALLER)[0]}  # type: ignore[index]
    assert len({trace[1] for trace in ids} | {parse(CALLER)[1]}) == 3  # type: ignore[index]
