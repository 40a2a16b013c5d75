"""HL7 v2 as a source: which messages an integration accepts, and how it answers them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from shared import formats
from shared.envelope import Answer, Envelope, Identity
from shared.formats.hl7v2 import FORMAT
from shared.formats.media import FHIR_JSON, FHIR_XML, JSON, chosen
from shared.hl7 import Message, ParseError, compose, header, parse, replace
from shared.hl7.ack import Mode, acknowledge, wants_answer
from shared.hl7.structure import event, structures
from shared.hl7.syntax.timestamp import local
from shared.issue import Issue, Verdict
from shared.problems import Unsupported
from shared.validation.repairs import TEXTS, repair


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Hl7:
    """Messages of these versions, senders and types.

    Args:
        versions: MSH-12, compared as sent. senders: the sender, compared as sent; empty accepts any.
        sender_at: where the sender is: the first of these paths that has a value.
        messages: ``ADT^A28``, with the default structure in MSH-9.3 or none, or ``ADT^A40^ADT_A40`` for another structure.
        stamp: an absent MSH-7 gets the time of receipt, with a warning.
        charset_default: the character set of bytes above 127 if MSH-18 is absent and they are not UTF-8.
        mode: ``original`` answers every message with AA, AE or AR; MSH-15 and MSH-16 are ignored.
        as_meant: other forms of dates, codes and NHS Numbers are read as what they mean, each a recorded repair.
    """

    versions: tuple[str, ...]
    senders: tuple[str, ...] = ()
    sender_at: tuple[str, ...] = ("MSH-3",)
    messages: tuple[str, ...] = ()
    stamp: bool = False
    charset_default: str = "latin-1"
    mode: Mode = "by-message"
    as_meant: bool = True
    format: str = FORMAT.name

    def read(self, envelope: Envelope) -> Message:
        """The message. ``Unsupported``: not HL7 v2, or of another version, sender or type."""
        return self.accepted(self.parsed(envelope.body), envelope)

    def accepted(self, message: Message, envelope: Envelope) -> Message:
        """The message as it is meant. ``Unsupported``: it is of another version, sender or type."""
        if self.as_meant:
            message = repair(message)
        issues = [issue for check in (self._version, self._sender, self._type) if (issue := check(message))]
        if issues:
            raise Unsupported(*issues)
        return _stamped(message, envelope.received_at) if self.stamp and not message["MSH-7"] else message

    def parsed(self, body: bytes) -> Message:
        """The message of a body as it was sent. ``Unsupported``: it is not HL7 v2."""
        return readable(lambda: parse(body, self.charset_default))

    def header(self, body: bytes) -> Message | None:
        """The message, or as much of its header as an acknowledgement needs; ``None`` without one."""
        try:
            return parse(body, self.charset_default)
        except ParseError:
            return header(body, self.charset_default)

    def _version(self, message: Message) -> Issue | None:
        if message.raw("MSH-12") in self.versions:
            return None
        return Issue(
            severity="error",
            code="not-supported",
            where="MSH-12",
            text="this version is not accepted here",
            rule="version",
            hl7="203",
        )

    def _sender(self, message: Message) -> Issue | None:
        if not self.senders or self._sender_of(message) in self.senders:
            return None
        return Issue(
            severity="error",
            code="not-supported",
            where=self.sender_at[0],
            text="this sender is not accepted here",
            rule="sender",
            hl7="207",
        )

    def _sender_of(self, message: Message) -> str:
        return next((str(text) for path in self.sender_at if (text := message.raw(path))), "")  # str: storage takes plain text

    def _type(self, message: Message) -> Issue | None:
        named, structure = event(message), message["MSH-9.3"]
        known = _structures(self.messages).get(named)
        if known is None:
            return self._unknown_type(message["MSH-9.1"])
        if not structure or structure in known:
            return None
        text = "this structure does not belong to the event"
        return Issue(
            severity="error",
            code="not-supported",
            where="MSH-9.3",
            text=text,
            rule="message-type",
            clause="HL7 table 0354",
            hl7="200",
        )

    def _unknown_type(self, code: str) -> Issue:
        if any(message.split("^")[0] == code for message in self.messages):
            text = "this event is not accepted here"
            return Issue(
                severity="error",
                code="not-supported",
                where="MSH-9.2",
                text=text,
                rule="message-type",
                clause="HL7 table 0003",
                hl7="201",
            )
        text = "this type of message is not accepted here"
        return Issue(
            severity="error",
            code="not-supported",
            where="MSH-9.1",
            text=text,
            rule="message-type",
            clause="HL7 table 0076",
            hl7="200",
        )

    def repairs(self, content: Message) -> Sequence[Issue]:
        return content.repairs

    def identity(self, content: Message, envelope: Envelope) -> Identity:
        facility = str(content.raw("MSH-4"))
        return Identity(sender=self._sender_of(content), facility=facility, control_id=content["MSH-10"])

    def places(self, content: object) -> Identity:
        return Identity(sender=self.sender_at[0], facility="MSH-4", control_id="MSH-10")

    def is_synthetic(self, content: Message) -> bool:
        return content["MSH-11"] in ("T", "D")

    def types(self) -> tuple[str, ...]:
        """The types of message with their events, each once: one with two structures is one type."""
        return tuple(_structures(self.messages))

    def type_of(self, content: Message) -> str:
        """The type and event of a message."""
        return event(content)

    def described(self) -> list[str]:
        """What is accepted, for the interface sheet."""
        senders = f" from {', '.join(self.senders)} ({', else '.join(self.sender_at)})" if self.senders else ""
        return [f"HL7 v2 {' or '.join(self.versions)}{senders}: {', '.join(self.messages)}"]

    def variants(self) -> Mapping[str, str]:
        """Other forms of values that are accepted, by the rule of the repair, for the interface sheet."""
        return TEXTS if self.as_meant else {}

    def acknowledge(self, envelope: Envelope, content: Message | None, verdict: Verdict) -> Answer:
        """An acknowledgement, or an OperationOutcome if ``Accept`` requests JSON; 204 if MSH-15 requests none."""
        message = content if content is not None else self.header(envelope.body)
        offers = formats.answers(self)
        media = chosen(envelope.headers.get("accept", ""), offers) or offers[0]
        if media in (FHIR_JSON, FHIR_XML, JSON):
            return _outcome(verdict, media, envelope)
        status = _failure(verdict) or 200
        if status == 200 and not wants_answer(message, verdict, self.mode):
            return Answer(status=204, content_type="", body=b"")
        body = acknowledge(message, verdict, envelope.received_at, self.mode)
        return Answer(status=status, content_type=media, body=self.written(body, media))

    def written(self, acknowledgement: bytes, media: str) -> bytes:
        """An acknowledgement in a media type of the answers."""
        return acknowledgement


@cache
def _structures(messages: tuple[str, ...]) -> dict[str, set[str]]:
    """The structures that each event may have."""
    found: dict[str, set[str]] = {}
    for message in messages:
        named, structure = "^".join(message.split("^")[:2]), "".join(message.split("^")[2:])
        found.setdefault(named, set()).update({structure} if structure else structures(named))
    return found


def readable(read: Callable[[], Message]) -> Message:
    """The message that a reader gives. ``Unsupported``: it raised ``ParseError``."""
    try:
        return read()
    except ParseError as error:
        code, clause = ("too-long", "") if error.rule == "too-much" else ("structure", "HL7 v2.5.1 2.15.9")
        raise Unsupported(
            Issue(severity="fatal", code=code, where=error.where, text=str(error), rule=error.rule, clause=clause, hl7="100")
        ) from None


def _stamped(message: Message, received_at: str) -> Message:
    header = replace(message["MSH"], {"7": local(received_at)})
    text = "MSH-7 is absent: the time of receipt is used"
    recorded = Issue(
        severity="warning", code="required", where="MSH-7", text=text, rule="message-time", clause="HL7 v2.5.1 2.15.9.7"
    )
    return compose(message, [header, *message.segments()[1:]]).repaired(recorded)


def _failure(verdict: Verdict) -> int:
    """503 if storage is unavailable, 500 if the hub failed, 0 if a verdict was reached."""
    codes = {issue.code for issue in verdict.issues if issue.is_error}
    return 503 if "transient" in codes else 500 if "exception" in codes else 0


def _outcome(verdict: Verdict, media: str, envelope: Envelope) -> Answer:
    from shared.formats.outcome import outcome_answer, preferred_by

    status = _failure(verdict) or (202 if verdict.accepted else 422)
    return outcome_answer(status, verdict.issues, media, preferred_by(envelope))
