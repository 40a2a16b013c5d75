"""A storage queue that another system reads."""

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from shared.destinations.kinds.failures import AZURE
from shared.destinations.kinds.kind import Kind, Setting
from shared.destinations.kinds.status import undelivered
from shared.destinations.wire import fence
from shared.destinations.wire.https import is_safe
from shared.destinations.wire.identity import managed_identity
from shared.destinations.wire.loops import PerLoop
from shared.envelope import Outgoing, Receipt
from shared.problems import Undelivered
from shared.settings import setting

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.storage.queue.aio import QueueClient

LARGEST = 64 * 1024  # bytes on the wire
KIND = Kind(
    label="Azure queue",
    settings=(
        Setting("QUEUE", "name of the queue", is_address=True),
        Setting("CONNECTION", "connection string of the storage account"),
        Setting("URL", "address of the queue service, used with the managed identity if there is no connection string"),
    ),
    failures=AZURE,
    answers_with_status=True,
    simulator="toolkit.local.simulators.queue:Queue",
)


@dataclass(slots=True, eq=False, repr=False)
class _Held:
    client: "QueueClient | None" = None
    credential: Any = None


_CLIENTS = PerLoop(_Held)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class QueueOf:
    """By ``<name>__QUEUE`` and ``<name>__CONNECTION`` (a connection string) or ``<name>__URL`` (with the managed identity).

    The body is sent as base64, because a queue is XML on the wire and would turn a CR into an LF.
    """

    kind: ClassVar[Kind] = KIND
    name: str
    takes_synthetic: bool = False

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Put it on the queue; raises ``Undelivered``."""
        from azure.core.exceptions import AzureError

        text = b64encode(outgoing.body).decode()
        if len(text) > LARGEST:
            raise Undelivered(kind="permanent", code="too-large", text="the message is larger than a queue accepts")
        client = self._client()
        fence.check()
        try:
            sent = await client.send_message(text)
        except AzureError as error:
            raise _failed(error) from None
        return Receipt("queued", str(sent.id))

    def _client(self) -> "QueueClient":
        held = _CLIENTS.get(self.name)
        if held.client is None:
            self._open(held)
        assert held.client
        return held.client

    def _open(self, held: _Held) -> None:
        from azure.storage.queue.aio import QueueClient

        connection, url, queue = (setting(f"{self.name}__{key}") for key in ("CONNECTION", "URL", "QUEUE"))
        if connection and queue:
            held.client = self._by_connection(connection, queue)
        elif is_safe(url) and queue:
            held.credential = managed_identity()
            held.client = QueueClient(url, queue, credential=held.credential, retry_total=0)
        else:
            text = f"settings {self.name}__QUEUE and {self.name}__CONNECTION or {self.name}__URL are not set"
            raise Undelivered(kind="misconfigured", code="no-address", text=text)

    def _by_connection(self, connection: str, queue: str) -> "QueueClient":
        from azure.storage.queue.aio import QueueClient

        try:
            return QueueClient.from_connection_string(connection, queue, retry_total=0)
        except ValueError:
            raise Undelivered(
                kind="misconfigured", code="bad-setting", text=f"setting {self.name}__CONNECTION is malformed"
            ) from None

    async def close(self) -> None:
        """Close the open connections."""
        held = _CLIENTS.take(self.name)
        for opened in (held.client, held.credential) if held else ():
            if opened:
                await opened.close()


def _failed(error: "AzureError") -> Undelivered:
    """A connection that broke may have carried the message: the resend may then put a second copy on the queue."""
    from aiohttp import ClientConnectorError
    from azure.core.exceptions import HttpResponseError

    if isinstance(error, HttpResponseError):
        return undelivered(error.status_code or 401, retry_after=getattr(error.response, "headers", {}).get("Retry-After", ""))
    if isinstance(error.inner_exception, ClientConnectorError):
        return Undelivered(kind="transient", code="refused", text="the queue cannot be reached")
    return Undelivered(kind="transient", code="line-broken", text="the queue did not answer", ambiguous=True)
