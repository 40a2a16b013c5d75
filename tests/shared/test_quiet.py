"""Libraries' loggers say nothing of their own, whatever level anybody sets."""

import logging
from collections.abc import Iterator

import pytest

from shared.quiet import LIBRARIES, silence
from shared.storage.accounts import Account
from shared.storage.azure import AzureStore
from shared.storage.store import Away, Conflict

NOWHERE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;"
    "QueueEndpoint=http://127.0.0.1:1/devstoreaccount1;TableEndpoint=http://127.0.0.1:1/devstoreaccount1;"
)
SPEAKERS = [
    *("azure.core.pipeline.policies.http_logging_policy", "azure.core.pipeline.policies._universal", "azure.storage.blob"),
    *("azure.identity.aio", "azure.monitor.opentelemetry.exporter", "asyncio", "aiohttp.client", "urllib3.connectionpool"),
    *("msal.application", "opentelemetry.sdk.trace", "hl7.client", "concurrent.futures"),
]


class Everything(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {self.format(record)} {vars(record)}")


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """All that reaches the root logger, with every logger that there is at DEBUG."""
    handler, root = Everything(), logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in (*logging.root.manager.loggerDict, *SPEAKERS, *LIBRARIES))]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield handler.lines
    root.removeHandler(handler)
    for logger, level in levels:
        logger.setLevel(level)
    silence()


@pytest.mark.parametrize("name", SPEAKERS)
def test_a_warning_is_passed_on_by_its_place_alone(name: str, heard: list[str]) -> None:
    logger = logging.getLogger(name)
    logger.debug("PUT /inbox/%s", "ZqCanary")
    logger.info("PUT /inbox/ZqCanary")
    assert heard == []
    try:
        raise ValueError("ZqCanary")
    except ValueError:
        logger.exception("failed for %s", "ZqCanary")
    (line,) = heard
    assert f"{name} ERROR at test_quiet:" in line
    assert "ValueError" in line
    assert "ZqCanary" not in line


async def test_the_store_names_no_blob_row_or_queue_in_a_log(heard: list[str]) -> None:
    store = AzureStore(Account(NOWHERE))
    for work in (
        store.read_blob("inbox", "x/ZqCanary.pdf"),
        store.blobs("inbox", "ZqCanary"),
        store.get("table", "ZqCanary", "ZqCanary"),
        store.send("queue", b"ZqCanary"),
        store.write_blob("inbox", "ZqCanary", b"ZqCanary"),
    ):
        with pytest.raises((Away, Conflict)):
            await work
    await store.close()
    assert not [line for line in heard if "ZqCanary" in line or "127.0.0.1" in line]
