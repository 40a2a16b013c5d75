"""A claimed lane: the claim, its renewal, and transactions that fail when the claim is another worker's.

When storage does not say whether a transaction was done, the row that it names as its proof tells.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from shared.hub import Hub
from shared.integration import Integration
from shared.problems import Interrupted
from shared.storage import names
from shared.storage.store import Away, Change, Conflict, Row, insert, replace


class Lost(Interrupted):
    """The claim is somebody else's, or storage does not say: whatever was under way is theirs to finish."""


@dataclass(eq=False, repr=False)
class Held:
    """A lane under a claim: each change of it is bound to the claim as it was last written.

    ``row`` is the claim. It has no ETag while the claim is not in the ledger yet.
    """

    integration: Integration
    lane: str
    hub: Hub
    row: Row

    @property
    def ledger(self) -> str:
        return names.tables(self.integration.name).ledger

    @property
    def is_taken(self) -> bool:
        """Whether the claim is in the ledger."""
        return bool(self.row.etag)

    def left(self) -> float:
        """Seconds in which a send may still begin and end: what is left of the claim, less a margin for clocks that differ."""
        return float(self.row["end"] - self.hub.now() - self.hub.timing.claim_margin / 2)

    async def require_claim(self) -> None:
        row = await self.hub.store.get(self.ledger, self.lane, "claim")
        if not row or row.etag != self.row.etag:
            raise Lost

    def renewed(self) -> Change:
        if not self.is_taken:
            return insert("claim", claim_values(self.integration, self.hub))
        return replace(self.row, end=claim_end(self.integration, self.hub), turn=self.hub.token())

    async def commit(self, proof: str, *changes: Change) -> dict[str, str]:
        """Commit; when storage does not say, the row ``proof`` tells. Raises ``Lost``, or ``Conflict`` on the head."""
        turn = self.hub.token()
        marked = tuple(c._replace(values={**c.values, "turn": turn}) if c.key == proof else c for c in changes)
        etags = await self._surely(proof, turn, marked)
        if "claim" in etags:
            values = next(c.values for c in marked if c.key == "claim")
            self.row = Row(self.lane, "claim", etags["claim"], values)
        return etags

    async def _surely(self, proof: str, turn: str, changes: tuple[Change, ...]) -> dict[str, str]:
        unclear = False
        end = self.row["end"] if self.is_taken else self.hub.now() + self.hub.timing.storage_patience
        while self.hub.now() < end:
            try:
                return await self.hub.store.commit(self.ledger, self.lane, *changes)
            except Conflict:
                if unclear and (done := await self._done(proof, turn, changes)):
                    return done
                if any(change.key == "head" for change in changes):
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
            if not row or row["turn"] != turn:
                return None
            kept = [change.key for change in changes if change.action != "delete"]
            rows = await asyncio.gather(*(self.hub.store.get(self.ledger, self.lane, key) for key in kept))
        except Away:
            raise Lost from None
        return {row.key: row.etag for row in rows if row}


def claim_values(integration: Integration, hub: Hub) -> dict[str, Any]:
    return {
        "schema": names.SCHEMA,
        "owner": hub.instance,
        "end": claim_end(integration, hub),
        "turn": hub.token(),
    }


def claim_end(integration: Integration, hub: Hub) -> float:
    """A claim outlasts the delivery time-out and a margin for clocks that differ."""
    return hub.now() + hub.delivery_time(integration) + hub.timing.claim_margin
