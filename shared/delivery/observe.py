"""One message of a parallel run: everything but the delivery. The engine that is being replaced delivers it."""

from shared.check import transform
from shared.envelope import Outgoing
from shared.hub import in_thread_if_large
from shared.issue import Issue
from shared.ledger.claims.claim import Claim
from shared.ledger.claims.taking import blocked
from shared.ledger.ended import Done, Later, Outcome
from shared.ledger.rows import Waiting
from shared.parallel import pairs
from shared.parallel.made import Made, failure
from shared.problems import Fault

FAILED = "observed-fault"  # the code of a message at which the mapping broke, or whose output does not pass its check


async def observe(held: Claim, message: Waiting) -> Outcome:
    """Transform it, check the output, and keep that for the comparison; then it is settled.

    The destination, its breaker and its rate are not touched.

    A failure is a difference between the two engines, and no dead letter: the other engine has delivered the message.
    """
    if await blocked(held.integration, message, held.hub):
        return Later(held.hub.random.uniform(0.5, 2), "after-other-lane")
    outgoing, issues = await _made(held, message)
    made = failure(issues) if issues else Made(accepted=True, bodies=tuple(part.body for part in outgoing))
    await pairs.keep(held.integration, message.control, "new", message.identity, made, held.hub)
    return Done("observed", FAILED if issues else "", issues, attempted=False)


async def _made(held: Claim, message: Waiting) -> tuple[tuple[Outgoing, ...], tuple[Issue, ...]]:
    """What would leave, or why nothing would."""
    try:
        envelope = await held.content(message)
        made = held.made(message) or await in_thread_if_large(envelope, held.hub, transform, held.integration, envelope)
        return made, ()
    except Fault as fault:
        return (), fault.issues
