"""A small world for tests of the core: a JSON source, a destination that remembers, and a hub on the store in memory."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from shared.envelope import Answer, Envelope, Identity, Outgoing, Receipt
from shared.hub import Hub, Timing
from shared.integration import Delivery, Http, Integration
from shared.issue import Issue, Verdict
from shared.ledger.arrivals.arrival import Arrival
from shared.problems import Unsupported
from shared.storage.memory import MemoryStore
from shared.storage.store import Store

NOW = 1_770_000_000.0
UNREADABLE = Issue(severity="error", code="structure", text="not JSON", rule="unreadable")
NO_NAME = Issue(severity="error", code="required", where="name", text="absent", rule="name-required")


class Notes:
    """The source: ``{"sender", "id", "lane", "name", "after"}``."""

    format = "json"

    def read(self, envelope: Envelope) -> Any:
        try:
            return orjson.loads(envelope.body)
        except orjson.JSONDecodeError:
            raise Unsupported(UNREADABLE) from None

    def repairs(self, content: Any) -> tuple[Issue, ...]:
        return ()

    def identity(self, content: Any, envelope: Envelope) -> Identity:
        return Identity(sender=content.get("sender", "S"), facility="F", control_id=content.get("id", ""))

    def is_synthetic(self, content: Any) -> bool:
        return bool(content.get("test", False))

    def acknowledge(self, envelope: Envelope, content: Any, verdict: Verdict) -> Answer:
        body = {"ack": verdict.acknowledgement, "rules": [issue.rule for issue in verdict.issues]}
        return Answer(status=202 if verdict.accepted else 422, content_type="application/json", body=orjson.dumps(body))


class NameRequired:
    name = "notes"

    def check(self, content: Any) -> list[Issue]:
        return [] if content.get("name") else [NO_NAME]


class Anything:
    name = "anything"

    def check(self, content: Any) -> list[Issue]:
        return []


@dataclass
class Remembering:
    """The destination: remembers what it took; ``behave`` may raise before or after that."""

    name: str = "TEST"
    takes_synthetic: bool = False
    took: list[dict[str, Any]] = field(default_factory=list)
    behave: Callable[[dict[str, Any]], None] = lambda note: None

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        note = orjson.loads(outgoing.body)
        self.behave(note)
        self.took.append(note)
        return Receipt("accepted")

    async def close(self) -> None:
        pass


def integration(destination: Any, name: str = "notes-to-test", **changes: Any) -> Integration:
    declared: dict[str, Any] = {
        "name": name,
        "summary": "Notes reach the test.",
        "owner": "tests",
        "source": Notes(),
        "triggers": (Http(),),
        "profile": NameRequired(),
        "lane": lambda note: note.get("lane", ""),
        "transform": lambda note: note,
        "outgoing": Anything(),
        "destination": destination,
        "delivery": Delivery(attempts=4, first_wait=1, longest_wait=10, timeout=5, breaker_wait=3),
    }
    return Integration(**(declared | changes))


def hub(
    *integrations: Integration, store: Store | None = None, now: Callable[[], float] | None = None, seed: int = 1, **changes: Any
) -> Hub:
    clock = now or (lambda: NOW)
    return Hub(
        store=store or MemoryStore(clock),
        integrations={one.name: one for one in integrations},
        now=clock,
        random=random.Random(seed),
        emit=changes.pop("emit", lambda name, **keys: None),
        timing=replace(changes.pop("timing", Timing()), closing=changes.pop("closing", 0.0)),
        **changes,
    )


def note(id: str, lane: str = "A", **values: Any) -> bytes:
    return orjson.dumps({"id": id, "lane": lane, "name": "n", **values})


def envelope(body: bytes, integration: str = "notes-to-test", **values: Any) -> Envelope:
    return Envelope(
        integration=integration, body=body, received_at="2026-02-02T02:40:00.000Z", content_type="application/json", **values
    )


def arrival(sent: Envelope, lane: str) -> Arrival:
    """What was accepted: one body under one id, as the ledger is asked to record it."""
    return Arrival(
        envelope=sent,
        lane=lane,
        key="key",
        digest="d",
        control="1",
        by_control="c|1",
        facts={},
        verdict=Verdict("AA", ()),
        acknowledge=lambda found: Answer(status=202, content_type="application/json", body=b"{}"),
        token="t",
    )
