"""Every route, for every kind of caller, in every mode: the status is the declared one, and a refused call changes nothing."""

import re
from collections.abc import Iterator

import pytest

from shared.envelope import Answer
from shared.intake.triggers.http import Bound
from shared.integration import Http
from tests.callers.kinds import KINDS
from tests.callers.matrix import API, DOCS, OPEN, PAGE, Route, rows
from tests.callers.world import FUNCTIONS, INTEGRATIONS, MODES, World, standing

BEHIND = "in Azure behind the platform"
PHW = "phw-to-mpi"
REFUSED = (401, 403)


def routes(integration: str) -> list[tuple[Route, dict[str, int]]]:
    """The rows of the API that this integration has."""
    by_http = any(isinstance(trigger, Http) for trigger in INTEGRATIONS[integration].triggers)
    described = isinstance(INTEGRATIONS[integration].source, Bound)
    return [
        (route, statuses)
        for route, statuses in rows(API)
        if (by_http or route.function not in ("http", "check"))
        and (described or (route.function, route.method) != ("http", "GET"))
    ]


def everything() -> Iterator[tuple[str, Route, dict[str, int]]]:
    yield from ((name, route, statuses) for name in INTEGRATIONS for route, statuses in routes(name))
    yield from ((PHW, route, statuses) for route, statuses in [*rows(PAGE), *rows(DOCS)])


def test_the_matrix_has_every_function_that_answers_http() -> None:
    """And at least a hundred routes and thirty kinds of caller."""
    registered = {name for name, one in FUNCTIONS.items() if one.get_trigger().type == "httpTrigger"}
    packages = {one.package: name for name, one in INTEGRATIONS.items()}
    own = {f"{package}_{route.function}" for package, name in packages.items() for route, _ in routes(name)}
    assert registered == own | {"ops", "docs"} | OPEN.keys()
    assert len(list(everything())) >= 100
    assert len(KINDS) >= 30


def test_every_guard_is_seen_open_and_shut() -> None:
    """In each row some standing is refused and some is not, unless the row says that it is open to all or to none."""
    to_all, to_none = {"static/ops.css", "static/anything", "{name}/static/docs.css"}, {"as"}
    for route, statuses in [*rows(API), *rows(PAGE), *rows(DOCS)]:
        shut = {status in REFUSED for status in statuses.values()}
        without_token = route.function == "ops" and route.method == "POST" and "token" not in route.query
        no_act = route.path == "act" and set(route.query) == {"token"}
        assert (shut == {True, False}) is not (route.path in to_all | to_none or without_token or no_act), route


async def cells(world: World, mode: str, rows_to_ask: list[tuple[str, Route, dict[str, int]]]) -> list[str]:
    """What differs from the table."""
    wrong = []
    for integration, route, statuses in rows_to_ask:
        for name, kind in KINDS.items():
            partner, page = standing(kind, mode)
            expected = statuses[page if route.function == "ops" else partner]
            seen = await world.ask(integration, route, kind, open_=expected not in REFUSED)
            if seen.status != expected:
                wrong.append(f"{name}: {integration} {' '.join(map(str, route))}: {seen.status}, not {expected}")
            if seen.status in REFUSED and route.function != "ops" and seen.body != _refusal(integration, route, seen.status):
                wrong.append(f"{name}: {integration} {route.path}: a refusal with a body")
    return wrong


def _refusal(integration: str, route: Route, status: int) -> bytes:
    """The body of a refusal, which repeats nothing of the call: none, or the fault of a protocol that has one."""
    source = INTEGRATIONS[integration].source
    if (route.function, route.method) != ("http", "POST") or not isinstance(source, Bound):
        return b""
    return source.over_http("", Answer(status=status, content_type="", body=b"")).body


def contents(world: World) -> str:
    """All that storage holds."""
    store = world.hub.store
    return repr((store.tables, store.queues, store.containers))  # type: ignore[attr-defined]


@pytest.mark.parametrize("integration", INTEGRATIONS)
async def test_every_caller_at_the_doors_of_an_integration(integration: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(BEHIND, monkeypatch)
    sheet = next(row for row in rows(DOCS) if row[0].path == "{name}")
    assert await cells(world, BEHIND, [(integration, *row) for row in [*routes(integration), sheet]]) == []


OPEN_TO_ALL = "on a developer's machine"  # nothing is refused there, so each cell does its work: the slow ones


@pytest.mark.parametrize("mode", [pytest.param(mode, marks=[pytest.mark.slow] * (mode == OPEN_TO_ALL)) for mode in MODES])
async def test_every_caller_in_every_mode(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(mode, monkeypatch)
    rest = [(PHW, *row) for row in [*routes(PHW), *rows(PAGE), *rows(DOCS)]]
    as_row = "sample" if mode.startswith("on a developer's machine") else ""
    rows_to_ask = [row for row in rest if not (as_row and row[1].path == "as")]
    assert await cells(world, mode, rows_to_ask) == []


async def test_a_refused_call_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one row, queue message or blob, whatever the route."""
    world = World(BEHIND, monkeypatch)
    for which in ("own", "other's", "queue's"):
        await world.object(PHW, which)
    before = re.sub(r"defaultdict\([^{]*", "", contents(world))
    for _, route, statuses in [(PHW, *row) for row in [*routes(PHW), *rows(PAGE), *rows(DOCS)]]:
        for kind in KINDS.values():
            partner, page = standing(kind, BEHIND)
            if statuses[page if route.function == "ops" else partner] in REFUSED + (400,) * (
                route.function in ("dead", "delivery")
            ):
                await world.ask(PHW, route, kind)
    assert re.sub(r"defaultdict\([^{]*", "", contents(world)) == before


async def test_a_sample_role_is_for_a_developers_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    route = next(route for route, _ in rows(PAGE) if route.path == "as")
    world = World("on a developer's machine", monkeypatch)
    assert (await world.ask(PHW, route, KINDS["noone"])).status == 403  # a role that is not one
