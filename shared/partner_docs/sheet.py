"""The interface sheet of an integration: what a partner needs to know to send, made from the declaration.

The texts are Markdown: the generated documents and the pages of ``/api/docs`` have the same ones.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from shared import formats
from shared.envelope import LARGEST
from shared.formats.documented import Link, contents, described, profiles, variants
from shared.intake.inbox.files import file_trigger, folder, home
from shared.integration import EventGrid, Http, Integration, Queue
from shared.partner_docs import promises
from shared.partner_docs.statuses import ANSWERS, AT_THE_DOOR
from shared.validation.policy import Listed


class Section(NamedTuple):
    """One section of a sheet, in Markdown."""

    title: str
    text: str


def sections(integration: Integration, link: Link, *, rules: bool = True) -> Iterator[Section]:
    """Every section in order. ``link``: the address of a file, such as a schema. ``rules``: with the table of rules."""
    yield Section("How to send", "\n".join(f"- {line}" for line in ways_in(integration)))
    yield Section("What is accepted", "\n".join(f"- {line}" for line in described(integration.source)))
    yield Section("What is checked", checks(integration.profile, link, rules=rules))
    if forms := variants(integration.source):
        rows = "\n".join(f"- `{rule}`: {text}" for rule, text in forms.items())
        yield Section("Variants that are accepted", f"Each with a finding of severity information:\n\n{rows}")
    yield Section("What is answered", "\n".join(answers(integration)))
    yield Section("What you can expect", promises.table(promises.service(integration)))
    yield Section("Limits", promises.table(promises.limits(integration)))


def ways_in(integration: Integration) -> Iterator[str]:
    """One line for each trigger."""
    name = integration.name
    for trigger in integration.triggers:
        if isinstance(trigger, Http):
            yield f"`POST /api/v1/{name}`, with your key in `x-hub-key`, your client certificate or an Entra token"
        elif isinstance(trigger, Queue):
            yield f"the storage queue `{name}-in`: the message, raw or in base64; acknowledgements come to `{name}-replies`"
            blob = f"{home(integration)}NAME"
            yield f'above 64 KiB: a blob `{blob}` of the container `inbox`, and `{{"blob": "{blob}"}}` on that queue'
        elif isinstance(trigger, EventGrid):
            yield from _events(integration, trigger)


def _events(integration: Integration, trigger: EventGrid) -> Iterator[str]:
    if file_trigger(integration) is not trigger:
        yield f"Event Grid events of type {', '.join(f'`{kind}`' for kind in trigger.types)}"
        return
    largest = f"up to {LARGEST >> 20} MB"
    yield f"a file in the container `inbox`, folder `{folder(trigger)}`, {largest}; the name is treated as content"
    if trigger.pairs:
        both = " and ".join(f"`NAME.{extension}`" for extension in trigger.pairs)
        yield f"{both} belong together, in either order: if one waits for 15 minutes, the integration team gets an alert"
    yield f"acknowledgements come to the storage queue `{integration.name}-replies`"


def checks(profile: Any, link: Link, *, rules: bool) -> str:
    """Structures and rules of each profile, each rule with its class and severity."""
    parts = []
    for each in profiles(profile):
        listed = _rules(each.listed()) if rules and hasattr(each, "listed") else []
        parts.append("\n".join([*contents(each, link), "", *listed]))
    return "\n\n".join(parts)


CLASSES = (
    "A rule of class *safety* or *destination* refuses the message. One of class *quality* warns: the message is accepted, and\n"
    "the warning is counted. The owner of the integration can decide that a quality rule refuses; the table then shows it.\n"
)


def _rules(listed: Iterable[Listed]) -> list[str]:
    """Every rule with its class, the reason for it, its severity here, and an example of a breach."""
    rows = [
        f"| `{each.rule}` | {_cell(each.text)} | {each.policy.rule_class} | {each.severity} "
        f"| {_cell(each.policy.example)} | {_cell(each.policy.reason)} |"
        for each in listed
    ]
    head = ["| Rule | Requirement | Class | Severity | Example of a breach | Why |", "|---|---|---|---|---|---|"]
    return [CLASSES, *head, *rows]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def answers(integration: Integration) -> Iterator[str]:
    """The acknowledgement and the statuses."""
    yield f"An error is answered `{integration.refusal}`; a wrong version, sender or type `AR`; anything else `AA`."
    again = "delivered again" if integration.on_resend == "deliver" else "answered with the first acknowledgement"
    yield f"The same message sent again is {again}. No answer quotes your message.\n"
    if any(isinstance(trigger, Http) for trigger in integration.triggers):
        yield "With `Accept-Language: cy`, an OperationOutcome is in Welsh and in English: [rules](../rules.md).\n"
        yield from (f"- `{status}` {text}" for status, text in statuses(integration).items())
    else:
        fields = "`message_id`, `status`, `content_type`, `acknowledgement`"
        yield f"Each is a JSON object on the queue `{integration.name}-replies`: {fields}."


def statuses(integration: Integration) -> dict[str, str]:
    """What each HTTP status means for a sender of this integration, in order."""
    forms = formats.of(integration.source)
    own = {status: text for form in forms for status, text in form.statuses.items()}
    given = AT_THE_DOOR.union(*(form.answered_as for form in forms))
    return {status: text for status, text in sorted({**ANSWERS, **own}.items()) if status in given}
