"""The canary sweep of the whole hub: real host, real storage, telemetry at a stand-in endpoint, every sink read to the end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from integrations import load_all
from shared.integration import Http, Integration, Queue
from shared.storage.accounts import Account
from shared.storage.azure import AzureStore
from tests.canary.canaries import Nest, as_many_as_pass, every_leaf
from toolkit.local import drops
from toolkit.local.simulators.ingestion import Ingestion
from toolkit.local.stack import Stack
from toolkit.samples import Sample, accepted

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
CONTENT = ("c|", "e|", "r|")  # rows of content: the message, its destination's words, the acknowledgement as given
INTEGRATIONS = [each for each in load_all() if any(isinstance(t, Http | Queue) for t in each.triggers) or drops.takes_files(each)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ingestion() -> AsyncIterator[Ingestion]:
    one = Ingestion()
    yield one
    one.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: Any, ingestion: Ingestion) -> AsyncIterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", ingestion.connection_string)
        patch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
        async with Stack(load_all(), tmp_path_factory.mktemp("stack"), quiet=False) as running:
            yield running


async def drop(stack: Stack, integration: Integration, sample: Sample, body: bytes, name: str) -> None:
    """As files whose name is a canary too; what reads as no sidecar comes with a document all the same."""
    files = drops.halves(body, sample.extension)
    if [*files] == ["json"]:
        files["pdf"] = b"%PDF-"
    store = AzureStore(Account(stack.storage.connection_string))
    url = f"{stack.url}/runtime/webhooks/eventgrid?functionName={integration.package}_event"
    headers = {"aeg-event-type": "Notification", "Content-Type": "application/cloudevents+json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for blob in await drops.leave(integration, store, name, files):
            async with session.post(url, json=drops.created(blob)) as answer:
                assert answer.status < 300
    await store.close()


async def send(stack: Stack, integration: Integration, sample: Sample, body: bytes, nest: Nest) -> str:
    """Through the integration's own trigger; what the caller hears."""
    if drops.takes_files(integration):
        await drop(stack, integration, sample, body, nest.new())
        return ""
    if any(isinstance(trigger, Http) for trigger in integration.triggers):
        url = f"{stack.url}/api/v1/{integration.name}"
        async with aiohttp.ClientSession() as session:
            headers = {"Content-Type": sample.envelope.content_type}
            async with session.post(url, data=body, headers=headers) as answer:
                return f"{answer.status} {dict(answer.headers)} {(await answer.read())!r}"
    async with QueueServiceClient.from_connection_string(stack.storage.connection_string) as queues:
        await queues.get_queue_client(f"{integration.name}-in").send_message(body.decode())
    return ""


def is_content(table: str, key: str) -> bool:
    return table.endswith("ledger") and key.startswith(CONTENT)


async def rows(stack: Stack) -> list[str]:
    found = []
    async with TableServiceClient.from_connection_string(stack.storage.connection_string) as tables:
        async for table in tables.list_tables():
            client = tables.get_table_client(table.name)
            there = [row async for row in client.list_entities()]
            found += [f"{table.name} {dict(row)}" for row in there if not is_content(table.name, row["RowKey"])]
    return found


async def queued_and_named(stack: Stack) -> list[str]:
    found = []
    async with QueueServiceClient.from_connection_string(stack.storage.connection_string) as queues:
        async for queue in queues.list_queues():
            client = queues.get_queue_client(queue.name)
            found += [f"{queue.name} {message.content}" for message in await client.peek_messages(max_messages=32)]
            await client.close()
    async with BlobServiceClient.from_connection_string(stack.storage.connection_string) as blobs:
        async for container in blobs.list_containers():
            listed = blobs.get_container_client(container.name).list_blobs()
            found += [f"{container.name} {blob.name}" async for blob in listed]
    return found


async def shown(stack: Stack) -> list[str]:
    """The ops page, its JSON, the page of each integration, and the journey of each dead letter."""
    async with aiohttp.ClientSession(stack.url, cookies={"hub-sample-role": "admin"}) as session:
        pages = []
        for path in ("/api/ops", "/api/ops/data?minutes=15"):
            async with session.get(path) as answer:
                assert answer.status == 200
                pages.append(await answer.text())
        links = {part.split('"')[0].replace("&amp;", "&") for part in pages[0].split('href="')[1:]}
        for link in sorted(link for link in links if "/message?" in link or "/integration?" in link):
            async with session.get(link) as answer:
                pages.append(await answer.text())
        return pages


async def quiet(stack: Stack, events: Ingestion, expected: int) -> None:
    """Until every message has come to an end and its event has left."""
    ended = ("delivered", "dead", "rejected")
    for _ in range(300):
        if sum(event.get("outcome") in ended for event in events.events("hub.message")) >= expected:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{expected} ends were expected: {[e.get('outcome') for e in events.events('hub.message')]}")


async def test_no_canary_leaves(stack: Stack, ingestion: Ingestion) -> None:
    nest, answers, sent = Nest(), [], 0
    for mood in ("ok", "AR"):
        for name in ("MPI", "PAS"):
            stack.simulators.running[name].script.always(mood)
        for integration in INTEGRATIONS:
            samples = accepted(integration)
            sample = samples[0] if mood == "ok" else samples[-1]
            taken = as_many_as_pass(integration, sample.envelope, nest)
            answers.append(await send(stack, integration, sample, taken.body, nest))
            answers.append(await send(stack, integration, sample, every_leaf(sample.body, nest), nest))
            sent += 2
    await quiet(stack, ingestion, sent)
    sinks = [*answers, *await rows(stack), *await queued_and_named(stack), *await shown(stack), *ingestion.bodies]
    log = Path(stack.log).read_text("utf-8", "replace")
    assert len(nest.made) > 500
    assert len(ingestion.events("hub.message")) >= sent
    assert "Executed 'Functions." in log
    leaks = {sink[:300]: sorted(held)[:2] for sink in [*sinks, *log.splitlines()] if (held := nest.found_in(sink))}
    assert leaks == {}
