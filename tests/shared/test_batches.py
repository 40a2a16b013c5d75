"""A batch: stored once, a verdict for each message, split so that a crash in the middle doubles and loses nothing."""

import asyncio
from dataclasses import replace

import pytest

from integrations import load
from shared import batches, triggers
from shared.envelope import Envelope, Receipt
from shared.ledger import conservation, names
from shared.ledger.store import Away
from tests.ledger_world import NOW, hub
from toolkit.samples import accepted

NAME = "phw-to-mpi"
SAMPLE = "a31_date_of_death"
STAMP = "2026-05-01T09:30:00.000Z"


class Taking:
    name, takes_synthetic = "MPI", True

    def __init__(self):
        self.took = []

    async def deliver(self, outgoing):
        self.took.append(outgoing.control_id)
        return Receipt()

    async def close(self):
        pass


@pytest.fixture
def world():
    destination = Taking()
    one = replace(load(NAME), destination=destination)
    made = hub(one, now=lambda: NOW)
    return made, one, destination


def bodies():
    """Four good messages that differ in their control ids, and one of a version that is not taken."""
    good = next(each.body for each in accepted(load(NAME)) if each.name == SAMPLE)
    control = good.split(b"|")[9]
    each = [good.replace(control, b"BATCH%d" % n, 1) for n in range(5)]
    header, end, rest = each[2].partition(b"\r")
    each[2] = header.replace(b"|2.5", b"|2.9") + end + rest
    return each


def file(messages):
    ends = [body.strip(b"\r\n") for body in messages]
    return b"\r".join([b"FHS|^~\\&|A|B", b"BHS|^~\\&|A|B", *ends, b"BTS|%d" % len(ends), b"FTS|1"]) + b"\r"


async def settled(made):
    while made.tasks:
        await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_each_message_gets_its_verdict_and_the_good_ones_are_delivered(world):
    made, one, destination = world
    answer = await batches.take(one, Envelope(NAME, file(bodies()), STAMP, trigger="http"), made)
    await settled(made)
    verdicts = [line.split(b"|")[1] for line in answer.body.split(b"\r") if line.startswith(b"MSA")]
    assert verdicts.count(b"AA") == 4
    assert len(verdicts) == 5
    assert len(destination.took) == 4
    assert not made.store.containers[names.CONTENT]
    assert not any(made.store.tables[names.tables(NAME).open].values())
    assert (await conservation.balance(one, made)).outcomes == {"delivered": 4, "rejected": 1}


@pytest.mark.parametrize("stops_after", range(1, 6))
async def test_a_crash_in_the_middle_doubles_and_loses_nothing(world, monkeypatch, stops_after):
    made, one, destination = world
    real, calls = batches.accept, 0

    async def dying(*args):
        nonlocal calls
        calls += 1
        answer = await real(*args)
        if calls == stops_after:
            raise Away  # taken, and the worker dies before it notes that
        return answer

    monkeypatch.setattr(batches, "accept", dying)
    await batches.take(one, Envelope(NAME, file(bodies()), STAMP, trigger="http"), made)
    await settled(made)
    later = NOW + 100
    made.now = lambda: later
    made.store.now = made.now
    for got in await made.store.receive(f"{NAME}-work", 30):
        await triggers.work_queue(one, got.body, made)
    await settled(made)
    balance = await conservation.balance(one, made)
    assert len(destination.took) == len(set(destination.took)) == 4
    assert (balance.outcomes["delivered"], balance.outcomes["rejected"], balance.holds) == (4, 1, True)
    assert not made.store.containers[names.CONTENT]
