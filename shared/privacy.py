"""Keyed hashes, and which texts of a caller may be stored: a lane, patient or id can be found without being readable."""

import hashlib
import hmac
import re
from collections.abc import Iterator

from shared.settings import in_azure, required, setting
from shared.validation.nhs_number import is_nhs_number

KEY_VERSION = "1"
PIECE = 64 * 1024  # bytes of a body that are hashed at a time
HASHED = "hash-"
WITHHELD = "(withheld)"
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PLACE = re.compile(r"[A-Za-z0-9_.:/~()\[\]-]{1,200}")
FORM = re.compile(r"[A-Za-z0-9._-]{1,36}")
UUID = re.compile(r"(urn:uuid:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
HASH = re.compile(rf"{HASHED}(?=[0-9a-f]*[a-f])[0-9a-f]{{32}}")
MESSAGE_ID = re.compile(r"[A-Za-z0-9]{1,8}-[0-9a-f]{32}\.(0|[0-9a-f]{32}(-[0-9a-f]{16})?)")  # lane and receipt, which are hashes
TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
DIGITS = re.compile(r"[0-9]{10,}")
PRINTED = re.compile(r"(?=([0-9]{3})[._-]([0-9]{3})[._-]([0-9]{4}))")  # 3-3-4, the printed format of the NHS Number
MOST_GROUPS = 10  # of one digit each
GROUPS = re.compile(r"(?<![0-9])[0-9]+(?:[._-][0-9]+)+")  # only from the start of a run of digits, so that the time is linear
# A time stamp is not searched for an NHS Number: by chance, half of those with 17 digits contain a valid one.
STAMP = re.compile(r"20[0-3][0-9](0[1-9]|1[0-2])([0-2][0-9]|3[01])([01][0-9]|2[0-3])([0-5][0-9]){2}([0-9]{3})?")


def keyed(kind: str, text: str) -> str:
    """HMAC-SHA-256 of a value, cut to 32 hexadecimal digits. ``kind`` gives the same value different hashes in different uses.

    The key is the setting ``HUB_HASH_KEY``. It may change only when all lanes are empty, together with ``HUB_HASH_KEY_VERSION``.
    A character that UTF-8 cannot encode (half of a surrogate pair, from a JSON escape) is hashed as it is.
    """
    key = required("HUB_HASH_KEY") if in_azure() else setting("HUB_HASH_KEY", "a key for this machine alone")
    return hmac.new(key.encode(), f"{kind}\0{text}".encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:32]


def handing_over(*parts: str) -> str:
    """The id of one handing-over: 16 hexadecimal digits; ``""`` if the last part, its own id, is not known."""
    return keyed("handed", "\0".join(parts))[:16] if parts[-1] else ""


def lane_hash(lane: str) -> str:
    """The partition of a lane: version of the key and hash, never the value."""
    return f"{setting('HUB_HASH_KEY_VERSION', KEY_VERSION)}-{keyed('lane', lane)}"


def digest(body: bytes) -> str:
    """SHA-256 of a body with equal line ends, so that a body whose CR a queue changed to LF is not a new message.

    Line ends at its end do not count. A large body is read in pieces, so that no copy of it is made.
    """
    read, ends = hashlib.sha256(), 0  # ``ends``: line ends that count only if something follows
    for start in range(0, len(body), PIECE):
        piece = body[start : start + PIECE]
        if piece[:1] == b"\n" and body[start - 1 : start] == b"\r":
            piece = piece[1:]  # one line end, which was counted with the piece before
        equal = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        kept = equal.rstrip(b"\n")
        if kept:
            read.update(b"\n" * ends + kept)
            ends = 0
        ends += len(equal) - len(kept)
    return read.hexdigest()


def chosen(kind: str, text: str) -> str:
    """The form in which an id from a caller or a destination is stored and shown.

    Returns:
        The text itself if it has the form of an id; ``""`` for ``""``; otherwise ``hash-`` and its keyed hash, which a search
        for the original text finds (:func:`search_hash`). A caller's text in the form of a hash or message id of the hub is
        hashed too: 32 hexadecimal digits can contain a number or a word.

    >>> chosen("control", "MSG00001"), chosen("control", "20260501093000"), chosen("correlation", "")
    ('MSG00001', '20260501093000', '')
    >>> chosen("control", "Jones 9990000018").startswith("hash-")
    True
    """
    return text if not text or is_identifier(text) else f"{HASHED}{keyed(kind, text)}"


def shown(kind: str, text: str) -> str:
    """The same for a text from a row of the hub: a hash or a message id stays unchanged.

    >>> shown("control", chosen("control", "a b")) == chosen("control", "a b")
    True
    """
    return text if HASH.fullmatch(text) or MESSAGE_ID.fullmatch(text) else chosen(kind, text)


def search_hash(kind: str, text: str) -> str:
    """The keyed hash of an id in the search index, from the original text or the result of :func:`shown`."""
    return text.removeprefix(HASHED) if HASH.fullmatch(text) else keyed(kind, text)


def is_identifier(text: str) -> bool:
    """Whether a text is a UUID, or 1 to 36 of ``A-Z a-z 0-9 . _ -``, and contains no NHS Number.

    >>> is_identifier("0b2e8f3a-5d64-4a8e-9d0c-2f1b7c6a9e10"), is_identifier("x-999-000-0018"), is_identifier("Siân")
    (True, False, False)
    """
    is_uuid = UUID.fullmatch(text) is not None
    return (is_uuid or FORM.fullmatch(text) is not None) and not any(map(is_nhs_number, _tens(text, runs_only=is_uuid)))


def holds_nhs_number(text: str) -> bool:
    """Whether any ten digits, in a row or in groups with separators, are a valid NHS Number.

    >>> holds_nhs_number("A9990000018B"), holds_nhs_number("999-000-0018"), holds_nhs_number("20260501093000")
    (True, True, False)
    """
    return any(map(is_nhs_number, _tens(text, runs_only=False)))


def code(text: str) -> str:
    """A code or rule id, if the text has the form of one; ``(withheld)`` for any other text.

    >>> code("http-503"), code("patient unknown"), code("")
    ('http-503', '(withheld)', '')
    """
    return text if not text or (CODE.fullmatch(text) and not holds_nhs_number(text)) else WITHHELD


def place(text: str) -> str:
    """A path in a message, if the text has the form of one; ``(withheld)`` for any other text.

    >>> place("PID-3[2].4"), place("Bundle.entry[0].resource.(unknown)"), place("/doses/0"), place("Mrs Jones")
    ('PID-3[2].4', 'Bundle.entry[0].resource.(unknown)', '/doses/0', '(withheld)')
    """
    return text if not text or (PLACE.fullmatch(text) and not holds_nhs_number(text)) else WITHHELD


def valid_traceparent(traceparent: str) -> str:
    """A W3C trace context as sent; ``""`` for any other text, and for one that contains an NHS Number.

    >>> valid_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")[:9], valid_traceparent("Jones")
    ('00-4bf92f', '')
    """
    match = TRACE.fullmatch(traceparent)
    return traceparent if match and not any(part.isdecimal() and holds_nhs_number(part) for part in match.groups()) else ""


def _tens(text: str, *, runs_only: bool) -> Iterator[str]:
    """Each ten digits that a reader could read as one number."""
    for run in DIGITS.findall(text):
        if not STAMP.fullmatch(run):
            yield from (run[start : start + 10] for start in range(len(run) - 9))
    if runs_only:
        return
    yield from map("".join, PRINTED.findall(text))
    for chain in GROUPS.findall(text):
        groups = re.split(r"[._-]", chain)
        ends = ((i, j) for i in range(len(groups)) for j in range(i + 2, min(i + MOST_GROUPS, len(groups)) + 1))
        yield from ("".join(groups[i:j]) for i, j in ends)
