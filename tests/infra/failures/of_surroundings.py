"""Failures of what the hub stands on, of its destinations, and of its callers."""

from typing import Any

import pytest

from shared.delivery import load
from shared.intake.admission import admit
from shared.storage.store import Away
from tests.infra.failures.laboratory import NAME, PATIENT, TOPIC, Build, Seen, refuses, scenario


@scenario("destination-away")
async def destination_away(build: Build) -> Seen:
    laboratory = await build(delivery=PATIENT)
    happened, laboratory.destination.behave = laboratory.clock, refuses("http-503")
    await laboratory.send()
    await laboratory.live(900)
    return Seen(laboratory, happened, (NAME, "http-503"))


@scenario("destination-set-up-wrong")
async def secret_expired(build: Build) -> Seen:
    """What an expired secret or certificate of ours becomes: the destination answers 401."""
    laboratory = await build()
    happened, laboratory.destination.behave = laboratory.clock, refuses("http-401", "misconfigured")
    await laboratory.send()
    await laboratory.live(900)
    return Seen(laboratory, happened, (NAME, "breaker"))


@scenario("messages-wait")
async def messages_wait(build: Build) -> Seen:
    laboratory = await build(delivery=PATIENT)
    happened, laboratory.destination.behave = laboratory.clock, refuses("timeout")
    await laboratory.send()
    await laboratory.live(900)
    return Seen(laboratory, happened, (NAME, "ledger"))


@scenario("queue-stalled")
async def queue_stalled(build: Build) -> Seen:
    """A partner's message stays in the in-queue, because no function takes it."""
    laboratory = await build()
    happened = laboratory.clock
    await laboratory.hub.store.send(f"{NAME}-in", b"MSH|")
    await laboratory.live(900, laboratory.send)
    return Seen(laboratory, happened, (NAME, f"{NAME}-in"))


@scenario("storage-away")
async def storage_away(build: Build) -> Seen:
    """Messages come on; no watchdog is needed to notice it."""
    laboratory = await build()
    happened, laboratory.has_pulse = laboratory.clock, True
    laboratory.lose_storage()
    await laboratory.live(600, laboratory.send)
    return Seen(laboratory, happened, (NAME, "unavailable"))


@scenario("storage-away-in-silence")
async def storage_away_in_silence(build: Build) -> Seen:
    """No message comes, and the timer has lost its lease together with the storage."""
    laboratory = await build()
    happened, laboratory.has_pulse = laboratory.clock, True
    laboratory.lose_storage()
    await laboratory.live(600)
    return Seen(laboratory, happened, (NAME, "storage-away"))


@scenario("storage-throttled")
async def storage_throttled(build: Build) -> Seen:
    """One commit in two is refused for good, as when the account is over its limit of requests."""
    laboratory = await build()
    happened, commit, asked = laboratory.clock, laboratory.hub.store.commit, 0

    async def sometimes(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked % 2:
            raise Away
        return await commit(*arguments)

    laboratory.hub.store.commit = sometimes  # type: ignore[method-assign]
    await laboratory.live(600, laboratory.send)
    return Seen(laboratory, happened, (NAME, "unavailable"))


@scenario("alarms-away")
async def alarms_away(build: Build) -> Seen:
    """There is an alarm to raise, and its topic does not answer."""
    laboratory = await build()
    happened, laboratory.destination.behave = laboratory.clock, refuses("http-422", "permanent")
    TOPIC.is_away = True
    await laboratory.send()
    await laboratory.live(600)
    return Seen(laboratory, happened, (NAME, "http-503"))


@scenario("calls-refused")
async def calls_refused(build: Build) -> Seen:
    """A partner whose key has expired, among messages that are accepted."""
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("HUB_PARTNERS", "[]")
        laboratory = await build()
        happened = laboratory.clock
        for _ in range(12):
            admit(NAME, {"x-hub-key": "wrong"}, laboratory.hub)
        await laboratory.live(900, laboratory.send)
    return Seen(laboratory, happened, (NAME, "unauthenticated"))


@scenario("overload")
async def overload(build: Build) -> Seen:
    """More is accepted than is delivered: the next message would wait for two minutes."""
    laboratory = await build()
    happened = laboratory.clock

    async def waits_long(integration: str, hub: Any) -> int:
        return 60

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(load, "overload", waits_long)
        await laboratory.live(600, laboratory.send)
    return Seen(laboratory, happened, (NAME, "busy"))
