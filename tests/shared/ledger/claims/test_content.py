"""The content of a waiting message for the worker that has its lane: where it is, and what becomes of a message without one."""

from typing import Any

import pytest

from shared.delivery.dead import dead_letters
from shared.delivery.process import process
from shared.hub import Hub
from shared.intake.accept import accept
from shared.ledger.claims.claim import Claim
from shared.ledger.claims.held import new_claim
from shared.ledger.content import compressed, stored
from shared.ledger.rows import Waiting
from shared.problems import Fault, Lost
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Row, delete, put
from tests.ledger_world import Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
LEDGER = names.tables(NAME).ledger


async def accepted_elsewhere() -> tuple[Hub, MemoryStore, Remembering, str]:
    """A message that another process accepted and did not deliver, and its lane."""
    destination = Remembering()
    made = hub(integration(destination, NAME))
    assert isinstance(made.store, MemoryStore)
    made.start = lambda work: work.close()  # type: ignore[method-assign]
    answer = await accept(made.integrations[NAME], envelope(note("1")), made)
    return made, made.store, destination, answer.headers["X-Message-Id"].partition(".")[0]


async def row(store: MemoryStore, lane: str, key: str) -> Row:
    found = await store.get(LEDGER, lane, key)
    assert found
    return found


async def test_a_message_whose_content_is_gone_is_a_dead_letter_that_says_so() -> None:
    made, store, destination, lane = await accepted_elsewhere()
    await store.commit(LEDGER, lane, delete(await row(store, lane, names.row("c", 1))))
    await process(made.integrations[NAME], lane, made)
    (letter,) = await dead_letters(NAME, made)
    assert (letter["code"], letter["rules"], letter["outcome"]) == ("content-missing", "content-missing", "dead")
    assert not destination.took


async def in_a_blob(data: bytes | None) -> tuple[Hub, MemoryStore, Remembering, str]:
    """The same, whose content is in a blob that holds this; ``None``: the blob is gone."""
    made, store, destination, lane = await accepted_elsewhere()
    there = await row(store, lane, names.row("c", 1))
    await store.commit(LEDGER, lane, stored(envelope(note("1")), b"", f"{NAME}/{lane}/x").put(there.key))
    if data is not None:
        await store.write_blob(names.CONTENT, f"{NAME}/{lane}/x", data)
    return made, store, destination, lane


@pytest.mark.parametrize("data", [None, b"", b"x", compressed(note("1"))[:-1]], ids=["gone", "empty", "other", "cut"])
async def test_a_message_whose_blob_is_gone_or_damaged_is_a_dead_letter_that_says_so(data: bytes | None) -> None:
    """It would be tried for ever, and the lane would wait behind it."""
    made, store, destination, lane = await in_a_blob(data)
    await process(made.integrations[NAME], lane, made)
    (letter,) = await dead_letters(NAME, made)
    assert (letter["code"], letter["rules"], letter["outcome"]) == ("content-missing", "content-missing", "dead")
    assert not destination.took
    assert not await store.query(LEDGER, lane, "w|", "w~")


async def test_a_message_whose_blob_is_there_is_delivered() -> None:
    made, _, destination, lane = await in_a_blob(compressed(note("1")))
    await process(made.integrations[NAME], lane, made)
    assert len(destination.took) == 1


async def test_a_worker_that_has_lost_the_lane_leaves_a_message_whose_blob_is_gone() -> None:
    """The one that has it delivered the message meanwhile, and the blob went with it."""
    made, store, _, lane = await in_a_blob(None)
    held, message = await claimed(made, store, lane)
    await store.commit(LEDGER, lane, new_claim(made.integrations[NAME], made).put(names.CLAIM))
    with pytest.raises(Lost):
        await held.content(message)


async def claimed(made: Hub, store: MemoryStore, lane: str) -> tuple[Claim, Waiting]:
    one, mine = made.integrations[NAME], new_claim(made.integrations[NAME], made)
    etags = await store.commit(LEDGER, lane, mine.inserted(names.CLAIM))
    taken = type(mine).of(Row(lane, names.CLAIM, etags[names.CLAIM], mine.values()))
    return Claim(one, lane, made, taken), Waiting.of(await row(store, lane, names.row("w", 1)))


async def test_the_worker_of_a_lane_reads_what_arrived() -> None:
    made, store, _, lane = await accepted_elsewhere()
    held, message = await claimed(made, store, lane)
    assert (await held.content(message)).body == note("1")


async def test_content_that_is_gone_is_a_fault_of_the_hub() -> None:
    made, store, _, lane = await accepted_elsewhere()
    held, message = await claimed(made, store, lane)
    await store.commit(LEDGER, lane, delete(await row(store, lane, names.row("c", 1))))
    with pytest.raises(Fault) as problem:
        await held.content(message)
    (issue,) = problem.value.issues
    assert (issue.severity, issue.code, issue.rule) == ("fatal", "exception", "content-missing")


@pytest.mark.parametrize("what", ["another worker has the lane", "a newer version wrote the content"])
async def test_content_that_is_not_for_this_worker_makes_no_dead_letter(what: str) -> None:
    made, store, _, lane = await accepted_elsewhere()
    held, message = await claimed(made, store, lane)
    content = await row(store, lane, names.row("c", 1))
    if what.startswith("another"):
        await store.commit(LEDGER, lane, delete(content))
        theirs: dict[str, Any] = {**held.claim.values(), "turn": "theirs"}
        await store.commit(LEDGER, lane, put(names.CLAIM, theirs))
    else:
        await store.commit(LEDGER, lane, put(content.key, {**content.values, "schema": names.SCHEMA + 1}))
    with pytest.raises(Lost):
        await held.content(message)
    assert await row(store, lane, names.row("w", 1))
    left = await store.get(LEDGER, lane, names.CLAIM)
    assert (left is not None) == what.startswith("another")  # a lane of a newer version is given back for a worker of that one
