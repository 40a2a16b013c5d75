"""Acknowledgements: MSA with the decision and ERR with the issues, in the HL7 version of the sender.

HL7 v2 chapter 2: 2.9 (processing rules), 2.15 (ACK, MSA, ERR).
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from shared.hl7.compose import Value, compose, fill_fields, segment, segment_from_fields
from shared.hl7.message import Message
from shared.hl7.reader import parse
from shared.hl7.repetition import Raw
from shared.hl7.segment import Segment
from shared.hl7.syntax.encoding import Encoding
from shared.hl7.syntax.path import Path
from shared.hl7.syntax.timestamp import local
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
ROUTE = ("1", "2", "3", "4", "5", "6", "11", "12", "18")  # fields of MSH that are the same in every message of a sender
MANY, LONG = 1024, 500  # size of the cache of headers; longest header that is cached, in characters
ENHANCED = {"AA": "CA", "AE": "CE", "AR": "CR"}
SEVERITY = {"fatal": "E", "error": "E", "warning": "W", "information": "I"}  # HL7 table 0516
REQUESTED = {"NE": (), "ER": ("AE", "AR"), "SU": ("AA",)}  # HL7 table 0155: decisions for which the sender requests an answer
_VERSION = re.compile(r"2\.[1-9](?:\.[1-9])?")
_BARE = "MSH|^~\\&|||||||||P|2.5"


def wants_answer(message: Message | None, verdict: Verdict, mode: Mode = "by-message") -> bool:
    """Whether MSH-15 requests an answer with this decision. Without NE, ER or SU it requests every answer."""
    if message is None or mode == "original":
        return True
    return verdict.acknowledgement in REQUESTED.get(message["MSH-15"], ("AA", "AE", "AR"))


def acknowledge(message: Message | None, verdict: Verdict, received_at: str, mode: Mode = "by-message") -> bytes:
    """The acknowledgement of a message, or of a body that is not a message (``None``). The same arguments give the same bytes.

    Args:
        received_at: UTC, ISO 8601: MSH-7 of the answer.
        mode: ``by-message`` writes CA, CE or CR if MSH-15 or MSH-16 has a value; ``original`` never does.
    """
    original = message or parse(_BARE)
    version = _numbers(original["MSH-12"])
    is_enhanced = mode == "by-message" and (original["MSH-15"] or original["MSH-16"])
    code = ENHANCED[verdict.acknowledgement] if is_enhanced else verdict.acknowledgement
    header = _header(original, message is None, received_at, version, code)
    errors = [issue for issue in verdict.issues if issue.severity != "information"]
    segments = [header, _msa(original, code, errors, version), *_err(original, errors, version)]
    return compose(original, segments).encode()


@lru_cache(maxsize=MANY)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in (version if _VERSION.fullmatch(version) else "2.5").split("."))


def _header(message: Message, unread: bool, received_at: str, version: tuple[int, ...], code: str) -> Segment:
    msh = message["MSH"]
    route = tuple(map(msh.raw, ROUTE))
    frame = _frame if sum(map(len, route)) < LONG else _frame.__wrapped__
    fields = list(frame(message.encoding, unread, version, route, msh["9.2"]))
    fields[7], fields[10] = local(received_at, offset=True), _control_id(msh, received_at, code)
    return segment_from_fields("MSH", fields, message.encoding)


@lru_cache(maxsize=MANY)
def _frame(encoding: Encoding, unread: bool, version: tuple[int, ...], route: tuple[str, ...], event: str) -> tuple[str, ...]:
    """The fields of the header except time and control id: the same for all messages of a sender, so they are cached."""
    sent = dict(zip(ROUTE, map(Raw, route), strict=True))
    values: dict[str, Value] = {
        "1": sent["1"],
        "2": sent["2"],
        "3": HUB if unread else sent["5"],
        "4": sent["6"],
        "5": sent["3"],
        "6": sent["4"],
        "9": ("ACK", event) if version < (2, 3, 1) else ("ACK", event, "ACK"),  # MSH-9.3 is new in 2.3.1
        "11": sent["11"] or "P",
        "12": sent["12"] if _VERSION.fullmatch(sent["12"]) else "2.5",
        "18": sent["18"],
    }
    return tuple(fill_fields(["MSH"], values, encoding))


def _control_id(msh: Segment, received_at: str, code: str) -> str:
    """20 characters, which every version allows: a hash, so that the same answer has the same control id."""
    named = "\r".join((msh.raw("3"), msh.raw("4"), msh.raw("10"), received_at, code))
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:20].upper()


def _msa(message: Message, code: str, issues: Sequence[Issue], version: tuple[int, ...]) -> Segment:
    """MSA-3 (text) before 2.7, which withdrew it; MSA-6 (condition) before 2.5, where ERR-3 replaces it."""
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
