"""What a partner may expect of an integration, and its limits: read from the declaration and from the code that enforces them."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from shared import bounds, formats
from shared.budget import SMALL
from shared.delivery.load import LONGEST_WAIT
from shared.envelope import LARGEST
from shared.hub import Timing
from shared.intake import admission, patience
from shared.intake.triggers import self_test
from shared.integration import EventGrid, Http, Integration, Queue

DAY = 86_400  # seconds
Row = tuple[str, str]  # what, and how much


def table(rows: Iterable[Row]) -> str:
    """A table of two columns, in Markdown."""
    return "\n".join(["| What | Value |\n|---|---|", *(f"| {one} | {text} |" for one, text in rows)])


def service(integration: Integration) -> Iterator[Row]:
    """Times, retention and support, as the integration declares them."""
    declared, kept, delivery = integration.service, integration.retention, integration.delivery
    yield "acceptance", "day and night, every day; an answer AA or 202 means that the message is stored"
    if any(isinstance(each, Http) for each in integration.triggers):
        yield (
            "longest time to an answer",
            f"if storage does not answer, `503` after about {Timing().storage_patience:g} seconds; so wait longer than that "
            "before you send again",
        )
        yield (
            "order",
            "a patient's messages are delivered in the order in which they were accepted. After `429`, `500`, `503` or no "
            "answer, send the same message again until it is accepted, and only then the patient's next one",
        )
    yield (
        "delivery",
        f"95 of 100 messages within {declared.within:g} seconds of the acknowledgement, if the destination is available",
    )
    if delivery.per_minute:
        yield "pace of the destination", f"{delivery.per_minute} messages a minute; more are accepted, and wait"
    yield (
        "a destination that is unavailable",
        f"the message waits and is sent again, for {span(delivery.expires)} at most; after {delivery.attempts} attempts that "
        "failed because of the message it becomes a dead letter",
    )
    then = "the patient's later messages wait" if delivery.on_dead == "hold" else "the patient's later messages are delivered"
    yield "a dead letter", f"the integration team gets an alert and acts; meanwhile {then}"
    yield "the same message again", f"recognised for {days(kept.receipts)}"
    yield "content", f"deleted when the message is delivered; of a dead letter after {days(kept.dead_content)}"
    if integration.subscribers:
        yield "a message for subscribers", f"kept until each has read it, for {days(kept.published)} at most"
    yield "status and history, without content", f"kept for {days(kept.metadata)}"
    yield "support", f"{declared.support}: {integration.owner}"


def limits(integration: Integration) -> Iterator[Row]:
    """How large and how many; with the status that answers what exceeds it."""
    is_http = any(isinstance(each, Http) for each in integration.triggers)
    yield (
        "body or file",
        f"{size(LARGEST)}, compressed and decompressed" + ("; a larger one is answered `413`" if is_http else ""),
    )
    if any(isinstance(each, Queue) for each in integration.triggers):
        yield "message of the queue", f"{size(patience.ROOM)}; a larger one is sent as a blob"
    if any(isinstance(each, EventGrid) and each.pairs for each in integration.triggers):
        yield "document inside its message", f"{size(Timing().inline)}; a larger one is streamed from its file"
    is_table = any(form.name == "csv" for form in formats.of(integration.source))
    if is_table:
        yield "rows of a file", f"{bounds.ROWS:,}; a file with more is refused"
    elif any(form.batch for form in formats.of(integration.source)):
        yield "messages in a batch file", "no limit of its own: the size of the file"
    yield "sender, facility and control id", f"{bounds.IDENTIFIER} characters each"
    many = bounds.TABLE_FINDINGS if is_table else bounds.FINDINGS
    of = ("of rejected rows", "of accepted ones") if is_table else ("errors", "others")
    yield "findings in an answer", f"{many:,} {of[0]} and {many:,} {of[1]}; the rest is counted"
    if is_http:
        yield from rates()


def rates() -> Iterator[Row]:
    """What is answered 429. Each limit is counted by one instance of the hub; there may be several."""
    yield (
        "messages",
        f"no fixed rate; `429` with `Retry-After` if the next one would wait longer than {LONGEST_WAIT:g} seconds for its first "
        "attempt",
    )
    yield (
        f"messages of more than {size(SMALL)}",
        "as many as the memory of the hub allows; `429` with `Retry-After` for one more, while smaller ones are still accepted",
    )
    yield (
        "refused calls (401, 403)",
        f"{admission.LIMIT} of a caller in {admission.WINDOW:g} seconds; then `429` in place of them",
    )
    yield "self-tests", f"{self_test.A_MINUTE} of a partner in {admission.WINDOW:g} seconds; then `429`"
    large = size(self_test.LARGE)
    yield f"self-tests of more than {large}", f"one at a time; `429` and {self_test.LARGE_WAIT} seconds for the next one"


def days(count: float) -> str:
    """A number of days.

    >>> days(14), days(1)
    ('14 days', '1 day')
    """
    return f"{count:g} day" + ("" if count == 1 else "s")


def span(seconds: float) -> str:
    """Seconds as days where they are whole days, and as hours, minutes and seconds otherwise.

    >>> span(7 * 86400), span(5400)
    ('7 days', '1:30:00')
    """
    return days(seconds / DAY) if seconds % DAY == 0 else str(timedelta(seconds=seconds))


def size(count: int) -> str:
    """A number of bytes in the largest unit that divides it, and exactly.

    >>> size(100 * 1024 * 1024), size(262144)
    ('100 MiB (104,857,600 bytes)', '256 KiB (262,144 bytes)')
    """
    unit, by = ("MiB", 20) if count % (1 << 20) == 0 else ("KiB", 10)
    return f"{count >> by:,} {unit} ({count:,} bytes)"
