"""From the wire to the wire: HTTP and queue in, real storage between, MLLP out."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueClient

from shared.hub import connect
from shared.storage import names
from tests.end_to_end.conftest import SAMPLES
from toolkit.local.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
PATH = "/api/v1/phw-to-mpi"
Read = Callable[..., bytes]


async def at_the_mpi(stack: Stack, control_id: str, seconds: float = 20) -> bytes:
    """The message with this control id, once the index has it."""
    mpi = stack.simulators.running["MPI"]
    for _ in range(int(seconds / 0.02)):
        for got in mpi.received:
            if got.control_id == control_id:
                return bytes(got.body)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{control_id} did not arrive")


async def put(stack: Stack, text: str, queue: str = "phw-to-mpi-in") -> None:
    async with QueueClient.from_connection_string(stack.storage.connection_string, queue) as client:
        await client.send_message(text)


def golden(name: str, control_id: str) -> bytes:
    body = (SAMPLES / f"{name}.out.hl7").read_bytes()
    return body.replace(body.split(b"|")[9], control_id.encode(), 1)


async def reply(stack: Stack, control_id: str) -> dict[str, Any]:
    async with QueueClient.from_connection_string(stack.storage.connection_string, "phw-to-mpi-replies") as client:
        for _ in range(500):
            async for message in client.receive_messages(visibility_timeout=1):
                state: dict[str, Any] = json.loads(message.content)
                if control_id in state["acknowledgement"]:
                    return state
            await asyncio.sleep(0.02)
    raise AssertionError(f"no reply names {control_id}")


async def test_an_update_is_acknowledged_and_arrives_transformed(
    stack: Stack, session: aiohttp.ClientSession, sample: Read
) -> None:
    async with session.post(PATH, data=sample("a31_date_of_death", "E2E-HTTP")) as answer:
        text = await answer.text()
    assert answer.status == 200
    assert "MSA|AA|E2E-HTTP" in text
    arrived = await at_the_mpi(stack, "E2E-HTTP")
    assert arrived.split(b"\r")[2].split(b"|")[29] == b"20260401"
    for _ in range(100):
        async with session.get(answer.headers["Location"]) as status:
            state = await status.json()
        if state["outcome"] == "delivered":
            break
        await asyncio.sleep(0.02)
    assert (state["outcome"], state["attempts"], state["control_id"]) == ("delivered", 1, "E2E-HTTP")


async def test_a_broken_one_is_told_where(stack: Stack, session: aiohttp.ClientSession, sample: Read) -> None:
    async with session.post(PATH, data=sample("rejected_two_findings", "E2E-BROKEN")) as answer:
        lines = (await answer.text()).split("\r")
    assert answer.status == 200
    assert lines[1].startswith("MSA|AE|E2E-BROKEN")
    assert [line.split("|")[2] for line in lines if line.startswith("ERR")] == ["PID^1^5", "PID^1^7"]
    assert "E2E-BROKEN" not in [got.control_id for got in stack.simulators.running["MPI"].received]


@pytest.mark.parametrize("form", ["raw", "base64", "blob"])
async def test_a_message_on_the_queue_arrives(stack: Stack, sample: Read, form: str) -> None:
    control_id = f"E2E-{form}".upper()
    body = sample("a31_welsh_letters", control_id)
    if form == "blob":
        async with ContainerClient.from_connection_string(stack.storage.connection_string, names.INBOX) as inbox:
            await inbox.upload_blob("phw-to-mpi/message.hl7", body)
        await put(stack, json.dumps({"blob": "phw-to-mpi/message.hl7"}))
    else:
        await put(stack, body.decode() if form == "raw" else base64.b64encode(body).decode())
    assert await at_the_mpi(stack, control_id) == golden("a31_welsh_letters", control_id)
    assert (await reply(stack, control_id))["status"] == 200
    if form == "blob":
        async with ContainerClient.from_connection_string(stack.storage.connection_string, names.INBOX) as inbox:
            for _ in range(300):  # the file goes after the answer
                if not [name async for name in inbox.list_blob_names()]:
                    return
                await asyncio.sleep(0.1)
        pytest.fail("the file is still in the inbox after 30 seconds")


async def test_a_rejected_one_on_the_queue_leaves_its_acknowledgement_and_a_dead_letter(
    stack: Stack, session: aiohttp.ClientSession, sample: Read
) -> None:
    body = sample("rejected_no_pid", "E2E-REJECTED")
    await put(stack, base64.b64encode(body).decode())
    state = await reply(stack, "E2E-REJECTED")
    assert "MSA|AE|E2E-REJECTED" in state["acknowledgement"]
    async with session.get(f"{PATH}/messages/{state['message_id']}") as answer:
        assert (await answer.json())["outcome"] == "rejected"
    hub = connect(stack.integrations)
    kept = await hub.store.get(names.tables("phw-to-mpi").ledger, state["message_id"].split(".")[0], names.row("c", 0))
    await hub.drain(0)
    assert kept is not None


async def test_the_same_message_again_is_answered_and_not_delivered_again(
    stack: Stack, session: aiohttp.ClientSession, sample: Read
) -> None:
    answers = []
    for _ in range(3):
        async with session.post(PATH, data=sample("a31_null", "E2E-TWICE")) as answer:
            answers.append(await answer.read())
    await at_the_mpi(stack, "E2E-TWICE")
    await asyncio.sleep(0.3)
    assert len(set(answers)) == 1
    assert stack.simulators.running["MPI"].counts["E2E-TWICE"] == 1


async def test_twenty_megabytes(stack: Stack, session: aiohttp.ClientSession, sample: Read) -> None:
    body = sample("a31_null", "E2E-LARGE").rstrip(b"\r\n")
    large = b"OBX|1|ED|X^Y^L||^TEXT^^Base64^" + b"QUJD" * (5 * 1024 * 1024) + b"||||||F"
    async with session.post(PATH, data=body + b"\r" + large + b"\r") as answer:
        assert "MSA|AA|E2E-LARGE" in await answer.text()
    assert large in await at_the_mpi(stack, "E2E-LARGE", 60)


async def test_messages_wait_for_a_destination_that_is_away_and_survive_a_restart(
    stack: Stack, session: aiohttp.ClientSession, sample: Read
) -> None:
    mpi = stack.simulators.running["MPI"]
    await mpi.stop()
    async with session.post(PATH, data=sample("a31_repeats", "E2E-WAITS")) as answer:
        assert "MSA|AA|E2E-WAITS" in await answer.text()
    await stack.stop_host()
    await mpi.start()
    await stack.start_host()
    await at_the_mpi(stack, "E2E-WAITS", 60)
    assert mpi.counts["E2E-WAITS"] == 1


async def test_the_host_s_own_answers(session: aiohttp.ClientSession) -> None:
    for method, path, status in (
        ("GET", PATH, 404),
        ("POST", "/api/v1/none", 404),
        ("GET", "/api/health", 200),
        ("POST", PATH, 400),
    ):
        async with session.request(method, path) as answer:
            assert answer.status == status
