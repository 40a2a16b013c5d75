"""A lane as the design describes it, in plain data and without the product: a reference for the real ledger."""

from dataclasses import asdict, dataclass, field
from typing import Any

CLAIM = 20.0  # seconds: the delivery time-out of the tests and the margin of a claim
GONE = ("dead", "discarded", "expired")


@dataclass
class Message:
    """One message of the lane, by its number. ``history`` holds what earlier attempts before a replay came to."""

    id: str
    outcome: str = "waiting"
    due: float = 0.0
    attempts: int = 0
    tries: int = 0
    sent: int = 0
    ambiguous: bool = False
    code: str = ""
    replays: int = 0
    since: float = 0.0
    resent: int = 0
    resent_as: int = 0
    content: bool = True
    history: tuple[tuple[str, int], ...] = ()

    @property
    def waits(self) -> bool:
        return self.outcome in ("waiting", "sending")


@dataclass
class Worker:
    """The worker that has the lane: what it read of it, and which message it marked."""

    queue: list[int]
    marked: int = 0
    looked: bool = False
    changed: bool = False  # the lane has changed since the worker looked


@dataclass
class Lane:
    """The lane. Each method is one step; it returns what the real step must return too."""

    hold_on_dead: bool
    deliver_resends: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)  # id -> its number
    duplicates: dict[str, int] = field(default_factory=dict)
    held_by: int = 0
    claim: float = 0.0
    worker: Worker | None = None

    @property
    def waiting(self) -> list[int]:
        return sorted(n for n, one in self.messages.items() if one.waits)

    def state(self) -> dict[str, Any]:
        rows = {n: asdict(one) for n, one in sorted(self.messages.items())}
        return {"rows": rows, "hold": self.held_by, "claim": self.claim, "last": self.last, "duplicates": self.duplicates}

    def arrive(self, id: str, now: float) -> None:
        """Accept, count a duplicate, or take a resend: in place where the dead one holds the lane, else as a new message."""
        earlier = self.messages.get(self.last.get(id, 0))
        if earlier and not (self.deliver_resends or earlier.outcome in GONE):
            self.duplicates[id] += 1
            return
        self._changes()
        if earlier and earlier.outcome == "dead" and self.held_by == self.last[id]:
            self.duplicates[id] += 1
            self._revive(self.last[id], now)
            return
        n = len(self.messages) + 1
        if earlier and earlier.outcome == "dead":
            earlier.outcome, earlier.resent_as, earlier.content = "discarded", n, False
        self.messages[n] = Message(id, since=now, resent=self.last.get(id, 0))
        self.last[id], self.duplicates[id] = n, self.duplicates.get(id, 0)

    def begin(self, now: float) -> bool:
        """Claim the lane: not while another claim lives, and not where nothing is to be done."""
        if self.claim > now or not (self.waiting or self.held_by or self.claim):
            return False
        self.claim, self.worker = now + CLAIM, Worker([])
        return True

    def next(self, now: float) -> int:
        """The oldest message when it is due; 0 when the lane was let go."""
        worker = self._worker
        if not worker.queue and (not worker.looked or worker.changed):
            worker.queue, worker.looked, worker.changed = self.waiting, True, False
            if self.held_by:
                return self._let_go()
        if worker.queue and self.messages[worker.queue[0]].due <= now:
            return worker.queue[0]
        return self._let_go()

    def mark(self, now: float) -> None:
        """A delivery begins: from here on it may have happened."""
        worker, message = self._worker, self.messages[self._worker.queue[0]]
        message.ambiguous = self._may_have_gone(message)
        message.outcome, worker.marked, self.claim = "sending", worker.queue[0], now + CLAIM

    def later(self, now: float, outcome: dict[str, Any]) -> None:
        message = self.messages[self._worker.queue[0]]
        message.ambiguous = self._may_have_gone(message) or outcome["ambiguous"]
        message.outcome, message.due, message.code = "waiting", now + outcome["wait"], outcome["code"]
        message.attempts += outcome["attempted"]
        message.tries += outcome["failed"]
        message.sent = max(message.sent, outcome["sent"])
        self._let_go()

    def end(self, now: float, outcome: dict[str, Any]) -> None:
        """Delivered or dead; where nothing else waits, the lane is free with it."""
        worker = self._worker
        n = worker.queue.pop(0)
        self._settle(n, outcome, self._may_have_gone(self.messages[n]))
        stops = outcome["outcome"] == "dead" and self.hold_on_dead
        self.claim = now + CLAIM
        if stops or not (worker.queue or worker.changed):
            self._let_go()
        elif not worker.queue:
            worker.looked = False

    def retry(self, n: int, now: float) -> bool:
        """Refused where "now" would change nothing: the lane is held, or an earlier message of it waits."""
        if not self._free(n, now) or self.held_by or n != self.waiting[0]:
            return False
        self.messages[n].due = 0.0
        return True

    def give_up(self, n: int, now: float) -> bool:
        """Refused where a dead letter holds the lane: a second one would take its place."""
        if not self._free(n, now):
            return False
        if self.held_by:
            self._let_go()
            return False
        dead = {"outcome": "dead", "code": "given-up", "ambiguous": False, "attempted": False}
        self._settle(n, dead, self.messages[n].outcome == "sending")
        self._let_go()
        return True

    def replay(self, n: int, now: float, *, out_of_order: bool) -> bool:
        """Refused where a later message was delivered, unless a person accepts that."""
        overtaken = any(one.outcome == "delivered" for other, one in self.messages.items() if other > n)
        if self.messages[n].outcome != "dead" or (overtaken and not out_of_order):
            return False
        self._changes()
        self._revive(n, now)
        return True

    def give_away(self, n: int, outcome: str) -> bool:
        """Discard, or expire: the record stays, the content goes, a lane that it held goes on."""
        message = self.messages[n]
        if message.outcome != "dead":
            return False
        self._changes()
        message.outcome, message.content = outcome, False
        self.held_by = 0 if self.held_by == n else self.held_by
        return True

    @property
    def _worker(self) -> Worker:
        assert self.worker
        return self.worker

    def _free(self, n: int, now: float) -> bool:
        return self.messages[n].waits and self.claim <= now

    def _may_have_gone(self, message: Message) -> bool:
        worker = self._worker
        marked = self.messages.get(worker.marked) is message
        return message.ambiguous or (message.outcome == "sending" and not marked)

    def _settle(self, n: int, outcome: dict[str, Any], ambiguous: bool) -> None:
        message = self.messages[n]
        message.ambiguous = message.ambiguous or outcome["ambiguous"] or ambiguous
        message.outcome, message.code = outcome["outcome"], outcome["code"]
        message.attempts += outcome["attempted"]
        message.content = message.outcome == "dead"
        message.due, message.sent = 0.0, 0
        if message.outcome == "dead" and self.hold_on_dead:
            self.held_by = n

    def _revive(self, n: int, now: float) -> None:
        old = self.messages[n]
        self.held_by = 0 if self.held_by == n else self.held_by
        history = (*old.history, (old.outcome, old.attempts))
        same = {"ambiguous": old.ambiguous, "resent": old.resent, "replays": old.replays + 1}
        self.messages[n] = Message(old.id, since=now, history=history, **same)  # type: ignore[arg-type]

    def _changes(self) -> None:
        if self.worker:
            self.worker.changed = True

    def _let_go(self) -> int:
        self.claim, self.worker = 0.0, None
        return 0
