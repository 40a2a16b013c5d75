"""An Event Grid topic. An event announces a message and never carries its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

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
from shared.telemetry.tracing import trace_headers

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.core.messaging import CloudEvent
    from azure.eventgrid.aio import EventGridPublisherClient

KIND = Kind(
    label="Event Grid",
    settings=(
        Setting("ENDPOINT", "address of the topic; the hub's own topic if absent", is_address=True),
        Setting("KEY", "key of the topic; the managed identity if absent"),
    ),
    failures=AZURE,
    answers_with_status=True,
    simulator="toolkit.local.simulators.event_grid:EventGrid",
    publishes=True,
)


@dataclass(slots=True, eq=False, repr=False)
class _Held:
    client: "EventGridPublisherClient | None" = None
    credential: Any = None


_CLIENTS = PerLoop(_Held)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Topic:
    """A custom topic with the CloudEvents schema, by ``<name>__ENDPOINT`` and ``<name>__KEY`` (absent: managed identity).

    Without its own endpoint it is the hub's topic, whose address the infrastructure gives to every app. The event carries the
    outgoing properties, in its data and as extension attributes; the body stays in the hub.
    """

    kind: ClassVar[Kind] = KIND
    name: str
    type: str = "wales.nhs.hub.message"
    takes_synthetic: bool = False

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Publish the event of this message; raises ``Undelivered``."""
        from azure.core.exceptions import AzureError, HttpResponseError

        event, held = self._event(outgoing), self._held()
        assert held.client
        fence.check()
        try:
            await held.client.send(event)
        except HttpResponseError as error:
            headers: Mapping[str, str] = getattr(error.response, "headers", {})
            raise undelivered(error.status_code or 401, retry_after=headers.get("Retry-After", "")) from None
        except AzureError as error:
            raise _broken(error) from None
        return Receipt("published", event.id)

    def _event(self, outgoing: Outgoing) -> "CloudEvent[dict[str, str | bool]]":
        from azure.core.messaging import CloudEvent

        data = dict(outgoing.properties)
        return CloudEvent(
            source=f"/hub/{self.name.lower().replace('_', '-')}",
            type=self.type,
            id=event_id(self.name, outgoing),
            subject=f"{data['lane']}/{data['number']}" if {"lane", "number"} <= data.keys() else None,
            data=data,
            extensions={key: value for key, value in data.items() if key.isalnum() and key.islower()} | trace_headers(),
        )

    def _held(self) -> _Held:
        endpoint, key = self._address()
        if not is_safe(endpoint):
            raise Undelivered(
                kind="misconfigured", code="no-address", text=f"setting {self.name}__ENDPOINT is absent or not https"
            )
        held = _CLIENTS.get((self.name, endpoint, key))
        if held.client is None:
            _open(held, endpoint, key)
        return held

    def _address(self) -> tuple[str, str]:
        own = setting(f"{self.name}__ENDPOINT") or setting("HubTopic__topicEndpointUri")
        return own, setting(f"{self.name}__KEY")

    async def close(self) -> None:
        """Close the connections to the topic."""
        held = _CLIENTS.take((self.name, *self._address()))
        if held and held.client:
            await held.client.close()
        if held and hasattr(held.credential, "close"):
            await held.credential.close()


def event_id(name: str, outgoing: Outgoing) -> str:
    """The same id for each attempt at the same message, so that a subscriber recognises a repetition."""
    parts = [name, outgoing.control_id, *(f"{key}={outgoing.properties[key]}" for key in sorted(outgoing.properties))]
    return str(uuid5(NAMESPACE_URL, "\n".join(parts)))


def _open(held: _Held, endpoint: str, key: str) -> None:
    from azure.core.credentials import AzureKeyCredential
    from azure.eventgrid.aio import EventGridPublisherClient

    held.credential = AzureKeyCredential(key) if key else managed_identity()
    try:
        held.client = EventGridPublisherClient(endpoint, held.credential, retry_total=0, permit_redirects=False)
    except ValueError:
        raise Undelivered(kind="misconfigured", code="bad-setting", text="the address is not an Event Grid topic") from None


def _broken(error: "AzureError") -> Undelivered:
    """The SDK also raises ``ServiceRequestError`` if the connection broke after the event was sent; its cause shows which."""
    from aiohttp import ClientConnectorError

    if isinstance(error.inner_exception, ClientConnectorError):
        return Undelivered(kind="transient", code="refused", text="the topic cannot be reached")
    return Undelivered(kind="transient", code="line-broken", text="the topic did not answer", ambiguous=True)
