"""The queue destination, against Azurite."""

import base64
import socket
from collections.abc import Callable

import pytest

from shared.destinations.queue import QueueOf
from shared.envelope import Outgoing
from shared.problems import Undelivered

BODY = b"MSH|^~\\&|A\rPID|1\r\n\x00"
Settings = Callable[..., None]


async def failure(outgoing: Outgoing) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await QueueOf("OUT").deliver(outgoing)
    return caught.value


@pytest.mark.slow
async def test_every_byte_arrives(azurite: str, settings: Settings) -> None:
    from azure.storage.queue.aio import QueueClient

    settings("OUT", CONNECTION=azurite, QUEUE="out-of-the-hub")
    assert (await failure(Outgoing("x", BODY))).code == "http-404"
    async with QueueClient.from_connection_string(azurite, "out-of-the-hub") as queue:
        await queue.create_queue()
        receipt = await QueueOf("OUT").deliver(Outgoing("x", BODY))
        (message,) = [message async for message in queue.receive_messages()]
    assert (receipt.code, receipt.reference) == ("queued", message.id)
    assert base64.b64decode(message.content) == BODY
    await QueueOf("OUT").close()


async def test_too_large_is_a_dead_letter_at_once(settings: Settings) -> None:
    problem = await failure(Outgoing("x", b"x" * 50_000))
    assert (problem.kind, problem.code) == ("permanent", "too-large")


async def test_no_address_and_nobody_there(settings: Settings) -> None:
    assert (await failure(Outgoing("x", BODY))).code == "no-address"
    settings("OUT", URL="http://storage.example.net/", QUEUE="q")
    assert (await failure(Outgoing("x", BODY))).code == "no-address"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        end = f"http://127.0.0.1:{taken.getsockname()[1]}/a"
        settings("OUT", CONNECTION=f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint={end};")
        problem = await failure(Outgoing("x", BODY))
    assert (problem.kind, problem.code, problem.ambiguous) == ("transient", "refused", False)
    await QueueOf("OUT").close()
