"""A message that waits for a code: until a deployed table has it, its lane keeps its order.

The row of the message keeps a hash of the tables that did not have the code. Once a version with other tables runs, the watchdog
and the workers see the difference and try the message again, without a person. Until then it costs no attempt.
"""

from shared.check import read_or_none, require_codes
from shared.codes import table
from shared.codes.met import one
from shared.codes.table import UNMAPPED, Unmapped
from shared.delivery import pause
from shared.hub import Hub, in_thread_if_large
from shared.integration import Integration
from shared.ledger.claims.claim import Claim
from shared.ledger.ended import Done, Later, Outcome
from shared.ledger.reporting import code_items
from shared.ledger.rows import Waiting
from shared.storage import names
from shared.version import version

WAITS = UNMAPPED  # the reason of a message that waits for a code
AGAIN = 6 * 3600.0  # seconds after which it is tried in any case


def tables_of(integration: Integration) -> str:
    """The code tables of this version, as a hash."""
    return table.fingerprint(version(), integration.codes)


def waits(message: Waiting) -> bool:
    """Whether a message waits for a code."""
    return message.code == WAITS and message.state == "waiting"


def may_be_known(integration: Integration, message: Waiting) -> bool:
    """Whether a message waits for a code that other tables did not have than those that run now."""
    return waits(message) and message.tables != tables_of(integration)


async def still_waits(held: Claim, message: Waiting) -> Outcome | None:
    """Why a message that waited for a code waits on; ``None`` when it need not. Looked at before the destination is."""
    integration, hub = held.integration, held.hub
    envelope = await held.content(message)
    read = await in_thread_if_large(envelope, hub, read_or_none, integration, envelope)
    try:
        if read is not None:
            require_codes(integration, read)
    except Unmapped as problem:
        return await outcome(integration, message, problem, hub)
    return None


async def outcome(integration: Integration, message: Waiting, problem: Unmapped, hub: Hub) -> Outcome:
    """The message waits for its codes, each of which is an item that people see; dead where its table does not say ``wait``."""
    if not problem.waits:
        return Done("dead", UNMAPPED, problem.issues)
    codes = [one(issue, code) for issue, code in problem.codes]
    # The items first: a process that ends here leaves an item too many, never a message that waits for what no list shows.
    keys = await code_items.ensure(integration.name, codes, names.message_id(message.lane, message.identity), hub)
    left = await pause.time_left(integration, message.since, hub)
    return Later(min(AGAIN, max(left, 1)), WAITS, codes=keys, tables=tables_of(integration))
