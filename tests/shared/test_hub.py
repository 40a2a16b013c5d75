"""The work of a hub for which no one waits: how it ends, and what is said of it when it fails."""

import asyncio
from typing import Any

import pytest

from shared.hub import Hub
from tests.ledger_world import Remembering, hub, integration

Events = list[tuple[str, dict[str, Any]]]


def world() -> tuple[Hub, Events]:
    emitted = Events()
    return hub(integration(Remembering()), emit=lambda name, **keys: emitted.append((name, keys))), emitted


async def ends() -> None:
    await asyncio.sleep(0)


async def fails() -> None:
    raise ValueError("CANARY of Ann Prawf")


async def never_ends() -> None:
    await asyncio.Event().wait()


async def test_work_that_fails_is_a_fault_with_its_place_and_without_its_text() -> None:
    made, emitted = world()
    made.start(fails())
    await asyncio.wait(set(made.tasks))
    await asyncio.sleep(0)
    ((name, keys),) = emitted
    assert (name, keys["error_code"], made.tasks) == ("hub.fault", "ValueError", set())
    assert keys["frames"].split()[-1] == f"test_hub.py:{fails.__code__.co_firstlineno + 1}:fails"
    assert "CANARY" not in str(keys)


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_work_that_ends_or_is_cancelled_is_no_fault(is_cancelled: bool) -> None:
    made, emitted = world()
    made.start(never_ends() if is_cancelled else ends())
    (task,) = made.tasks
    await asyncio.sleep(0)
    if is_cancelled:
        task.cancel()
    await asyncio.wait({task})
    await asyncio.sleep(0)
    assert (task.cancelled(), emitted, made.tasks) == (is_cancelled, [], set())


async def test_work_that_is_cancelled_before_it_begins_is_closed() -> None:
    made, emitted = world()
    work = never_ends()
    made.start(work)
    (task,) = made.tasks
    task.cancel()
    await asyncio.wait({task})
    await asyncio.sleep(0)
    assert (emitted, made.tasks, work.cr_frame) == ([], set(), None)
