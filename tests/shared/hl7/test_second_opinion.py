"""The second opinion on HL7 v2: silent where both readers agree, a path where they differ, and never a value."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from shared.delivery import afterwards
from shared.hl7 import ParseError, parse
from shared.hl7 import second_opinion as hl7_opinion
from shared.hl7.leaves import hl7_spots
from shared.hl7.second_opinion import LARGEST, MOST, second_opinion
from shared.integration import Integration
from tests import ledger_world as world
from tests.shared.hl7.test_properties import MESSAGE

SAMPLES = [path for path in sorted(Path("integrations").rglob("*.hl7")) if not path.name.startswith("rejected")]
BODY = b"MSH|^~\\&|A|B|C|D|20240501||ADT^A31|1|P|2.5\rPID|1||1~2^^^X&Y||Jones\\X80\\^Ann\rOBX|1\rOBX|2||a^b"


def agree(body: bytes) -> bool:
    try:
        return second_opinion(body) == []
    except ParseError:
        return True  # a batch


def test_both_readers_agree_on_every_sample() -> None:
    assert [path.name for path in SAMPLES if not agree(path.read_bytes())] == []
    assert len(SAMPLES) > 100


@settings(max_examples=100)
@given(MESSAGE)
def test_both_readers_agree_on_any_message(text: str) -> None:
    assert second_opinion(text.encode()) == []


@pytest.mark.parametrize(
    ("other", "where"),
    [
        (BODY.replace(b"X&Y", b"X&Z"), "PID-3[2].4.2"),
        (BODY.replace(b"1~2", b"1~3"), "PID-3[2]"),
        (BODY.replace(b"a^b", b"a^c"), "OBX[2]-3.2"),
        (BODY.replace(b"20240501", b"20240502"), "MSH-7"),
    ],
)
def test_a_difference_is_named_by_path_alone(monkeypatch: pytest.MonkeyPatch, other: bytes, where: str) -> None:
    """Our reader is made to read another message than the package does."""
    monkeypatch.setattr(hl7_opinion, "hl7_spots", lambda message: hl7_spots(parse(other)))
    issues = second_opinion(BODY)
    assert [issue.where for issue in issues] == [where]
    assert "Jones" not in repr(issues)


def test_issues_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7_opinion, "hl7_spots", lambda message: [])
    assert len(second_opinion(b"MSH|^~\\&|A\rZZZ|" + b"|".join([b"x"] * 1000))) == MOST


def test_values_reach_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """The package logs what it cannot decode, when it is asked to: here it is not."""
    caplog.set_level(logging.DEBUG)
    second_opinion(BODY)
    assert caplog.records == []


def relay(body: bytes, **changes: Any) -> tuple[Integration, world.Remembering]:
    destination = world.Remembering()
    return world.integration(destination, **changes), destination


@pytest.mark.parametrize(
    ("body", "asked"),
    [(BODY, 1), (b"MSH|" + b"x" * LARGEST, 0), (b'{"a": 1}', 0), (b"", 0)],
)
async def test_what_is_hl7_and_small_is_read_again(monkeypatch: pytest.MonkeyPatch, body: bytes, asked: int) -> None:
    monkeypatch.setenv("HUB_SECOND_OPINION", "1")
    seen: list[bytes] = []
    monkeypatch.setattr(hl7_opinion, "second_opinion", lambda one: seen.append(one) or [])
    one, _ = relay(body)
    hub = world.hub(one)
    afterwards.ask_second_reader(one, world.envelope(body), (), hub)
    await asyncio.gather(*hub.tasks)
    assert len(seen) == asked


async def test_a_message_that_cannot_be_read_again_is_reported_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SECOND_OPINION", "1")
    emitted: list[tuple[str, dict[str, Any]]] = []
    one, _ = relay(b"")
    hub = world.hub(one, emit=lambda name, **keys: emitted.append((name, keys)))

    def broken(body: bytes) -> list[Any]:
        raise IndexError("a value")

    monkeypatch.setattr(hl7_opinion, "second_opinion", broken)
    afterwards.ask_second_reader(one, world.envelope(BODY), (), hub)
    await asyncio.gather(*hub.tasks)
    assert [name for name, _ in emitted] == ["hub.opinion"]
    assert emitted[0][1]["error_code"] == "unread"
    assert "a value" not in repr(emitted)
