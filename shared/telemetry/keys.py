"""The allowed keys of events and spans, and the check of their values: telemetry has no value from a message."""

import re
from collections.abc import Mapping
from typing import Any

from shared.privacy import WITHHELD, holds_nhs_number, shown

Value = str | float | bool
SUBJECT = {"integration", "trigger", "destination", "queue", "partner", "correlation_id", "message_id", "lane", "n", "role"}
RESULT = {"outcome", "acknowledgement", "rule", "error_code", "stage", "state", "ambiguous", "duplicate", "severity", "frames"}
MEASURED = {
    "attempt",
    "hops",
    "bytes",
    "e2e_ms",
    "ms",
    "waiting",
    "overdue",
    "unpaired",
    "held",
    "batches",
    "oldest_age_s",
    "depth",
    "threshold",
    "count",
}
ORIGIN = {"version", "instance", "traceparent"}
SPAN_KEYS = frozenset({"integration", "trigger", "destination", "attempt", "outcome", "error_code"})
EVENT_NAME = "microsoft.custom_event.name"
KEYS = frozenset(SUBJECT | RESULT | MEASURED | ORIGIN)
HASHES = frozenset({"message_id", "lane", "traceparent", "instance", "version"})  # hashes: any digits may occur
SENTENCES = frozenset({"frames", "rule", "partner"})  # several words: places in code, rule ids, a name from the settings
WORD = re.compile(r"[\w.,:;/<>()\[\]@+|-]{0,200}", re.ASCII)
WORDS = re.compile(r"[\w .,:;/<>()\[\]@+|-]{0,600}", re.ASCII)


def safe(key: str, value: Value) -> Value:
    """The value if it has the form of the hub's own values, otherwise ``(withheld)``: no free text, no NHS Number.

    >>> safe("integration", "phw-to-mpi"), safe("ms", 12.5), safe("error_code", "Mrs Jones"), safe("rule", "a9990000018")
    ('phw-to-mpi', 12.5, '(withheld)', '(withheld)')
    """
    if not isinstance(value, str):
        return value
    if key == "correlation_id":
        return shown("correlation", value)
    fits = (WORDS if key in SENTENCES else WORD).fullmatch(value)
    return value if fits and (key in HASHES or not holds_nhs_number(value)) else WITHHELD


def allowed(attributes: Mapping[str, Any] | None, keys: frozenset[str]) -> dict[str, Any]:
    """The attributes on the list, with safe values."""
    return {key: safe(key, value) for key, value in (attributes or {}).items() if key in keys}
