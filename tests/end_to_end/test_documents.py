"""Documents dropped as files into real storage: a pair, one stored separately and larger than the memory that it may use."""

import asyncio
import base64
import hashlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from integrations import load
from shared.storage.accounts import Account
from shared.storage.azure import AzureStore
from tests.waiting import eventually
from toolkit.local import drops
from toolkit.local.stack import Stack
from toolkit.samples import samples

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
DOCUMENTS = load("documents-to-cdr")
SAMPLES = {each.name: each for each in samples(DOCUMENTS)}
MIB = 1024 * 1024


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack([DOCUMENTS], tmp_path_factory.mktemp("documents")) as running:
        yield running


async def drop(stack: Stack, stem: str, files: dict[str, bytes]) -> None:
    """The files, then the event of each, as Event Grid posts it."""
    url = f"{stack.url}/runtime/webhooks/eventgrid?functionName=documents_to_cdr_event"
    headers = {"aeg-event-type": "Notification", "Content-Type": "application/cloudevents+json"}
    store = AzureStore(Account(stack.storage.connection_string))
    async with aiohttp.ClientSession() as session:
        for name in await drops.leave(DOCUMENTS, store, stem, files):
            async with session.post(url, json=drops.created(name), headers=headers) as answer:
                assert answer.status in (200, 202)
    await store.close()


async def arrived(stack: Stack, number: str, seconds: float = 60) -> tuple[dict[str, Any], dict[str, Any]]:
    """The DocumentReference with this master identifier, and its Binary."""
    cdr: Any = stack.simulators.running["CDR"]
    for _ in range(int(seconds / 0.1)):
        for found in cdr.store.of_type("DocumentReference"):
            if found["masterIdentifier"]["value"] == number:
                return found, cdr.store.current("Binary", found["content"][0]["attachment"]["url"].removeprefix("Binary/"))
        await asyncio.sleep(0.1)
    raise AssertionError("the document did not arrive")


def sidecar(number: str) -> bytes:
    sidecar = json.loads(drops.halves(SAMPLES["clinic_letter"].body, "json")["json"])
    return json.dumps({**sidecar, "id": f"EVT-{number}", "document": {**sidecar["document"], "id": number}}).encode()


def peak(stack: Stack) -> int:
    """Most bytes that the host has had in memory at once."""
    assert stack.host
    status = Path(f"/proc/{stack.host.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def left(stack: Stack) -> dict[str, list[str]]:
    from azure.storage.blob.aio import BlobServiceClient

    found = {}
    async with BlobServiceClient.from_connection_string(stack.storage.connection_string) as service:
        for name in ("inbox", "content"):
            found[name] = [each async for each in service.get_container_client(name).list_blob_names()]
    return found


async def test_a_pair_becomes_a_document_and_leaves_nothing_behind(stack: Stack) -> None:
    pdf = drops.halves(SAMPLES["clinic_letter"].body, "json")["pdf"]
    await drop(stack, "Jones letter", {"json": sidecar("D1"), "pdf": pdf})
    document, binary = await arrived(stack, "D1")
    assert base64.b64decode(binary["data"]) == pdf
    assert document["content"][0]["attachment"]["hash"] == base64.b64encode(hashlib.sha1(pdf).digest()).decode()
    nothing = {"inbox": [], "content": []}  # the files and the content go after the delivery
    assert await eventually(lambda: left(stack), lambda found: found == nothing) == nothing
    assert b"Jones" not in stack.log.read_bytes()


async def test_the_command_drops_both_halves(stack: Stack, tmp_path: Path) -> None:
    """``./hub send`` of one half takes the other with it; the queue tells of them, as Event Grid may."""
    pdf = drops.halves(SAMPLES["clinic_letter"].body, "json")["pdf"]
    for name, body in (("letter.json", sidecar("D3")), ("letter.pdf", pdf)):
        (tmp_path / name).write_bytes(body)
    command = (sys.executable, "-m", "toolkit", "send", DOCUMENTS.name, str(tmp_path / "letter.pdf"))
    sent = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await sent.communicate()
    assert output.decode().splitlines()[-1] == "the acknowledgement comes to documents-to-cdr-replies"
    _, binary = await arrived(stack, "D3")
    assert base64.b64decode(binary["data"]) == pdf


async def test_fifty_megabytes_in_bounded_memory(stack: Stack) -> None:
    """The host takes a document of 50 MiB with far less than that, and it arrives whole."""
    pdf = b"%PDF-1.7\n" + hashlib.shake_128(b"synthetic").digest(50 * MIB)
    before = peak(stack)
    await drop(stack, "large", {"pdf": pdf, "json": sidecar("D2")})
    document, binary = await arrived(stack, "D2", 90)
    assert document["content"][0]["attachment"]["size"] == len(pdf)
    assert hashlib.sha1(base64.b64decode(binary["data"])).digest() == hashlib.sha1(pdf).digest()
    grown = (peak(stack) - before) / MIB
    print(f"50 MiB stored separately: the host's peak grew by {grown:.0f} MiB")  # noqa: T201
    assert grown < 40
