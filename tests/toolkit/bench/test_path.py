"""What the bench of the whole path does with a message that the hub refuses, or that does not arrive."""

import asyncio
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from toolkit.bench import path


class Hub:
    """Answers one status after another, the last for ever; the simulated index gets what was accepted."""

    def __init__(self, *statuses: int, loses: bool = False) -> None:
        self.statuses, self.loses, self.asked = list(statuses), loses, Counter[str]()
        self.received: list[Any] = []
        self.url = "http://hub.example"
        self.simulators = SimpleNamespace(running={"MPI": self})

    def post(self, url: str, data: bytes) -> Any:
        control = data.split(b"|")[9].decode()
        self.asked[control] += 1
        status = self.statuses[min(self.asked[control], len(self.statuses)) - 1]
        if status == 200 and not self.loses:
            self.received.append(SimpleNamespace(control_id=control, at=time.time()))
        return Answer(status)


class Answer:
    def __init__(self, status: int) -> None:
        self.status, self.ok = status, status < 400

    async def __aenter__(self) -> "Answer":
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing is open."""

    async def read(self) -> bytes:
        return b""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path, "PATIENCE", 2)
    monkeypatch.setattr(path, "AGAIN", 0.01)


def measured(hub: Hub) -> list[float]:
    return asyncio.run(path.Run(hub, hub).arrivals(100, 0.03))  # type: ignore[arg-type]


def test_a_message_that_is_refused_for_now_is_sent_again() -> None:
    hub = Hub(503, 429, 200)
    assert len(measured(hub)) == 3
    assert set(hub.asked.values()) == {3}


@pytest.mark.parametrize(
    ("hub", "line"),
    [
        (Hub(503), "the hub answered 503 to a message for 2 s: a goal is missed\n"),
        (Hub(200, loses=True), "3 of 3 messages did not arrive within 2 s: a goal is missed\n"),
    ],
    ids=["refused for good", "lost"],
)
def test_a_hub_that_takes_or_delivers_nothing_misses_the_goal(
    hub: Hub, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def measure() -> int:
        await path.Run(hub, hub).arrivals(100, 0.03)  # type: ignore[arg-type]
        return 0

    monkeypatch.setattr(path, "_measure", measure)
    assert path.main() == 1
    assert capsys.readouterr().out == line
