"""HTTP triggers: routes, methods, keys, bodies and answers, as Azure's host has them."""

import asyncio
from typing import Any

import pytest

from tests.toolkit.local.host.conftest import http
from toolkit.local.host.functions import Call, Done, Reply, Value


async def test_no_route_is_404_and_a_wrong_method_too(serve: Any) -> None:
    async with serve(http("f", "v1/x", ("POST",))) as (_, _, session):
        for method, path, status in (
            ("POST", "/api/v1/x", 200),
            ("GET", "/api/v1/x", 404),
            ("POST", "/api/v1/y", 404),
            ("POST", "/v1/x", 404),
        ):
            async with session.request(method, path, data=b"") as answer:
                assert (answer.status, status == 200 or await answer.read()) == (status, status == 200 or b"")


async def test_the_name_is_the_route_and_the_prefix_may_be_none(serve: Any) -> None:
    async with serve(http("hello"), extensions={"http": {"routePrefix": ""}}) as (_, _, session):
        async with session.get("/hello") as answer:
            assert answer.status == 200


async def test_what_the_function_gets(serve: Any) -> None:
    async with serve(http("f", "things/{id:int}/{rest?}")) as (_, worker, session):
        headers = [("X-Two", "a"), ("X-Two", "b"), ("traceparent", "00-11111111111111111111111111111111-2222222222222222-01")]
        await session.post("/api/things/7?q=1&q=2&empty=", data=b"\x00\xff", headers=headers)
    [call] = worker.calls
    got = call.value.value
    assert got["body"] == b"\x00\xff"
    assert got["params"] == {"id": "7"}
    assert got["query"] == {"q": "1,2"}
    assert got["headers"]["x-two"] == "a,b"
    assert got["url"].endswith("/api/things/7?q=1&q=2&empty=")
    assert call.traceparent.startswith("00-1111")


async def test_without_a_trace_the_host_starts_one(serve: Any) -> None:
    async with serve(http("f")) as (_, worker, session):
        await session.get("/api/f")
    assert len(worker.calls[0].traceparent.split("-")[1]) == 32


async def test_a_chunked_body_arrives_empty(serve: Any) -> None:
    async def pieces() -> Any:
        yield b"abc"

    async with serve(http("f")) as (_, worker, session):
        await session.post("/api/f", data=pieces())
    assert worker.calls[0].value.value["body"] == b""


async def test_a_body_over_the_limit_is_refused(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "100")
    async with serve(http("f")) as (_, worker, session), session.post("/api/f", data=b"x" * 101) as answer:
        assert answer.status == 413
    assert worker.calls == []


async def test_answers_as_given(serve: Any) -> None:
    async def code(_: Call) -> Done:
        return Done(True, Value("http", Reply(207, {"x-a": "1", "content-type": "x/y"}, ("a=1; Path=/", "b=2"), b"\x01")))

    async with serve(http("f"), code=code) as (_, _, session), session.get("/api/f") as answer:
        assert (answer.status, answer.headers["x-a"], answer.headers["content-type"]) == (207, "1", "x/y")
        assert (answer.headers.getall("Set-Cookie"), await answer.read()) == (["a=1; Path=/", "b=2"], b"\x01")


@pytest.mark.parametrize("done", [Done(False, None, "ValueError('secret')", "stack"), Done(True, None)], ids=["raised", "None"])
async def test_a_failure_is_500_and_empty(serve: Any, done: Done) -> None:
    async def code(_: Call) -> Done:
        return done

    async with serve(http("f"), code=code) as (_, _, session), session.get("/api/f") as answer:
        assert (answer.status, await answer.read()) == (500, b"")


async def test_text_is_200_plain(serve: Any) -> None:
    async def code(_: Call) -> Done:
        return Done(True, Value("string", "hello"))

    async with serve(http("f"), code=code) as (_, _, session), session.get("/api/f") as answer:
        assert (answer.status, await answer.text(), answer.content_type) == (200, "hello", "text/plain")


async def test_keys(serve: Any) -> None:
    functions = (http("open", level="anonymous"), http("f"), http("g"), http("a", level="admin"))
    async with serve(*functions, auth=True) as (host, _, session):
        own, master, general = host.keys.of_function("f")["default"], host.keys.master, host.keys.host["default"]
        expected = {
            ("open", ""): 200, ("f", ""): 401, ("f", "wrong"): 401, ("f", own): 200, ("f", general): 200, ("f", master): 200,
            ("g", own): 401, ("a", general): 401, ("a", master): 200,
        }  # fmt: skip
        for (name, key), status in expected.items():
            async with session.get(f"/api/{name}", headers={"x-functions-key": key}) as answer:
                assert answer.status == status, (name, key)
        async with session.get(f"/api/f?code={own}") as answer:
            assert answer.status == 200
        async with session.get(f"/api/f?code={own}", headers={"x-functions-key": "wrong"}) as answer:
            assert answer.status == 401


async def test_without_auth_every_caller_is_an_administrator(serve: Any) -> None:
    async with serve(http("a", level="admin")) as (_, _, session), session.get("/api/a") as answer:
        assert answer.status == 200


async def test_a_disabled_function_is_404_except_to_an_administrator(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobs.f.Disabled", "1")
    async with serve(http("f"), auth=True) as (host, _, session):
        for key, status in ((host.keys.host["default"], 404), (host.keys.master, 200)):
            async with session.get("/api/f", headers={"x-functions-key": key}) as answer:
                assert answer.status == status


async def test_more_than_the_outstanding_limit_is_429(serve: Any) -> None:
    gate = asyncio.Event()

    async def code(_: Call) -> Done:
        await gate.wait()
        return Done(True, Value("string", ""))

    async with serve(http("f"), code=code, extensions={"http": {"maxOutstandingRequests": 1}}) as (_, worker, session):
        first = asyncio.create_task(session.get("/api/f"))
        while not worker.calls:
            await asyncio.sleep(0.001)
        async with session.get("/api/f") as answer:
            assert answer.status == 429
        gate.set()
        (await first).close()


async def test_a_function_that_overruns_fails_and_the_worker_is_restarted(serve: Any) -> None:
    restarted: list[bool] = []

    async def code(_: Call) -> Done:
        await asyncio.sleep(5)
        return Done(True)

    async with serve(http("f"), code=code, functionTimeout="00:00:00.05") as (host, _, session):
        host.on_timeout = lambda: restarted.append(True)
        async with session.get("/api/f") as answer:
            assert answer.status == 500
    assert restarted == [True]
