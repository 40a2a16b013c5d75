"""Acknowledgements: MSA with the decision, ERR with the findings, as the sender's version writes them.

HL7 v2 chapter 2: 2.9 (processing rules), 2.15 (ACK, MSA, ERR).
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from shared.hl7.compose import Value, compose, filled, segment, written
from shared.hl7.encoding import Encoding
from shared.hl7.message import Message
from shared.hl7.path import Path
from shared.hl7.reader import parse
from shared.hl7.segment import Raw, Segment
from shared.hl7.timestamp import local
from shared.issue import Issue, Verdict

Mode = Literal["by-message", "original"]

ERROR_CONDITIONS = {  # HL7 table 0357
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
HUB = "HUB"
ROUTE = ("1", "2", "3", "4", "5", "6", "11", "12", "18")  # of MSH: what senders say the same way in every message
MANY, LONG = 1024, 500  # so many of them are remembered, up to so many characters
ENHANCED = {"AA": "CA", "AE": "CE", "AR": "CR"}
SEVERITY = {"fatal": "E", "error": "E", "warning": "W", "information": "I"}  # HL7 table 0516
WANTED = {"NE": (), "ER": ("AE", "AR"), "SU": ("AA",)}  # HL7 table 0155: which decisions the sender wants to hear
_VERSION = re.compile(r"2\.[1-9](?:\.[1-9])?")
_BARE = "MSH|^~\\&|||||||||P|2.5"


def wants_answer(message: Message | None, verdict: Verdict, mode: Mode = "by-message") -> bool:
    """Whether MSH-15 asks to hear this decision; it does unless it says NE, ER or SU."""
    if message is None or mode == "original":
        return True
    return verdict.acknowledgement in WANTED.get(message["MSH-15"], ("AA", "AE", "AR"))


def acknowledge(message: Message | None, verdict: Verdict, received_at: str, mode: Mode = "by-message") -> bytes:
    """The acknowledgement of a message, or of a body that was none; the same inputs give the same bytes.

    Args:
        received_at: UTC, ISO 8601: MSH-7 of the answer.
        mode: ``by-message`` writes CA, CE or CR when MSH-15 or MSH-16 is valued; ``original`` never does.
    """
    asked = message or parse(_BARE)
    version = _version(asked)
    code = _code(asked, verdict, mode)
    header = _header(asked, message is None, received_at, version, code)
    errors = [issue for issue in verdict.issues if issue.severity != "information"]
    made = [header, _msa(asked, code, errors, version), *_err(asked, errors, version)]
    return compose(asked, made).encode()


def _version(message: Message) -> tuple[int, ...]:
    return _numbers(message["MSH-12"])


@lru_cache(maxsize=MANY)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in (version if _VERSION.fullmatch(version) else "2.5").split("."))


def _code(message: Message, verdict: Verdict, mode: Mode) -> str:
    enhanced = mode == "by-message" and (message["MSH-15"] or message["MSH-16"])
    return ENHANCED[verdict.acknowledgement] if enhanced else verdict.acknowledgement


def _header(message: Message, unread: bool, received_at: str, version: tuple[int, ...], code: str) -> Segment:
    msh = message["MSH"]
    route = tuple(map(msh.raw, ROUTE))
    frame = _frame if sum(map(len, route)) < LONG else _frame.__wrapped__
    fields = list(frame(message.encoding, unread, version, route, msh["9.2"]))
    fields[7], fields[10] = local(received_at, offset=True), _control_id(msh, received_at, code)
    return written("MSH", fields, message.encoding)


@lru_cache(maxsize=MANY)
def _frame(encoding: Encoding, unread: bool, version: tuple[int, ...], route: tuple[str, ...], event: str) -> tuple[str, ...]:
    """The fields of the header but for time and control id: the same for all messages of a sender, and made once."""
    sent = dict(zip(ROUTE, map(Raw, route), strict=True))
    values: dict[str, Value] = {
        "1": sent["1"],
        "2": sent["2"],
        "3": HUB if unread else sent["5"],
        "4": sent["6"],
        "5": sent["3"],
        "6": sent["4"],
        "9": _type(event, version),
        "11": sent["11"] or "P",
        "12": sent["12"] if _VERSION.fullmatch(sent["12"]) else "2.5",
        "18": sent["18"],
    }
    return tuple(filled(["MSH"], values, encoding))


def _type(event: str, version: tuple[int, ...]) -> tuple[str, ...]:
    """MSH-9: the structure is written from 2.3.1 on."""
    return ("ACK", event) if version < (2, 3, 1) else ("ACK", event, "ACK")


def _control_id(msh: Segment, received_at: str, code: str) -> str:
    """20 characters, which every version takes; made of what the answer is made of."""
    named = "\r".join((msh.raw("3"), msh.raw("4"), msh.raw("10"), received_at, code))
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:20].upper()


def _msa(message: Message, code: str, issues: Sequence[Issue], version: tuple[int, ...]) -> Segment:
    """MSA-3 (text) until it was withdrawn in 2.7; MSA-6 (condition) until ERR-3 took its place in 2.5."""
    first = next((issue for issue in issues if issue.is_error), None)
    values: dict[str, Value] = {"1": code, "2": message.raw("MSH-10")}
    if first and version < (2, 7):
        values["3"] = first.text[:80]
    if first and version < (2, 5):
        values["6"] = _condition(first)
    return segment("MSA", values, like=message)


def _condition(issue: Issue) -> tuple[str, ...]:
    return (issue.condition, ERROR_CONDITIONS.get(issue.condition, ""), "HL70357")


def _err(message: Message, issues: Sequence[Issue], version: tuple[int, ...]) -> list[Segment]:
    if version >= (2, 5):
        return [_err_2_5(message, issue) for issue in issues]
    errors = [issue for issue in issues if issue.is_error]  # ERR-1 has no severity: a warning would read as an error
    return [segment("ERR", {"1": [_eld(issue) for issue in errors]}, like=message)] if errors else []


def _eld(issue: Issue) -> tuple[str | tuple[str, ...], ...]:
    """ERR-1 before 2.5: segment, sequence, field, and the condition as subcomponents."""
    path = _path(issue)
    place = (path.segment, str(path.occurrence), str(path.place.field or "")) if path else ("", "", "")
    return (*place, _condition(issue))


def _err_2_5(message: Message, issue: Issue) -> Segment:
    path = _path(issue)
    values: dict[str, Value] = {
        "2": tuple(path.erl().split("^")) if path else None,
        "3": _condition(issue),
        "4": SEVERITY[issue.severity],
        "5": (issue.rule, "", "L") if issue.rule else None,
        "7": issue.clause,
        "8": issue.text[:250],
    }
    return segment("ERR", values, like=message)


def _path(issue: Issue) -> Path | None:
    try:
        return Path.parse(issue.where)
    except ValueError:
        return None
