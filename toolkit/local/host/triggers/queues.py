"""The storage-queue listener: one loop for each function, by the host's rules of lease, batch, back-off and poison."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from toolkit.local.host.functions import Done, Function
from toolkit.local.host.invoker import Invoker
from toolkit.local.host.triggers import queue_messages
from toolkit.local.host.triggers.backoff import Backoff
from toolkit.local.host.triggers.queue_options import QueueOptions

log = logging.getLogger("host.queues")
LEASE = 600.0  # fixed; renewed at half, faster after a server error
LAST_LOOK = 0.8  # seconds that a look under way gets when the listener stops
POISON = "-poison"
LONGEST_NAME = 63


class QueueListener:
    """Polls one queue for one function. ``client(name)`` gives an SDK client for a queue of that name."""

    def __init__(
        self, function: Function, queue: str, client: Callable[[str], Any], invoker: Invoker, options: QueueOptions
    ) -> None:
        self.function, self.queue, self.invoker, self.options = function, queue, invoker, options
        self.client, self._make = client(queue), client
        self.poison = queue + POISON
        self.backoff = Backoff(options.max_polling_interval)
        self.running: set[asyncio.Task[None]] = set()
        self._exists = False
        self._stopping = asyncio.Event()
        self._room = asyncio.Event()
        self._looked = asyncio.Event()  # no look at the queue is under way
        self._looked.set()

    @property
    def has_poison(self) -> bool:
        """A poison queue has none of its own, nor has a queue whose name leaves no room."""
        return not self.queue.endswith(POISON) and len(self.poison) <= LONGEST_NAME

    async def run(self) -> None:
        """Poll until the listener is stopped."""
        while not self._stopping.is_set():
            self._looked.clear()
            try:
                wait = await self._poll()
            finally:
                self._looked.set()
            await self._sleep(wait)

    async def stop(self) -> None:
        """No new look; what a look under way brings, and what runs, is let finish, and its deletes too."""
        self._stopping.set()
        self._room.set()
        with contextlib.suppress(TimeoutError):  # storage that does not answer holds no one up
            await asyncio.wait_for(self._looked.wait(), LAST_LOOK)
        while self.running:
            await asyncio.wait(self.running)
        await self.client.close()

    async def _poll(self) -> float:
        """One look at the queue; how long to wait for the next."""
        await self._until_room()
        if self._stopping.is_set():
            return 0
        try:
            messages = await self._receive()
        except OSError as error:
            self._exists = False
            log.debug("queue %s: %s", self.queue, error)
            return self.backoff.after_nothing()
        for message in messages:
            self._start(message)
        return 0 if messages and self.backoff.after_work() else self.backoff.after_nothing()

    async def _receive(self) -> list[Any]:
        """Storage errors that back off become ``OSError``: not found, being deleted, 5xx, no answer. Others are raised."""
        from azure.core.exceptions import AzureError, HttpResponseError

        try:
            if not self._exists:
                await self.client.get_queue_properties()
                self._exists = True
            return [
                message
                async for message in self.client.receive_messages(
                    max_messages=self.options.batch_size, visibility_timeout=int(LEASE)
                )
            ][: self.options.batch_size]
        except HttpResponseError as error:
            if error.status_code in (404, 409) or (error.status_code or 500) >= 500:
                raise ConnectionError(error.status_code) from None
            raise
        except AzureError as error:
            raise ConnectionError(type(error).__name__) from None

    def _start(self, message: Any) -> None:
        task = asyncio.create_task(self.process(message))
        self.running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.running.discard(task)
        self._room.set()
        if not task.cancelled() and task.exception():
            log.error("queue %s: %r", self.queue, task.exception())

    async def _until_room(self) -> None:
        """Fetch again once no more than ``newBatchThreshold`` are in flight."""
        while len(self.running) > self.options.new_batch_threshold and not self._stopping.is_set():
            self._room.clear()
            await self._room.wait()

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds or 0.001)
        except TimeoutError:
            return

    async def process(self, message: Any) -> None:
        """One message: straight to poison when it came too often, else the function, then delete, poison or again."""
        if message.dequeue_count > self.options.max_dequeue_count and self.has_poison:
            await self._to_poison(message)
            return
        renewing = asyncio.create_task(self._renew(message))
        try:
            done = await self._call(message)
        finally:
            renewing.cancel()
        await self._after(message, done)

    async def _call(self, message: Any) -> Done:
        try:
            body = queue_messages.decoded(message.content, self.options.encoding)
            given = queue_messages.value(body, str(self.function.trigger.get("dataType", "")).lower() in ("binary", "2"))
        except ValueError as error:
            return Done(False, None, str(error))
        return await self.invoker.invoke(
            self.function,
            given,
            f"New queue message detected on '{self.queue}'.",
            details=queue_messages.details(message),
            metadata=queue_messages.metadata(message, self.queue, given),
        )

    async def _after(self, message: Any, done: Done) -> None:
        if done.ok:
            await self._delete(message)
        elif message.dequeue_count >= self.options.max_dequeue_count:
            await self._to_poison(message)
        else:
            await self._update(message, self.options.visibility_timeout)

    async def _to_poison(self, message: Any) -> None:
        """Copy, then delete: a crash in between doubles it. Without a poison queue it stays hidden until its lease ends."""
        if not self.has_poison:
            return
        log.warning(
            "Message has reached MaxDequeueCount of %d. Moving message to queue '%s'.",
            self.options.max_dequeue_count,
            self.poison,
        )
        from azure.core.exceptions import ResourceExistsError

        async with self._make(self.poison) as poison:
            try:
                await poison.create_queue()
            except ResourceExistsError:
                log.debug("queue %s is there", self.poison)
            await poison.send_message(message.content)
        await self._delete(message)

    async def _delete(self, message: Any) -> None:
        """A lost pop receipt or a message that is gone is a debug line."""
        from azure.core.exceptions import HttpResponseError

        try:
            await self.client.delete_message(message.id, message.pop_receipt)
        except HttpResponseError as error:
            log.debug("queue %s: delete: %s", self.queue, error.status_code)

    async def _update(self, message: Any, seconds: float) -> None:
        from azure.core.exceptions import HttpResponseError

        try:
            updated = await self.client.update_message(message.id, message.pop_receipt, visibility_timeout=int(seconds))
            message.pop_receipt = updated.pop_receipt
        except HttpResponseError as error:
            log.debug("queue %s: update: %s", self.queue, error.status_code)

    async def _renew(self, message: Any) -> None:
        """At half the lease; the newest pop receipt is used from then on."""
        while True:
            await asyncio.sleep(LEASE / 2)
            await self._update(message, LEASE)
