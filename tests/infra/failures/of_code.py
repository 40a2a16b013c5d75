"""Failures of our own code and of what runs it."""

from typing import Any

import pytest

from shared.intake.triggers.knocks import answer_poisoned_knock
from shared.storage import names
from shared.storage.store import put
from tests.infra.failures.laboratory import NAME, PATIENT, Build, Laboratory, Seen, broken, refuses, scenario


@scenario("bug-before-record")
async def bug_before_the_record(build: Build) -> Seen:
    laboratory = await build()
    happened = laboratory.clock
    laboratory.change(lane=broken)
    await laboratory.live(600, laboratory.send)
    return Seen(laboratory, happened, (NAME, "fault"))


@scenario("bug-after-record")
async def bug_after_the_record(build: Build) -> Seen:
    laboratory = await build()
    happened = laboratory.clock
    laboratory.change(transform=broken)
    await laboratory.live(600, laboratory.send)
    return Seen(laboratory, happened, (NAME, "fault"))


@scenario("bug-in-background")
async def bug_in_the_background(build: Build) -> Seen:
    """The work of a lane fails where no caller waits for it."""
    laboratory = await build()
    happened, commit = laboratory.clock, laboratory.hub.store.commit

    async def fails(table: str, partition: str, *changes: Any) -> Any:
        if any(change.key == names.CLAIM for change in changes):
            raise RuntimeError
        return await commit(table, partition, *changes)

    laboratory.hub.store.commit = fails  # type: ignore[method-assign]
    await laboratory.send()
    await laboratory.live(900)
    return Seen(laboratory, happened, ("", "RuntimeError"))


@scenario("call-crashed")
async def call_crashed(build: Build) -> Seen:
    laboratory = await build()
    happened = laboratory.clock
    await laboratory.live(600, laboratory.call_that_hangs)
    return Seen(laboratory, happened, (NAME, "500"))


@scenario("step-skipped")
async def a_row_that_cannot_be_read(build: Build) -> Seen:
    laboratory = await build()
    happened = laboratory.clock
    await laboratory.hub.store.commit(names.tables(NAME).open, "a", put("1-0a.mark", {"at": "odd"}))
    await laboratory.live(900, laboratory.send)
    return Seen(laboratory, happened, (NAME, "sweep"))


@scenario("poisoned-message")
async def poisoned_message(build: Build) -> Seen:
    laboratory = await build()
    happened = laboratory.clock
    await laboratory.poison(b'{"id": "1"}')
    await laboratory.live(900, laboratory.send)
    return Seen(laboratory, happened, (NAME, "in"))


@scenario("poisoned-knock")
async def poisoned_knock(build: Build) -> Seen:
    laboratory = await build(delivery=PATIENT)
    happened, laboratory.destination.behave = laboratory.clock, refuses("timeout")
    await laboratory.send("A")
    await answer_poisoned_knock(laboratory.integration, b'{"lane": "1-aa"}', laboratory.hub)
    await laboratory.live(900)
    return Seen(laboratory, happened, (NAME, "work"))


@scenario("app-stopped")
async def app_stopped(build: Build) -> Seen:
    """The neighbour is alive: it sends heartbeats, and calls the door of the stopped app."""
    laboratory = await build()
    happened = laboratory.clock
    await _neighbour(laboratory, 900)
    return Seen(laboratory, happened, ())


@scenario("ops-stopped")
async def ops_app_stopped(build: Build) -> Seen:
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("HUB_ROLE", "ops")
        laboratory = await build()
        happened = laboratory.clock
        settings.setenv("HUB_ROLE", "app")
        laboratory.looks_at_doors = True
        await laboratory.live(900)
    return Seen(laboratory, happened, ())


@scenario("door-closed")
async def http_dead_while_the_timer_lives(build: Build) -> Seen:
    laboratory = await build()
    happened, laboratory.looks_at_doors = laboratory.clock, True
    await laboratory.live(900)
    return Seen(laboratory, happened, (NAME, "refused"))


@scenario("watchdog-stopped")
async def timer_dead_while_http_lives(build: Build) -> Seen:
    laboratory = await build()
    laboratory.alive, happened = False, laboratory.clock
    await laboratory.live(600, laboratory.send)
    laboratory.clock = happened
    await _neighbour(laboratory, 600)
    return Seen(laboratory, happened, ())


@scenario("telemetry-silent")
async def no_row_arrives(build: Build) -> Seen:
    """Neither the hub nor its messages have a fault; nothing reaches the workspace."""
    laboratory = await build()
    happened, before = laboratory.clock, len(laboratory.events)
    await laboratory.live(2400, laboratory.send)
    del laboratory.events[before:]
    return Seen(laboratory, happened, ())


async def _neighbour(laboratory: Laboratory, seconds: float) -> None:
    """Another app, which lives on and calls the door of the first."""
    other = Laboratory("another-one")
    other.clock, other.looks_at_doors = laboratory.clock, True
    await other.live(seconds)
    laboratory.events += other.events
    laboratory.clock = other.clock
