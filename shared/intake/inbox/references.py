"""References: the name of a blob as a queue message or an event gives it, checked before any request to storage.

Storage clients normalise names: ``../content/x`` is in another container. So a reference is checked as text, and one that
is not plainly a name in the integration's own folder is answered and recorded, never looked up and never tried again.
"""

import re
import unicodedata
from dataclasses import replace

from shared.envelope import Envelope
from shared.hub import Hub
from shared.intake import replies
from shared.intake.answers import reject
from shared.intake.decide import Decision
from shared.intake.inbox.files import home
from shared.integration import Integration
from shared.issue import Issue, Verdict

NOT_OWN = Issue(
    severity="error",
    code="not-supported",
    text="the blob named is not in this integration's folder of the inbox",
    rule="reference-not-own",
    hl7="207",
)
LONGEST = 1024  # characters of a blob's name, as Azure has it
FORBIDDEN = re.compile(r"\.\.|//|[%\\]|(?:^|/)\./|/\.?$")
INVISIBLE = ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp")  # Unicode categories: controls, marks of direction, halves of pairs


def is_own(integration: Integration, name: str) -> bool:
    """Whether a name is one in the integration's folder of the inbox, and cannot be read as anything else.

    Refused: ``..``, an empty part or ``.``, ``%``, backslash, control and invisible characters, more than 1,024 characters.
    """
    folder = home(integration)
    return (
        name.startswith(folder)
        and len(folder) < len(name) <= LONGEST
        and not FORBIDDEN.search(name)
        and not any(unicodedata.category(each) in INVISIBLE for each in name)
    )


async def refuse(integration: Integration, envelope: Envelope, hub: Hub) -> None:
    """Record a reference that is not followed, with what was sent, and answer it. Raises ``Unavailable``."""
    verdict = Verdict("AR", (NOT_OWN,))
    answer = integration.source.acknowledge(replace(envelope, body=b""), None, verdict)
    await replies.send(integration, await reject(integration, envelope, Decision(verdict, answer), hub), hub)
