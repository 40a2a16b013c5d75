"""Events as Event Grid brings them."""

from typing import Any
from urllib.parse import quote

from shared.intake.inbox.files import CREATED
from shared.storage import names


def blob_created(name: str, container: str = names.INBOX) -> dict[str, Any]:
    return {"type": CREATED, "data": {"url": f"https://local.blob.core.windows.net/{container}/{quote(name)}"}}
