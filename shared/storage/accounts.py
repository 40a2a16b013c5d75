"""Which storage account: a connection string, or service addresses with the app's identity, as the Functions host reads them."""

from typing import Any, NamedTuple

from shared.settings import SettingMissing, setting

SETTING = "AzureWebJobsStorage"
CONTENT = "HubContent__blobServiceUri"  # blobs of messages are in an account of their own, where there is one
# Public, of every Azurite.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # pragma: allowlist secret
AZURITE = (
    f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={KEY};"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
)


class Account(NamedTuple):
    """How to reach tables, queues and blobs."""

    connection: str = ""
    table: str = ""
    queue: str = ""
    blob: str = ""
    client_id: str = ""

    def client(self, kind: Any, address: str, **options: Any) -> Any:
        """A service client of the SDK: by connection string, or by address with the app's managed identity.

        Raises ``SettingMissing``: the connection string cannot be read.
        """
        if self.connection:
            try:
                return kind.from_connection_string(self.connection, **options)
            except ValueError:  # its text may repeat what it cannot read
                raise SettingMissing(f"the setting {SETTING} is not a connection string of a storage account") from None
        from azure.identity.aio import DefaultAzureCredential

        return kind(address, credential=DefaultAzureCredential(managed_identity_client_id=self.client_id or None), **options)


def account() -> Account:
    """The account of the settings; ``SettingMissing`` when there is none."""
    connection = setting(SETTING)
    if connection:
        return Account(AZURITE if connection == "UseDevelopmentStorage=true" else connection)
    name, client_id = setting(f"{SETTING}__accountName"), setting(f"{SETTING}__clientId")
    addresses = {
        kind: setting(f"{SETTING}__{kind}ServiceUri", f"https://{name}.{kind}.core.windows.net" if name else "")
        for kind in ("table", "queue", "blob")
    }
    if not all(addresses.values()):
        raise SettingMissing(f"the setting {SETTING} is missing")
    addresses["blob"] = setting(CONTENT, addresses["blob"])
    return Account(client_id=client_id, **addresses)
