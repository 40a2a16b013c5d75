"""A claimed lane: the claim, its renewal, and transactions that fail when the claim is another worker's.

When storage does not answer, the row that the transaction names as its proof shows whether it was carried out.
"""

import asyncio
from dataclasses import dataclass, replace

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.rows import Claimed
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Away, Change, Conflict, Row


@dataclass(eq=False, repr=False)
class Held:
    """A lane under a claim: each change of it is bound to the claim as it was last written.

    ``claim`` has no ETag while it is not in the ledger yet.
    """

    integration: Integration
    lane: str
    hub: Hub
    claim: Claimed

    @property
    def ledger(self) -> str:
        return names.tables(self.integration.name).ledger

    @property
    def is_taken(self) -> bool:
        """Whether the claim is in the ledger."""
        return bool(self.claim.row.etag)

    def left(self) -> float:
        """Seconds in which a send may still begin and end: what is left of the claim, less a margin for clocks that differ."""
        return float(self.claim.end - self.hub.now() - self.hub.timing.claim_margin / 2)

    async def require_claim(self) -> None:
        row = await self.hub.store.get(self.ledger, self.lane, names.CLAIM)
        if not row or row.etag != self.claim.row.etag:
            raise Lost

    def renewed(self) -> Change:
        if not self.is_taken:
            return new_claim(self.integration, self.hub).inserted(names.CLAIM)
        return replace(self.claim, end=claim_end(self.integration, self.hub), turn=self.hub.token()).replaced()

    async def commit(self, proof: str, *changes: Change) -> dict[str, str]:
        """Commit; when storage does not say, the row ``proof`` shows it. Raises ``Lost``, or ``Conflict`` on the head."""
        turn = self.hub.token()
        marked = tuple(c._replace(values={**c.values, "turn": turn}) if c.key == proof else c for c in changes)
        etags = await self._surely(proof, turn, marked)
        if names.CLAIM in etags:
            values = next(c.values for c in marked if c.key == names.CLAIM)
            self.claim = Claimed.of(Row(self.lane, names.CLAIM, etags[names.CLAIM], values))
        return etags

    async def _surely(self, proof: str, turn: str, changes: tuple[Change, ...]) -> dict[str, str]:
        unclear = False
        end = self.claim.end if self.is_taken else self.hub.now() + self.hub.timing.storage_patience
        while self.hub.now() < end:
            try:
                return await self.hub.store.commit(self.ledger, self.lane, *changes)
            except Conflict:
                if unclear and (done := await self._done(proof, turn, changes)):
                    return done
                if any(change.key == names.HEAD for change in changes):
                    raise
                raise Lost from None
            except Away:
                unclear = True
                await asyncio.sleep(self.hub.random.uniform(0.05, 0.5))
        raise Lost

    async def _done(self, proof: str, turn: str, changes: tuple[Change, ...]) -> dict[str, str] | None:
        """The ETags as the unclear commit left them, when it was done after all."""
        try:
            row = await self.hub.store.get(self.ledger, self.lane, proof) if proof else None
            if not row or row.values.get("turn") != turn:
                return None
            kept = [change.key for change in changes if change.action != "delete"]
            rows = await asyncio.gather(*(self.hub.store.get(self.ledger, self.lane, key) for key in kept))
        except Away:
            raise Lost from None
        return {row.key: row.etag for row in rows if row}


def new_claim(integration: Integration, hub: Hub) -> Claimed:
    """A claim of this process that begins now."""
    return Claimed(owner=hub.instance, end=claim_end(integration, hub), turn=hub.token())


def claim_end(integration: Integration, hub: Hub) -> float:
    """A claim outlasts the delivery time-out and a margin for clocks that differ."""
    return hub.now() + hub.delivery_time(integration) + hub.timing.claim_margin
