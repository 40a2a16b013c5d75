"""What a mapping to FHIR cannot say of a message is reported at the check, before the acknowledgement."""

from collections.abc import Iterator

from shared.hl7 import Message
from shared.issue import Issue

KEPT = "code-kept-as-text"  # nothing is lost: many tables of the guide are not those that are used in Wales
ALWAYS = ("segment-says-nothing", "control-code-not-mapped", "offset-of-the-message")


def mapped_to_fhir(message: Message) -> Iterator[Issue]:
    """Each issue of the guide's mapping that is more than information, and what it leaves out or reads in another way."""
    from shared.mapping import mapping_issues  # with the first message: an app that starts does without the mapping

    for issue in mapping_issues(message):
        if (issue.severity != "information" and issue.rule != KEPT) or issue.rule in ALWAYS:
            yield issue
