"""Values that the mapping to FHIR cannot represent are reported by the check, before the acknowledgement."""

from collections.abc import Iterator

from shared.hl7 import Message
from shared.issue import Issue

KEPT = "code-kept-as-text"  # no loss: many code tables of the guide are not used in Wales
ALWAYS = ("segment-says-nothing", "control-code-not-mapped", "offset-of-the-message")


def mapped_to_fhir(message: Message) -> Iterator[Issue]:
    """Each warning and error of the guide's mapping, and each value that it leaves out or reads in another way."""
    from shared.mapping import mapping_issues  # here, to keep the start of an app fast

    for issue in mapping_issues(message):
        if (issue.severity != "information" and issue.rule != KEPT) or issue.rule in ALWAYS:
            yield issue
