"""The receipt of a message: it recognises a second copy of the message, and keeps the acknowledgement that was given."""

import asyncio
from dataclasses import replace

from shared.envelope import Answer, language_headers
from shared.formats.media import chosen
from shared.hub import Hub
from shared.ledger import content
from shared.ledger.arrivals import resends
from shared.ledger.arrivals.arrival import AWAY, Arrival, Recorded
from shared.ledger.rows import Receipt
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.store import Change, Conflict

REFERENCES = 4  # copies that one receipt remembers


def receipt_change(arrival: Arrival, earlier: Receipt | None, n: int, answer: Answer, at: float) -> Change:
    """The change that writes the receipt of number ``n``: a new row, or ``earlier`` of the same body replaced."""
    receipt = Receipt(
        number=n,
        at=at,
        digest=arrival.digest,
        token=arrival.token,
        reference=_references(arrival, earlier),
        duplicates=earlier.duplicates if earlier else 0,
        redelivered=earlier.redelivered if earlier else 0,
        handed=handed_of(arrival, earlier),
        status=answer.status,
        content_type=answer.content_type,
        language=answer.headers.get("Content-Language", ""),
        body=content.compressed(answer.body),
    )
    if earlier is None:
        return receipt.inserted(names.receipt(arrival.key))
    return Change("replace", names.receipt(arrival.key), receipt.values(), earlier.row.etag)


def handed_of(arrival: Arrival, receipt: Receipt | None) -> str:
    return resends.handed_over(receipt, arrival.envelope.handed)


def counted(arrival: Arrival, receipt: Receipt) -> Receipt:
    """A duplicate, on its receipt: how many, and how many of them were only redelivered."""
    again = resends.is_redelivered(receipt, arrival.envelope.handed)
    return replace(
        receipt,
        duplicates=receipt.duplicates + 1,
        redelivered=receipt.redelivered + again,
        handed=handed_of(arrival, receipt),
        reference=_references(arrival, receipt),
    )


def is_same_copy(arrival: Arrival, receipt: Receipt) -> bool:
    """Whether a worker that died had recorded this copy: a batch is split again from its last note.

    It is neither a duplicate of the sender's nor a resend, which ``on_resend="deliver"`` would deliver a second time.
    Members of one lane go in by their numbers: where a later one of the same batch is known, this one was recorded before it.
    """
    batch, _, number = arrival.envelope.reference.rpartition("-")
    if not batch or not arrival.envelope.acknowledged:
        return False
    known = (each.rpartition("-") for each in receipt.reference.split())
    return any(theirs == batch and int(last) >= int(number) for theirs, _, last in known)


def _references(arrival: Arrival, earlier: Receipt | None) -> str:
    """The copies that were recorded under one receipt, the last few of them."""
    known = earlier.reference.split() if earlier else []
    return " ".join([*known, *filter(None, [arrival.envelope.reference])][-REFERENCES:])


def as_given(arrival: Arrival, receipt: Receipt) -> Answer:
    """The acknowledgement as it was given; made again where its media type is not taken this time."""
    body = content.restored(receipt.body)
    headers = language_headers(receipt.language)
    given = Answer(status=receipt.status, content_type=receipt.content_type, body=body, headers=headers)
    accept = arrival.envelope.headers.get("accept", "")
    return given if not given.body or chosen(accept, (given.content_type,)) else arrival.acknowledge(arrival.verdict)


async def count_duplicate(ledger: str, arrival: Arrival, receipt: Receipt | None, hub: Hub) -> Recorded:
    """The stored acknowledgement, once the duplicate is counted on the receipt."""
    while receipt:
        try:
            await hub.store.commit(ledger, arrival.lane, counted(arrival, receipt).replaced())
            return Recorded(arrival.id, "duplicate", as_given(arrival, receipt), arrival.lane)
        except Conflict:
            await asyncio.sleep(hub.random.uniform(0.01, 0.1))
            row = await hub.store.get(ledger, arrival.lane, names.receipt(arrival.key))
            receipt = Receipt.of(row) if row else None
    raise Unavailable(AWAY)
