"""The app's managed identity; on a developer's machine, the identity that is signed in."""

from typing import TYPE_CHECKING

from shared.settings import setting

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


def managed_identity() -> "AsyncTokenCredential":
    """A credential that gets tokens from Azure; ``AZURE_CLIENT_ID`` names a user-assigned identity."""
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

    if setting("IDENTITY_ENDPOINT"):  # set by Azure Functions
        return ManagedIdentityCredential(client_id=setting("AZURE_CLIENT_ID") or None)
    return DefaultAzureCredential()
