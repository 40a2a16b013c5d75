"""The ledger next to the model of a lane: random walks, with every field compared after each step."""

import os
import random
from contextlib import suppress
from typing import Any

import pytest

from shared.delivery import dead, waiting
from shared.delivery.dead import Person, Refused
from shared.intake.accept import accept
from shared.integration import Delivery
from shared.ledger.claims.claim import Claim
from shared.ledger.claims.taking import claim
from shared.ledger.ended import Done, Later
from shared.ops.replay import replay
from shared.problems import Lost
from shared.storage import names
from tests.faults.lane_model import Lane
from tests.faults.virtual import run
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

WALKS = int(os.environ.get("HUB_LANE_WALKS", "400"))
STEPS = 50
IDS = "abcde"
SOMEONE = Person("someone", "a reason")
TABLES = names.tables("notes-to-test")
SHOWN = ("due", "attempts", "tries", "sent", "ambiguous", "code", "replays", "since", "resent", "resent_as")


class Walk:
    """One random walk over the real lane and its model."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        policy = self.random.choice(("continue", "hold"))
        resends = self.random.choice(("answer", "answer", "deliver"))
        delivery = Delivery(timeout=5, on_dead=policy, expires=1e9)
        self.notes = integration(Remembering(), delivery=delivery, on_resend=resends)
        self.at = NOW
        self.hub = hub(self.notes, now=lambda: self.at, seed=seed)
        self.hub.start = lambda work: work.close()  # type: ignore[method-assign, attr-defined]
        self.model = Lane(policy == "hold", resends == "deliver")
        self.claim: Claim | None = None
        self.message = 0  # what the worker has taken up
        self.late: Claim | None = None
        self.lane = ""
        self.ids: dict[str, str] = {}  # id -> message id

    async def go(self) -> None:
        for _ in range(STEPS):
            step = self.random.choice(self._possible())
            await step()
            assert await self._real() == self.model.state(), step.__name__

    def _possible(self) -> list[Any]:
        found = [self.arrive, self.replay, self.replay, self.discard, self.expire]
        if self.claim is None:
            return [
                *found,
                self.begin,
                self.begin,
                self.begin,
                self.tick,
                self.retry,
                self.give_up,
                *([self.wake] if self.late else []),
            ]
        if not self.message:
            return [*found, self.next, self.next, self.next, self.abandon]
        return [*found, self.mark, self.mark, self.settle, self.settle, self.settle, self.abandon]

    async def arrive(self) -> None:
        id = self.random.choice(IDS)
        answer = await accept(self.notes, envelope(note(id)), self.hub)
        self.ids[id] = answer.headers["X-Message-Id"]
        self.lane = self.ids[id].partition(".")[0]
        self.model.arrive(id, self.at)

    async def tick(self) -> None:
        self.at += self.random.choice((0.5, 3, 19.9, 20.0, 60))

    async def begin(self) -> None:
        if self.lane:
            self.claim = await claim(self.notes, self.lane, self.hub)
            assert (self.claim is not None) == self.model.begin(self.at)

    async def next(self) -> None:
        assert self.claim
        taken = await self.claim.next()
        self.message = taken.n if taken else 0
        assert self.message == self.model.next(self.at)
        self._forget_if_free()

    async def mark(self) -> None:
        assert self.claim
        if self.model.worker and self.model.worker.marked != self.message:
            await self.claim.sending()
            self.model.mark(self.at)

    async def settle(self) -> None:
        assert self.claim
        unclear, attempted = self.random.random() < 0.3, self.random.random() < 0.8
        if self.random.random() < 0.4:
            later = Later(self.random.choice((0.0, 2.5)), "refused", attempted, unclear, self.random.choice((0, 1)), attempted)
            await self.claim.settle(later)
            self.model.later(self.at, later._asdict())
        else:
            outcome = self.random.choice(("delivered", "dead"))
            ended = Done(outcome, "code-of-it", ambiguous=unclear, attempted=attempted)  # type: ignore[arg-type]
            await self.claim.settle(ended)
            self.model.end(self.at, ended._asdict())
        self.message = 0
        self._forget_if_free()

    async def abandon(self) -> None:
        """The worker stops in the middle; it may wake up late."""
        self.late, self.claim, self.message, self.model.worker = self.claim, None, 0, None

    async def wake(self) -> None:
        """A worker whose claim is another's, or has ended, changes nothing."""
        late, self.late = self.late, None
        if late and late.waiting and self.model.claim != late.claim.end:
            with pytest.raises(Lost):
                await late.settle(Done("delivered"))

    async def retry(self) -> None:
        await self._by_person("retry")

    async def give_up(self) -> None:
        await self._by_person("give_up")

    async def _by_person(self, act: str) -> None:
        if self.ids:
            id = self.random.choice(sorted(self.ids))
            done = await self._done(getattr(waiting, act)(self.notes, self.ids[id], SOMEONE, self.hub))
            assert done == getattr(self.model, act)(self.model.last[id], self.at)

    async def replay(self) -> None:
        if self.ids:
            id, out_of_order = self.random.choice(sorted(self.ids)), self.random.random() < 0.3
            done = await self._done(replay(self.notes, self.ids[id], SOMEONE, self.hub, out_of_order))
            assert done == self.model.replay(self.model.last[id], self.at, out_of_order=out_of_order)

    async def discard(self) -> None:
        await self._give_away("discarded")

    async def expire(self) -> None:
        await self._give_away("expired")

    async def _give_away(self, outcome: names.EndedAs) -> None:
        if self.ids and self.random.random() < 0.3:
            id = self.random.choice(sorted(self.ids))
            done = await self._done(dead.discard(self.notes, self.ids[id], SOMEONE, self.hub, outcome))
            assert done == self.model.give_away(self.model.last[id], outcome)

    async def _done(self, work: Any) -> bool:
        with suppress(Refused):
            await work
            return True
        return False

    def _forget_if_free(self) -> None:
        if self.model.worker is None:
            self.claim = None

    async def _real(self) -> dict[str, Any]:
        """The ledger's rows, in the words of the model."""
        if not self.lane:
            return Lane(False).state()
        rows = {row.key: row for row in await self.hub.store.query(TABLES.ledger, self.lane)}
        names_of = {key.partition(".")[2]: id for id, key in self.ids.items()}
        found: dict[int, dict[str, Any]] = {}
        for key, row in rows.items():
            kind, _, rest = key.partition("|")
            if kind in ("w", "d") and key != names.HOLD and "|" not in rest:
                n = int(rest)
                assert n not in found, "a message waits and is over"
                history = [rows[k] for k in sorted(rows) if k.startswith(f"{names.row('d', n)}|")]
                empty = {"due": 0.0, "sent": 0, "resent_as": 0}
                found[n] = {
                    "id": names_of[row["key"]],
                    "outcome": row["state"] or row["outcome"],
                    **{field: row.values.get(field, empty.get(field)) for field in SHOWN},
                    "content": names.row("c", n) in rows,
                    "history": tuple((old["outcome"], old["attempts"]) for old in history),
                }
        receipts = {names_of[key[2:]]: row for key, row in rows.items() if key.startswith("r|")}
        return {
            "rows": dict(sorted(found.items())),
            "hold": rows[names.HOLD]["n"] if names.HOLD in rows else 0,
            "claim": rows["claim"]["end"] if "claim" in rows else 0.0,
            "last": {id: row["n"] for id, row in receipts.items()},
            "duplicates": {id: row["duplicates"] for id, row in receipts.items()},
        }


@pytest.mark.parametrize("part", range(4))
def test_the_ledger_does_what_the_model_of_a_lane_does(part: int) -> None:
    for seed in range(part, WALKS, 4):
        run(Walk(seed).go())
