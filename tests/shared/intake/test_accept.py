"""A member of a batch is taken or refused as its acknowledgement promised, whatever the check finds today."""

import asyncio
from typing import Any

import pytest

from shared.intake.accept import accept
from shared.storage import names
from tests.ledger_world import Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
LEDGER = names.tables(NAME).ledger
GOOD, BAD = note("1"), note("1", name="")

# Acknowledged as, the body, then: what is reported, its rules, outcome and code in the ledger, and whether content is kept.
PROMISES: list[tuple[str, bytes, str, list[str], str, str, bool]] = [
    ("AA", GOOD, "AA", [], "delivered", "accepted", False),
    ("AE", GOOD, "AE", ["refused-in-batch"], "rejected", "refused-in-batch", False),
    ("AR", GOOD, "AR", ["refused-in-batch"], "rejected", "refused-in-batch", False),
    ("AA", BAD, "AE", ["name-required"], "dead", "name-required", True),
    ("AE", BAD, "AE", ["name-required"], "rejected", "name-required", False),
    ("AR", BAD, "AE", ["name-required"], "rejected", "name-required", False),
    ("", GOOD, "AA", [], "delivered", "accepted", False),
    ("", BAD, "AE", ["name-required"], "rejected", "name-required", False),
]


@pytest.mark.parametrize(("acknowledged", "body", "ack", "rules", "outcome", "code", "is_kept"), PROMISES)
async def test_a_member_of_a_batch_is_what_it_was_acknowledged_as(
    acknowledged: str, body: bytes, ack: str, rules: list[str], outcome: str, code: str, is_kept: bool
) -> None:
    emitted: list[dict[str, Any]] = []
    made = hub(one := integration(Remembering(), NAME), emit=lambda name, **keys: emitted.append(keys))
    answer = await accept(one, envelope(body, acknowledged=acknowledged, reference="batch-1"), made)
    while made.tasks:
        await asyncio.gather(*made.tasks)
    (arrived,) = [keys for keys in emitted if keys.get("stage") == "accept"]
    assert (arrived["acknowledgement"], arrived["rule"]) == (ack, " ".join(rules))
    assert answer.headers["X-Message-Id"] == arrived["message_id"]
    rows = {row.key[:2]: row async for row in made.store.scan(LEDGER)}
    assert (rows["d|"]["outcome"], rows["d|"]["code"], "c|" in rows) == (outcome, code, is_kept)
    if outcome in ("dead", "rejected"):
        assert rows["d|"]["acknowledgement"] == (acknowledged or ack)
