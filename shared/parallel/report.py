"""What the engine that is being replaced reports of one message: its output, by queue or by HTTP.

Its HL7 v2 output as it is, with the control id of the message that it made it from in MSH-10; or with that id in the header
``x-control-id``, any output; or a JSON object, as in the files of recorded pairs: ``{"control_id": "X", "out": "MSH|..."}``.
``out`` may be a list, or null when it sent nothing; ``out_base64`` holds bytes that are not UTF-8; ``ack`` is what it answered.
"""

import base64
import binascii
from typing import Any, NamedTuple

import orjson

from shared.hl7 import ParseError, parse
from shared.parallel.made import Made

ACCEPTS = ("AA", "CA")
LONGEST = 256  # characters of a control id


class Unreadable(ValueError):
    """It is not a report, or names no message; the text names which of the two, and holds nothing of it."""


class Report(NamedTuple):
    """The control id of the message, and what the old engine made of it."""

    control_id: str
    made: Made


def read(body: bytes, control_id: str = "") -> Report:
    """A report; ``control_id``: of the header. Raises ``Unreadable``."""
    if control_id:
        return _checked(control_id, Made(accepted=bool(body), bodies=(body,) if body else ()))
    if body.lstrip()[:1] == b"{":
        return _object(body)
    return _checked(_control_of(body), Made(accepted=True, bodies=(body,)))


def _checked(control_id: Any, made: Made) -> Report:
    if not isinstance(control_id, str) or not 0 < len(control_id) <= LONGEST:
        raise Unreadable("no control id: MSH-10, the header x-control-id, or control_id")
    return Report(control_id, made)


def _control_of(body: bytes) -> str:
    try:
        return parse(body)["MSH-10"]
    except (ParseError, ValueError, LookupError):
        raise Unreadable("neither HL7 v2 nor a JSON object") from None


def _object(body: bytes) -> Report:
    try:
        report: dict[str, Any] = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unreadable("not JSON") from None
    if not {"out", "out_base64"} & report.keys():
        raise Unreadable("out is missing: the output, or null when nothing was sent")
    bodies = _bodies(report)
    accepted = str(report["ack"]) in ACCEPTS if report.get("ack") else bool(bodies)
    return _checked(report.get("control_id"), Made(accepted=accepted, bodies=bodies if accepted else ()))


def _bodies(report: dict[str, Any]) -> tuple[bytes, ...]:
    """The outputs. Raises ``Unreadable``: neither texts nor null."""
    is_plain = "out" in report
    value = report["out"] if is_plain else report["out_base64"]
    listed = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in listed):
        raise Unreadable("out is a text, a list of texts, or null")
    try:
        return tuple(each.encode() if is_plain else base64.b64decode(each, validate=True) for each in listed)
    except (binascii.Error, UnicodeEncodeError):
        raise Unreadable("out cannot be decoded") from None
