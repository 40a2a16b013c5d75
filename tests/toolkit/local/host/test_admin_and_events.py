"""Admin endpoints and the Event Grid webhook."""

import asyncio
import json
from typing import Any

import pytest

from tests.toolkit.local.host.conftest import http, other
from toolkit.local.host.functions import Call, Done

HOOK = "/runtime/webhooks/eventgrid"


async def test_admin_is_behind_the_master_key_and_ping_is_not(serve: Any) -> None:
    async with serve(http("f"), auth=True) as (host, _, session):
        for path, key, status in (
            ("/admin/host/status", "", 401),
            ("/admin/host/status", host.keys.host["default"], 401),
            ("/admin/host/status", host.keys.master, 200),
            ("/admin/host/ping", "", 200),
            ("/admin/functions", "", 401),
            ("/", "", 200),
        ):
            async with session.get(path, headers={"x-functions-key": key}) as answer:
                assert answer.status == status, path


async def test_status_functions_and_a_function_in_error(serve: Any) -> None:
    async with serve(http("f"), other("t", "timerTrigger", schedule="%NO_SUCH%")) as (_, _, session):
        async with session.get("/admin/host/status") as answer:
            reply = await answer.json()
            assert (reply["state"], reply["errors"]) == (
                "Running",
                ["The 't' function is in error: '%NO_SUCH%' does not resolve to a value."],
            )
        async with session.get("/admin/functions") as answer:
            assert [one["name"] for one in await answer.json()] == ["f", "t"]
        async with session.get("/admin/functions/F/status") as answer:
            assert await answer.json() == {}
        async with session.get("/admin/functions/none") as answer:
            assert answer.status == 404


async def test_run_a_function(serve: Any) -> None:
    async with serve(other("q", "queueTrigger", queueName="x", connection="Nowhere")) as (_, worker, session):
        for name, data, status in (("q", {"input": "hello"}, 202), ("none", {"input": ""}, 404), ("q", None, 400)):
            async with session.post(f"/admin/functions/{name}", data=json.dumps(data) if data else b"") as answer:
                assert answer.status == status
        await asyncio.sleep(0)
        assert [call.value.value for call in worker.calls] == [b"hello"]


async def test_drain(serve: Any) -> None:
    async with serve(http("f")) as (_, _, session):
        async with session.get("/admin/host/drain/status") as answer:
            assert (await answer.json())["state"] == "Disabled"
        async with session.post("/admin/host/drain") as answer:
            assert answer.status == 202
        await asyncio.sleep(0.01)
        async with session.get("/admin/host/drain/status") as answer:
            assert await answer.json() == {"state": "Completed", "outstandingInvocations": 0, "outstandingRetries": 0}


async def hook(session: Any, kind: str, body: Any, method: str = "POST", name: str = "e", **headers: str) -> tuple[int, str, Any]:
    reply = {"aeg-event-type": kind, **headers} if kind else headers
    async with session.request(method, f"{HOOK}?functionName={name}", data=json.dumps(body), headers=reply) as answer:
        return answer.status, await answer.text(), answer.headers


async def test_webhook_handshakes(serve: Any) -> None:
    async with serve(other("e", "eventGridTrigger")) as (_, _, session):
        assert (await hook(session, "Notification", [], name="none"))[:2] == (404, "cannot find function: 'none'")
        validation = {"data": {"validationCode": "42"}}
        assert json.loads((await hook(session, "SubscriptionValidation", [validation]))[1]) == {"validationResponse": "42"}
        lone = {"data": json.dumps({"validationCode": "43"})}
        assert json.loads((await hook(session, "SubscriptionValidation", lone))[1]) == {"validationResponse": "43"}
        _, _, headers = await hook(session, "", None, "OPTIONS", **{"WebHook-Request-Origin": "eventgrid.azure.us"})
        assert headers["Webhook-Allowed-Origin"] == "eventgrid.azure.us"
        _, _, headers = await hook(session, "", None, "OPTIONS", **{"WebHook-Request-Origin": "evil.example"})
        assert headers["Webhook-Allowed-Origin"] == "eventgrid.azure.net"
        assert [(await hook(session, kind, []))[0] for kind in ("Unsubscribe", "Other", "")] == [202, 400, 400]


async def test_one_call_for_each_event_and_one_failure_fails_the_batch(serve: Any) -> None:
    async def code(call: Call) -> Done:
        return Done("bad" not in call.value.value, None, "first failure")

    async with serve(other("e", "eventGridTrigger"), code=code) as (_, worker, session):
        assert (await hook(session, "Notification", [{"id": "1"}, {"id": "2"}]))[0] == 202
        assert (await hook(session, "Notification", {"id": "3"}))[0] == 202
        assert (await hook(session, "Notification", [{"id": "4"}, {"id": "bad"}]))[:2] == (500, "first failure")
    assert len(worker.calls) == 5


async def test_the_webhook_asks_for_the_system_key(serve: Any) -> None:
    async with serve(other("e", "eventGridTrigger"), auth=True) as (host, _, session):
        assert (await hook(session, "Notification", []))[0] == 401
        key = host.keys.system["eventgrid_extension"]
        assert (await hook(session, "Notification", [], **{"x-functions-key": key}))[0] == 202


@pytest.mark.parametrize("schedule", ["nonsense", "99 * * * * *"])
async def test_a_bad_schedule_fails_that_function_alone(serve: Any, schedule: str) -> None:
    async with serve(http("f"), other("t", "timerTrigger", schedule=schedule)) as (host, _, session):
        assert list(host.errors) == ["t"]
        async with session.get("/api/f") as answer:
            assert answer.status == 200
