"""Queue clients for the listeners, by the connection that a binding names."""

from collections.abc import Callable
from typing import Any

from toolkit.local.host.settings import SettingError, connection


def queue_clients(name: str) -> Callable[[str], Any]:
    """What makes a client for a queue of this connection; ``SettingError`` names the setting that is missing."""
    from azure.storage.queue.aio import QueueClient

    found = connection(name)
    if isinstance(found, str):
        return lambda queue: QueueClient.from_connection_string(found, queue)
    uri = found.get("queueServiceUri") or (
        f"https://{found['accountName']}.queue.core.windows.net" if "accountName" in found else ""
    )
    if not uri:
        raise SettingError(f"Storage account connection string '{name or 'AzureWebJobsStorage'}' has no queueServiceUri")
    return lambda queue: QueueClient(uri, queue, credential=_credential(found))


def _credential(found: dict[str, str]) -> Any:
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

    if found.get("credential", "").lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=found.get("clientId"))
    return DefaultAzureCredential()
