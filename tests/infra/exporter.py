"""What the product's telemetry becomes in the workspace: by its own filters and the exporter of Azure Monitor."""

import json
import logging
from functools import cache
from typing import Any, NamedTuple

from azure.monitor.opentelemetry.exporter.export.logs._exporter import _convert_log_to_envelope
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from shared.telemetry import azure_monitor
from shared.telemetry.processors import AllowedLogs


class Row(NamedTuple):
    """One row of AppEvents, without its times."""

    name: str
    properties: str  # JSON; each value is text
    operation: str


def exported(name: str, keys: dict[str, Any]) -> Row:
    """The row that an event of the product becomes."""
    return _exported(name, tuple(sorted(keys.items())))


@cache
def _exported(name: str, keys: tuple[tuple[str, Any], ...]) -> Row:
    memory = _pipeline()
    memory.clear()
    azure_monitor._write(name, dict(keys))
    [record] = memory.get_finished_logs()
    envelope = _convert_log_to_envelope(record)
    data = envelope.data.base_data
    assert envelope.data.base_type == "EventData", "not an event: the workspace has it in AppTraces, where no alert looks"
    return Row(data.name, json.dumps(data.properties), str(envelope.tags["ai.operation.id"]))


@cache
def _pipeline() -> InMemoryLogRecordExporter:
    """The provider as ``configure`` of the product makes it, with a memory where the connection would be."""
    provider, memory = LoggerProvider(shutdown_on_exit=False), InMemoryLogRecordExporter()
    for processor in (AllowedLogs(), SimpleLogRecordProcessor(memory)):
        provider.add_log_record_processor(processor)
    logger = logging.getLogger(azure_monitor.LOGGER)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=provider))
    return memory
