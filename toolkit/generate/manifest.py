"""What infrastructure needs to know of the catalogue: ``infra/manifest.json``, which Bicep loads. Generated, never edited."""

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shared.destinations.kinds.kind import kind_of
from shared.integration import EventGrid, Http, Integration
from shared.storage import names

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "infra" / "manifest.json"


def manifest(integrations: Iterable[Integration]) -> dict[str, Any]:
    """The whole manifest: what every app shares, and one entry for each integration."""
    return {
        "sharedTables": [names.SHARED_TABLE],
        "containers": list(names.CONTAINERS),
        "integrations": [entry(integration) for integration in sorted(integrations, key=lambda each: each.name)],
    }


def entry(integration: Integration) -> dict[str, Any]:
    """One integration: its queues with their poison twins, tables, events, destination, owner and retention."""
    queues = names.queues(integration.name)
    poison = [queue for queue in queues if queue.endswith("-poison")]
    read = [queue.removesuffix("-poison") for queue in poison]
    return {
        "name": integration.name,
        "package": integration.package,
        "summary": integration.summary,
        "owner": integration.owner,
        "destination": {"name": integration.destination.name, "kind": kind(integration.destination)},
        "http": any(isinstance(trigger, Http) for trigger in integration.triggers),
        "queues": read,
        "poison": poison,
        "replies": [queue for queue in queues if queue not in (*read, *poison)],
        "tables": list(names.tables(integration.name)),
        "containers": list(names.CONTAINERS),
        "events": [event(trigger) for trigger in integration.triggers if isinstance(trigger, EventGrid)],
        "publishes": kind_of(integration.destination).publishes,
        "subscribers": list(integration.subscribers),
        "publishers": [
            trigger.publisher for trigger in integration.triggers if isinstance(trigger, EventGrid) and trigger.publisher
        ],
        "retention": retention(integration),
    }


def kind(destination: object) -> str:
    """The kind of a destination: the name of its class in lower case.

    >>> kind(type("FhirServer", (), {})())
    'fhir-server'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(destination).__name__).lower()


def event(trigger: EventGrid) -> dict[str, Any]:
    """A subscription: to the blobs of the content account, or to the topic of published messages."""
    return {
        "topic": "storage" if any(name.startswith("Microsoft.Storage.") for name in trigger.types) else "hub",
        "types": list(trigger.types),
        "subjectBeginsWith": trigger.subject_begins,
        "filters": [{"operatorType": operator, "key": key, "values": list(values)} for operator, key, values in trigger.filters],
    }


def retention(integration: Integration) -> dict[str, int]:
    """Days that things are kept, in whole days, rounded up: the infrastructure is the net under the hub's own deletions."""
    kept = integration.retention
    return {
        "receipts": math.ceil(kept.receipts),
        "metadata": math.ceil(kept.metadata),
        "deadContent": math.ceil(kept.dead_content),
        "published": math.ceil(kept.published),
    }


def text(integrations: Iterable[Integration]) -> str:
    """The file as it is kept in git."""
    return json.dumps(manifest(integrations), indent=2, ensure_ascii=False) + "\n"
