"""The acknowledgement of a message, read as leniently as receivers write it, and the control id that it names."""

from typing import NamedTuple

from shared.destinations.wire.framing import BadFrame

LONGEST_DETAIL = 2000


class Reply(NamedTuple):
    """An acknowledgement: MSA-1, MSA-2, and the text of MSA-3 and ERR."""

    code: str
    control_id: str
    detail: str


def read_reply(data: bytes) -> Reply:
    """The acknowledgement in a frame, which may have other errors. ``BadFrame``: there is no MSA."""
    segments = _segments(data)
    message_acknowledgement = next((s for s in segments if s[0] == "MSA" and len(s) > 2), None)
    if message_acknowledgement is None:
        raise BadFrame("no acknowledgement")
    _, code, control, *text = message_acknowledgement
    errors = ["|".join(s) for s in segments if s[0] == "ERR"]
    detail = "\n".join([*text[:1], *errors]).strip()[:LONGEST_DETAIL]
    return Reply(code.strip(), control.strip(), detail.encode("utf-8", "replace").decode())


def control_id(body: bytes) -> str:
    """MSH-10 as it is sent, with its escapes, because a receiver echoes it so. ``""`` if it is absent."""
    begin = body.find(b"MSH")
    ends = [end for end in (body.find(b"\r", begin), body.find(b"\n", begin)) if end > 0]
    header = _segments(body[max(begin, 0) : min(ends, default=len(body))])[0]
    return header[9].strip() if header[0] == "MSH" and len(header) > 9 else ""


def _segments(data: bytes) -> list[list[str]]:
    text = data.decode("utf-8", "surrogateescape").lstrip("\ufeff \r\n")
    separator = text[3:4] if text.startswith("MSH") else "|"
    return [segment.split(separator or "|") for segment in text.replace("\n", "\r").split("\r")]
