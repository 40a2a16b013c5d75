"""The keys that events and spans may have, and the check of their values: nothing of a message leaves by telemetry."""

import re

from shared.privacy import WITHHELD, holds_nhs_number, shown

Value = str | float | bool
WHICH = {"integration", "trigger", "destination", "queue", "partner", "correlation_id", "message_id", "lane", "n", "role"}
BECAME = {"outcome", "acknowledgement", "rule", "error_code", "stage", "state", "ambiguous", "duplicate", "severity", "frames"}
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
WHERE = {"version", "instance", "traceparent"}
SPAN_KEYS = frozenset(
    {"integration", "stage", "outcome", "error_code", "attempt", "trigger", "destination", "hub.reported", "ms"}
)
EVENT_NAME = "microsoft.custom_event.name"
KEYS = frozenset(WHICH | BECAME | MEASURED | WHERE)
OURS = frozenset(
    {"message_id", "lane", "traceparent", "instance", "version"}
)  # hashes, in which any digits may follow each other
SENTENCES = frozenset({"frames", "rule", "partner"})  # several words: places in code, rule ids, a name out of the settings
WORD = re.compile(r"[\w.,:;/<>()\[\]@+|-]{0,200}", re.ASCII)
WORDS = re.compile(r"[\w .,:;/<>()\[\]@+|-]{0,600}", re.ASCII)


def safe(key: str, value: Value) -> Value:
    """The value when it looks like one of ours, else a mark: free text has no place in an event, nor has an NHS Number.

    >>> safe("integration", "phw-to-mpi"), safe("ms", 12.5), safe("error_code", "Mrs Jones"), safe("rule", "a9990000018")
    ('phw-to-mpi', 12.5, '(withheld)', '(withheld)')
    """
    if not isinstance(value, str):
        return value
    if key == "correlation_id":
        return shown("correlation", value)
    fits = (WORDS if key in SENTENCES else WORD).fullmatch(value)
    return value if fits and (key in OURS or not holds_nhs_number(value)) else WITHHELD
