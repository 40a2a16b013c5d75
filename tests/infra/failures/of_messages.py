"""Failures of messages: their content, their codes, their pairs, and what happens to them on the way."""

from dataclasses import replace
from typing import Any

import orjson

from shared.codes.table import CodeTable
from shared.delivery import pause
from shared.delivery.dead import Person
from shared.delivery.upkeep import purge, thresholds
from shared.delivery.upkeep.thresholds import Threshold
from shared.intake.triggers.legacy import accept_legacy_message
from shared.integration import Delivery, EventGrid, Retention
from tests.infra.failures.laboratory import NAME, PATIENT, Build, Seen, refuses, scenario
from tests.ledger_world import note

HOUR = 3600.0


@scenario("rejected")
async def rejected(build: Build) -> Seen:
    laboratory = await build()
    happened = laboratory.clock
    await laboratory.send(name="")
    await laboratory.live(900, laboratory.send)
    return Seen(laboratory, happened, (NAME, "name-required"))


@scenario("refused-by-destination")
async def refused_by_the_destination(build: Build) -> Seen:
    laboratory = await build()
    happened, laboratory.destination.behave = laboratory.clock, refuses("http-422", "permanent")
    await laboratory.send()
    await laboratory.live(900)
    return Seen(laboratory, happened, (NAME, "http-422"))


@scenario("lane-held")
async def lane_held(build: Build) -> Seen:
    """A dead letter holds its lane, and a second message of the patient waits behind it."""
    laboratory = await build(delivery=replace(PATIENT, on_dead="hold"))
    laboratory.destination.behave = refuses("http-422", "permanent")
    await laboratory.send("A")
    await laboratory.live(300)
    happened = laboratory.clock
    await laboratory.send("A")
    await laboratory.live(900)
    return Seen(laboratory, happened, (NAME, "ledger"))


@scenario("expired")
async def expired(build: Build) -> Seen:
    """The content of a dead letter is deleted, because no one acted on it in time."""
    laboratory = await build(retention=Retention(dead_content=0.25))
    laboratory.destination.behave = refuses("http-422", "permanent")
    await laboratory.send()
    laboratory.clock += 6 * HOUR + 60
    happened = laboratory.clock
    await purge.purge(laboratory.integration, laboratory.hub)
    await laboratory.live(600)
    return Seen(laboratory, happened, (NAME, ""))


@scenario("half-of-a-pair")
async def half_of_a_pair(build: Build) -> Seen:
    folder = "/blobServices/default/containers/inbox/blobs/notes/"
    pairs = EventGrid(("Microsoft.Storage.BlobCreated",), folder, pairs=("pdf", "json"))
    laboratory = await build(triggers=(pairs,))
    happened = laboratory.clock
    await laboratory.hub.store.write_blob("inbox", "notes/a.pdf", b"%PDF-")
    await laboratory.live(1800)
    return Seen(laboratory, happened, (NAME, "pair"))


@scenario("unmapped-code")
async def a_code_that_no_table_has(build: Build) -> Seen:
    table = CodeTable("COLOURS", __name__, {}, met=lambda note: [("colour", "G")], unmapped="wait")
    laboratory = await build()
    happened = laboratory.clock
    laboratory.change(codes=(table,))
    await laboratory.send()
    await laboratory.live(1800)
    return Seen(laboratory, happened, (NAME, "colour"))


@scenario("threshold-exceeded")
async def threshold_exceeded(build: Build) -> Seen:
    laboratory = await build(delivery=PATIENT)
    limit = Threshold(NAME, "backlog-size", 0, "tests", "to be notified of any message that waits")
    await thresholds.change(limit, laboratory.hub)
    happened, laboratory.destination.behave = laboratory.clock, refuses("timeout")
    await laboratory.send()
    await laboratory.live(900)
    return Seen(laboratory, happened, (NAME, "backlog-size"))


@scenario("delivery-paused")
async def delivery_paused(build: Build) -> Seen:
    laboratory = await build()
    happened = laboratory.clock
    await pause.pause(laboratory.integration, Person("ann", "an upgrade"), laboratory.hub)
    await laboratory.live(4500, laboratory.send)
    return Seen(laboratory, happened, (NAME, "paused"))


@scenario("slow-delivery")
async def slow_delivery(build: Build) -> Seen:
    """The destination takes 0.9 seconds for one message in ten."""
    laboratory = await build()
    happened, taken = laboratory.clock, 0

    def takes_its_time(note: Any) -> None:
        nonlocal taken
        taken += 1
        laboratory.clock += 0.9 if taken % 10 == 0 else 0.05

    laboratory.destination.behave = takes_its_time

    async def five() -> None:
        for _ in range(5):
            await laboratory.send()

    await laboratory.live(900, five)
    return Seen(laboratory, happened, (NAME,))


@scenario("budget-fast")
async def one_message_in_fifty_is_lost(build: Build) -> Seen:
    return await _losing(build, lost=2, seconds=900)


@scenario("budget-slow")
async def one_message_in_a_hundred_is_lost(build: Build) -> Seen:
    return await _losing(build, lost=1, seconds=1800)


async def _losing(build: Build, *, lost: int, seconds: float) -> Seen:
    laboratory = await build()
    happened, sent = laboratory.clock, 0

    def loses(note: Any) -> None:
        nonlocal sent
        sent += 1
        if sent % 100 < lost:
            refuses("http-422", "permanent")(note)

    laboratory.destination.behave = loses

    async def busy() -> None:
        for _ in range(10):
            await laboratory.send()

    await laboratory.live(seconds, busy)
    return Seen(laboratory, happened, (NAME,))


@scenario("engines-disagree")
async def engines_disagree(build: Build) -> Seen:
    """A parallel run, in which from one hour on each fourth output differs."""
    laboratory = await build(delivery=Delivery())
    laboratory.hub.is_observed = lambda name: True

    async def both(changed: bool) -> None:
        await laboratory.send()
        id = str(laboratory.serial)
        made = note(id, id, **({"name": "other"} if changed else {}))
        body = orjson.dumps({"control_id": id, "out": [made.decode()]})
        await accept_legacy_message(laboratory.integration, body, laboratory.hub)

    await laboratory.live(2 * HOUR, lambda: both(False))
    happened = laboratory.clock
    await laboratory.live(HOUR, lambda: both(laboratory.serial % 4 == 0))
    return Seen(laboratory, happened, (NAME,))


@scenario("quiet-feed")
async def quiet_feed(build: Build) -> Seen:
    """A message a minute for a day and an hour; then none, and the hub is alive."""
    laboratory = await build()

    async def sometimes() -> None:
        if laboratory.clock % 120 == 0:
            await laboratory.send()

    await laboratory.live(25 * HOUR, sometimes)
    happened = laboratory.clock
    await laboratory.live(2 * HOUR)
    return Seen(laboratory, happened, (NAME,))
