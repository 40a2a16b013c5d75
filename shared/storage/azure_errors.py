"""The errors of the SDK of Azure Storage, as those of the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPException
from typing import Any

from shared.problems import without_traceback
from shared.storage.store import Away, Conflict

MISSING = ("TableNotFound", "QueueNotFound", "ContainerNotFound")


# What the SDK raises over an answer that is cut or short: it reads headers, parts and elements that are not there. Requests are
# made before, so that a wrong one is not taken for such an answer.
UNREADABLE = (KeyError, ValueError, AttributeError, TypeError, IndexError, SyntaxError, HTTPException)  # SyntaxError: of XML


class NotMade(Exception):
    """The table, queue or container is not there yet."""


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """The SDK's errors as the store's two, ``Conflict`` and ``Away``; a request that is wrong in itself stays an error."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as problem:
        without_traceback(problem)
        raise _as_ours(problem) from None
    except (AzureError, TimeoutError, OSError, *UNREADABLE) as problem:
        without_traceback(problem)
        raise Away from None


def _as_ours(problem: Any) -> Exception:
    """404, 409 and 412 are conflicts; so is the 204 of a queue that exists already."""
    code = str(getattr(problem, "error_code", "") or "").removeprefix("StorageErrorCode.")
    if any(missing in str(problem) for missing in MISSING):
        return NotMade()
    if problem.status_code in (204, 404, 409, 412) and "BeingDeleted" not in code:
        return Conflict()
    if "POP_RECEIPT" in code or "PopReceipt" in code:
        return Conflict()
    if problem.status_code in (400, 413):
        return ValueError(f"storage refused the request: {code}")
    return Away()
