"""The doors: an app that does not answer over HTTP is reported, once it has not answered twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from shared.delivery.upkeep import alarms, doors
from shared.destinations.wire import https
from tests import ledger_world as world


@asynccontextmanager
async def app(*statuses: int) -> AsyncIterator[str]:
    """An app on this machine that answers its health address with these statuses in turn, the last one for ever."""
    left = list(statuses)

    async def health(request: web.Request) -> web.Response:
        return web.Response(status=left.pop(0) if len(left) > 1 else left[0])

    served = web.Application()
    served.router.add_get("/api/health", health)
    runner = web.AppRunner(served)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "SECOND_TRY", 0.0)


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []

    async def alarm(integration: str, reason: str, hub: Any) -> None:
        found.append(("alarm", integration, reason))

    monkeypatch.setattr(alarms, "alarm", alarm)
    return found


def hub_that_reports(reported: list[Any], clock: list[float] | None = None) -> Any:
    emit = lambda name, **keys: reported.append((name, keys["integration"], keys["error_code"]))  # noqa: E731
    return world.hub(world.integration(world.Remembering()), emit=emit, now=lambda: (clock or [world.NOW])[0])


@pytest.mark.parametrize(
    ("statuses", "code"), [((200,), ""), ((503, 200), ""), ((503,), "http-503"), ((404,), "http-404"), ((301,), "http-301")]
)
async def test_a_door_that_does_not_open_twice_is_reported_both_ways(
    monkeypatch: pytest.MonkeyPatch, reported: list[Any], statuses: tuple[int, ...], code: str
) -> None:
    async with app(*statuses) as address:
        monkeypatch.setenv("HUB_DOORS", f"pas-adt-to-cdr={address}/")
        await doors.look(hub_that_reports(reported))
    expected = [("hub.door", "pas-adt-to-cdr", code), ("alarm", "pas-adt-to-cdr", "door-closed")]
    assert reported == (expected if code else [])


async def test_no_one_at_the_address_is_reported(monkeypatch: pytest.MonkeyPatch, reported: list[Any]) -> None:
    async with app(200) as address:
        pass
    monkeypatch.setenv("HUB_DOORS", f"ops={address}")
    await doors.look(hub_that_reports(reported))
    assert [each[:2] for each in reported] == [("hub.door", "ops"), ("alarm", "ops")]


async def test_an_answer_that_takes_too_long_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "LONGEST", 0.0)
    async with app(200) as address:
        assert await doors.call(address) == "timeout"
        await https.close(doors.NAME)


async def test_each_door_is_called_once_a_minute(monkeypatch: pytest.MonkeyPatch, reported: list[Any]) -> None:
    clock = [world.NOW]
    async with app(500) as address:
        monkeypatch.setenv("HUB_DOORS", f"a={address}, b={address}")
        hub = hub_that_reports(reported, clock)
        for _ in range(5):
            await doors.look(hub)
            clock[0] += 30
    assert [each[1] for each in reported if each[0] == "hub.door"] == ["a", "b"] * 3


async def test_off_without_the_setting(monkeypatch: pytest.MonkeyPatch, reported: list[Any]) -> None:
    monkeypatch.delenv("HUB_DOORS", raising=False)
    await doors.look(hub_that_reports(reported))
    assert reported == []


@pytest.mark.parametrize(
    ("status", "code"), [(199, "http-199"), (200, ""), (204, ""), (299, ""), (300, "http-300"), (503, "http-503")]
)
async def test_a_door_is_asked_for_its_health_and_any_success_opens_it(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    asked: list[tuple[Any, ...]] = []

    async def send(*args: Any) -> Any:
        asked.append(args)
        return SimpleNamespace(status=status)

    monkeypatch.setattr(https, "send", send)
    assert await doors.call("https://one.example") == code
    assert asked == [("HUB_DOORS", "GET", "https://one.example/api/health", b"", {})]
