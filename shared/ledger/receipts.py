"""The receipt of a message: it recognises the message when it comes again, and keeps the acknowledgement as it was given."""

import asyncio
from typing import Any

from shared.envelope import Answer
from shared.formats.media import chosen
from shared.hub import Hub
from shared.ledger import content, resends
from shared.ledger.arrival import AWAY, Arrival, Recorded
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.store import Change, Conflict, Row, insert
from shared.storage.store import replace as changed

REFERENCES = 4  # copies that one receipt remembers


def receipt_change(arrival: Arrival, earlier: Row | None, n: int, answer: Answer, at: float) -> Change:
    """The change that writes the receipt of number ``n``: a new row, or ``earlier`` of the same body replaced."""
    values = {
        "schema": names.SCHEMA,
        "n": n,
        "at": at,
        "digest": arrival.digest,
        "token": arrival.token,
        "reference": _references(arrival, earlier),
        "duplicates": earlier["duplicates"] if earlier else 0,
        "redelivered": (earlier["redelivered"] or 0) if earlier else 0,  # of the duplicates: brought again, not sent again
        "handed": handed_of(arrival, earlier),
        "status": answer.status,
        "content_type": answer.content_type,
        **content.pieces(content.compressed(answer.body)),
    }
    key = f"r|{arrival.key}"
    return Change("replace", key, values, earlier.etag) if earlier else insert(key, values)


def handed_of(arrival: Arrival, receipt: Row | None) -> str:
    return resends.handed_over(receipt, arrival.envelope.handed)


def counted(arrival: Arrival, receipt: Row) -> dict[str, Any]:
    """A duplicate, on its receipt: how many, and how many of them were only brought again."""
    again = resends.is_redelivered(receipt, arrival.envelope.handed)
    return {
        "duplicates": receipt["duplicates"] + 1,
        "redelivered": (receipt["redelivered"] or 0) + again,
        "handed": handed_of(arrival, receipt),
        "reference": _references(arrival, receipt),
    }


def is_same_copy(arrival: Arrival, receipt: Row) -> bool:
    """Whether a worker that died had recorded this copy: a batch is split again from its last note.

    It is neither a duplicate of the sender's nor a resend, which ``on_resend="deliver"`` would deliver a second time.
    Members go in by their numbers: where a later one of the same batch is known, this one was recorded before it.
    """
    batch, _, number = arrival.envelope.reference.rpartition("-")
    if not batch or not arrival.envelope.acknowledged:
        return False
    known = (each.rpartition("-") for each in str(receipt["reference"]).split())
    return any(theirs == batch and int(last) >= int(number) for theirs, _, last in known)


def _references(arrival: Arrival, earlier: Row | None) -> str:
    """The copies that were recorded under one receipt, the last few of them."""
    known = str(earlier["reference"]).split() if earlier else []
    return " ".join([*known, *filter(None, [arrival.envelope.reference])][-REFERENCES:])


def as_given(arrival: Arrival, receipt: Row) -> Answer:
    """The acknowledgement as it was given; made anew where its media type is not taken this time."""
    body = content.restored(content.joined(receipt.values))
    given = Answer(status=receipt["status"], content_type=receipt["content_type"], body=body)
    accept = arrival.envelope.headers.get("accept", "")
    return given if not given.body or chosen(accept, (given.content_type,)) else arrival.acknowledge(arrival.verdict)


async def count_duplicate(ledger: str, arrival: Arrival, receipt: Row | None, hub: Hub) -> Recorded:
    """The stored acknowledgement, once the duplicate is counted on the receipt."""
    while receipt:
        try:
            await hub.store.commit(ledger, arrival.lane, changed(receipt, **counted(arrival, receipt)))
            return Recorded(arrival.id, "duplicate", as_given(arrival, receipt), arrival.lane)
        except Conflict:
            await asyncio.sleep(hub.random.uniform(0.01, 0.1))
            receipt = await hub.store.get(ledger, arrival.lane, f"r|{arrival.key}")
    raise Unavailable(AWAY)
