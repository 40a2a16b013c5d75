"""The queue listener against a queue in memory: lease, batch, back-off, dequeue count, poison, stop."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from tests.toolkit.local.host.conftest import FakeWorker, other
from toolkit.local.host.functions import Call, Done
from toolkit.local.host.invoker import Invoker
from toolkit.local.host.settings import SettingError
from toolkit.local.host.triggers.backoff import Backoff
from toolkit.local.host.triggers.queue_options import QueueOptions
from toolkit.local.host.triggers.queues import LEASE, QueueListener

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass
class Message:
    content: str
    dequeue_count: int = 1
    id: str = "id"
    pop_receipt: str = "p0"
    inserted_on: datetime = NOW
    expires_on: datetime = NOW
    next_visible_on: datetime = NOW


@dataclass
class FakeQueue:
    """What the listener calls of an SDK client."""

    name: str
    exists: bool = True
    waiting: list[Message] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    updates: list[int] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    async def get_queue_properties(self) -> None:
        if not self.exists:
            error = ResourceNotFoundError()
            error.status_code = 404
            raise error

    async def receive_messages(self, max_messages: int, visibility_timeout: int) -> AsyncIterator[Message]:
        self.asked.append((max_messages, visibility_timeout))
        batch, self.waiting = self.waiting[:max_messages], self.waiting[max_messages:]
        for message in batch:
            yield message

    async def delete_message(self, message_id: str, receipt: str) -> None:
        self.deleted.append(receipt)

    async def update_message(self, message_id: str, receipt: str, visibility_timeout: int) -> Any:
        self.updates.append(visibility_timeout)
        return Message("", pop_receipt=f"p{len(self.updates)}")

    async def create_queue(self) -> None:
        if self.exists:
            raise ResourceExistsError
        self.exists = True

    async def send_message(self, content: str) -> None:
        self.sent.append(content)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "FakeQueue":
        return self

    async def __aexit__(self, *_: object) -> None: ...


class Bench:
    """A listener, its worker and its queues."""

    def __init__(self, code: Any = None, queue: str = "x", binary: bool = True, **options: Any) -> None:
        self.worker = FakeWorker((), code)
        self.queues = {name: FakeQueue(name, exists=name == queue) for name in (queue, f"{queue}-poison")}
        self.queue, self.poison = self.queues.values()
        function = other("f", "queueTrigger", queueName=queue, **({"dataType": "BINARY"} if binary else {}))
        chosen = QueueOptions.of({"messageEncoding": "none", **options})
        self.listener = QueueListener(function, queue, self.queues.__getitem__, Invoker(self.worker), chosen)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what must come, however slow the machine is."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.001)


async def fails(_: Call) -> Done:
    return Done(False, None, "ValueError()", "")


async def test_success_deletes_and_the_function_gets_bytes_and_metadata() -> None:
    bench = Bench()
    await bench.listener.process(Message('{"dequeueCount": 99}', dequeue_count=2))
    assert bench.queue.deleted == ["p0"]
    [call] = bench.worker.calls
    assert (call.value.kind, call.value.value) == ("bytes", b'{"dequeueCount": 99}')
    assert call.metadata["DequeueCount"].value == "2"


async def test_a_json_text_overwrites_the_metadata() -> None:
    bench = Bench(binary=False)
    await bench.listener.process(Message('{"dequeueCount": 99, "list": [1]}'))
    assert bench.worker.calls[0].metadata["DequeueCount"].value == "99"
    assert "list" not in bench.worker.calls[0].metadata


async def test_a_failure_is_seen_again_after_the_visibility_timeout() -> None:
    bench = Bench(fails, visibilityTimeout="00:00:30")
    await bench.listener.process(Message("m"))
    assert (bench.queue.updates, bench.queue.deleted, bench.poison.sent) == ([30], [], [])


async def test_the_last_failure_goes_to_poison_copy_first() -> None:
    bench = Bench(fails)
    await bench.listener.process(Message("m", dequeue_count=5))
    assert (bench.poison.exists, bench.poison.sent, bench.queue.deleted) == (True, ["m"], ["p0"])


async def test_over_the_count_goes_to_poison_without_a_call() -> None:
    bench = Bench()
    await bench.listener.process(Message("m", dequeue_count=6))
    assert (bench.worker.calls, bench.poison.sent, bench.queue.deleted) == ([], ["m"], ["p0"])


@pytest.mark.parametrize("name", ["x-poison", "x" * 57])
async def test_no_poison_of_poison_nor_of_a_long_name(name: str) -> None:
    bench = Bench(fails, queue=name)
    await bench.listener.process(Message("m", dequeue_count=7))
    assert (bench.poison.sent, bench.queue.deleted, bench.queue.updates, len(bench.worker.calls)) == ([], [], [], 1)


async def test_base64_both_ways_and_what_is_not_base64_fails() -> None:
    bench = Bench(messageEncoding="base64")
    await bench.listener.process(Message(base64.b64encode(b"\x00").decode()))
    await bench.listener.process(Message("not base64!"))
    assert [call.value.value for call in bench.worker.calls] == [b"\x00"]
    assert bench.queue.updates == [0]


async def test_batch_and_lease_and_how_many_are_in_flight() -> None:
    gate, high = asyncio.Event(), []

    async def code(_: Call) -> Done:
        high.append(len(bench.listener.running))
        await gate.wait()
        return Done(True)

    bench = Bench(code, batchSize=4, newBatchThreshold=2)
    bench.queue.waiting = [Message(str(n)) for n in range(12)]
    running = asyncio.create_task(bench.listener.run())
    await until(lambda: len(bench.worker.calls) == 4)
    await asyncio.sleep(0.05)  # time for a fifth, which must not come
    assert (bench.queue.asked, len(bench.worker.calls)) == ([(4, int(LEASE))], 4)
    gate.set()
    await until(lambda: len(bench.queue.deleted) == 12)
    await bench.listener.stop()
    await running
    assert len(bench.queue.deleted) == 12
    assert max(high) <= 6


async def test_an_absent_queue_is_waited_for_and_never_made() -> None:
    bench = Bench(maxPollingInterval="00:00:00.100")
    bench.queue.exists = False
    running = asyncio.create_task(bench.listener.run())
    await asyncio.sleep(0.05)
    assert (bench.queue.asked, bench.queue.exists) == ([], False)
    bench.queue.exists, bench.queue.waiting = True, [Message("m")]
    await until(lambda: bool(bench.queue.deleted))
    await bench.listener.stop()
    await running
    assert bench.queue.deleted == ["p0"]


async def test_stop_lets_what_runs_finish_with_its_delete() -> None:
    gate = asyncio.Event()

    async def code(_: Call) -> Done:
        await gate.wait()
        return Done(True)

    bench = Bench(code)
    bench.queue.waiting = [Message("m")]
    running = asyncio.create_task(bench.listener.run())
    while not bench.worker.calls:
        await asyncio.sleep(0.001)
    stopping = asyncio.create_task(bench.listener.stop())
    await asyncio.sleep(0.01)
    assert not stopping.done()
    gate.set()
    await stopping
    await running
    assert bench.queue.deleted == ["p0"]


class SlowQueue(FakeQueue):
    """Its answer comes when ``gate`` opens; closed meanwhile, it breaks as the SDK does."""

    closed = False
    gate: asyncio.Event

    async def receive_messages(self, max_messages: int, visibility_timeout: int) -> AsyncIterator[Message]:
        async for message in super().receive_messages(max_messages, visibility_timeout):
            await self.gate.wait()
            assert not self.closed
            yield message

    async def delete_message(self, message_id: str, receipt: str) -> None:
        assert not self.closed
        await super().delete_message(message_id, receipt)

    async def close(self) -> None:
        self.closed = True


async def looking() -> tuple[QueueListener, SlowQueue, "asyncio.Task[None]"]:
    """A listener whose look at its queue is under way."""
    listener, slow = Bench().listener, SlowQueue("x", waiting=[Message("m")])
    slow.gate = asyncio.Event()
    listener.client = slow
    running = asyncio.create_task(listener.run())
    await until(lambda: bool(slow.asked))
    return listener, slow, running


async def test_stop_waits_for_a_look_under_way_and_for_what_it_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.local.host.triggers.queues.LAST_LOOK", 20.0)
    listener, slow, running = await looking()
    stopping = asyncio.create_task(listener.stop())
    await asyncio.sleep(0.01)
    slow.gate.set()
    await stopping
    await running
    assert (slow.deleted, slow.closed) == (["p0"], True)


async def test_storage_that_does_not_answer_holds_up_no_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.local.host.triggers.queues.LAST_LOOK", 0.01)
    listener, slow, running = await looking()
    await listener.stop()
    assert slow.closed
    running.cancel()


async def test_the_lease_is_renewed_and_the_newest_receipt_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.local.host.triggers.queues.LEASE", 0.1)

    async def code(_: Call) -> Done:
        await until(lambda: len(bench.queue.updates) >= 2)
        return Done(True)

    bench = Bench(code)
    await bench.listener.process(Message("m"))
    assert bench.queue.deleted == [f"p{len(bench.queue.updates)}"]
    assert len(bench.queue.updates) >= 2


def test_backoff_grows_to_the_longest_and_starts_again_after_work() -> None:
    backoff = Backoff(2, random.Random(1))
    waits = [backoff.after_nothing() for _ in range(8)]
    assert waits[0] == 0.1
    assert 0.1 + 0.8 * 0.2 <= waits[1] <= 0.1 + 1.2 * 0.2
    assert waits[-1] == 2
    assert backoff.after_work() == 0.1
    assert backoff.after_nothing() == 0.1


@pytest.mark.parametrize(
    "wrong",
    [
        {"batchSize": 33},
        {"batchSize": 0},
        {"maxDequeueCount": 0},
        {"maxPollingInterval": "00:00:00.05"},
        {"messageEncoding": "hex"},
    ],
)
def test_options_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(wrong))):
        QueueOptions.of(wrong)


def test_defaults() -> None:
    assert QueueOptions.of({}) == QueueOptions(16, 8, 60, 0, 5, "base64")
