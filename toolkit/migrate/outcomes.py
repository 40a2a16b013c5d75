"""What one version of the hub makes of messages: run as a script of its own, with that version first on the path.

Reads JSON lines ``{"integration", "name", "body", "content_type"}`` (the body in base64) and writes for each of them
``{"integration", "name", "accepted", "findings", "fault", "outputs", "properties"}``; ``null`` where that version has no such
integration. It imports nothing of the toolkit, because the toolkit of an older version may be another one.
"""

import base64
import json
import sys
from functools import cache
from importlib import import_module
from typing import Any

RECEIVED_AT = "2026-05-01T09:30:00.000Z"


@cache
def declared(name: str) -> Any:
    """The integration of this version; ``None`` when it has none of that name."""
    from integrations import CATALOGUE, load

    return load(name) if name in CATALOGUE else None


@cache
def runner() -> Any:
    """The function that checks and transforms, wherever this version keeps it."""
    try:
        return import_module("shared.check").run
    except (ImportError, AttributeError):
        return import_module("shared.pipeline").run


def outcome(request: dict[str, str]) -> dict[str, Any] | None:
    """What becomes of one message."""
    from shared.envelope import Envelope

    integration = declared(request["integration"])
    if integration is None:
        return None
    envelope = Envelope(
        integration=integration.name,
        body=base64.b64decode(request["body"]),
        received_at=RECEIVED_AT,
        content_type=request["content_type"],
    )
    ran = runner()(integration, envelope)
    wrong = (*ran.faults, *getattr(ran, "waits_for", ())) if ran.verdict.accepted else ()  # older versions know no waiting
    faults = [[each.where, each.rule, each.text] for each in wrong]
    return {
        "accepted": ran.verdict.accepted,
        "findings": [[each.severity, each.rule or each.code, each.where] for each in ran.verdict.issues],
        "fault": faults,
        "outputs": [base64.b64encode(each.body).decode() for each in ran.outgoing],
        "properties": [dict(each.properties) for each in ran.outgoing],
    }


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        found = outcome(request)
        print(json.dumps({"integration": request["integration"], "name": request["name"], "outcome": found}))


if __name__ == "__main__":
    main()
