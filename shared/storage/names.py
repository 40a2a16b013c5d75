"""How tables, partitions and rows are called. Each integration has its own set of tables."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple
from zlib import crc32

from shared.privacy import keyed, search_hash

LANE = re.compile(r"[A-Za-z0-9_-]{1,64}")
SCHEMA = 1  # of a row; a newer app reads the rows of an older one
WIDTH = 10
HEAD, CLAIM = "head", "claim"  # the keys of the two rows that a lane has once
HOLD = f"w|{0:0{WIDTH}d}"  # sorts before every waiting message: the lane is held by a dead one
SHARED_TABLE = "hubshared"  # what integrations share: breakers and rates of destinations, backlogs, thresholds
BACKLOG, THRESHOLD, SWEEP, PAUSE = "backlog", "threshold", "sweep", "pause"  # its partitions that do not name a destination
BULK = "bulk"  # and the previews of acts on many dead letters
BREAKER, RATE = "breaker", "rate"  # the keys of the two rows that a destination has there
AUDIT, PURGE = "audit", "purge"  # the only partition of the audit; the partition of the counters for how far the purge is
TAKEN = "taken"  # the key in the index of a file that was taken
UNNUMBERED = 0  # of a message that never had a place in a lane: refused, or acknowledged with its batch and then not takeable
DEAD = "dead"  # partition of the index: messages that need action
OUTBOX = "outbox"  # begins the partitions of the open rows of outboxes, and takes the place of the mark in them
SHARDS = "0123456789abcdef"  # the last digit of a lane: the partition of its open rows
INDEX = tuple(f"i{n}" for n in range(8))  # the partitions of the index: all rows of one message are in one of them
BATCH = "batch"  # takes the place of the lane in the open row of a batch that is to be split
CONTENT, INBOX, ACKNOWLEDGEMENTS = "content", "inbox", "acknowledgements"
CONTAINERS = (CONTENT, INBOX, ACKNOWLEDGEMENTS)
EndedAs = Literal["delivered", "observed", "rejected", "dead", "discarded", "expired"]  # the outcome of a row ``d|n``
FILE = "file"  # takes the place of the lane in the name of a blob that is a separate file of a message, not its body


class Tables(NamedTuple):
    """The tables of one integration; ``find`` is the index."""

    ledger: str
    open: str
    find: str
    counters: str
    audit: str
    pairs: str


@lru_cache(maxsize=256)
def tables(integration: str) -> Tables:
    """The tables of an integration: its name without hyphens, and what each holds.

    >>> tables("phw-to-mpi").ledger
    'phwtompiledger'
    """
    base = integration.replace("-", "")
    return Tables(*(f"{base}{kind}" for kind in Tables._fields))


def queues(integration: str) -> tuple[str, ...]:
    """The queues of an integration: in, work, what the replaced engine sent (legacy), their poison twins, and replies."""
    return tuple(
        f"{integration}-{kind}" for kind in ("in", "work", "legacy", "in-poison", "work-poison", "legacy-poison", "replies")
    )


def row(kind: str, n: int) -> str:
    """The key of a message's row.

    >>> row("w", 7)
    'w|0000000007'
    """
    return f"{kind}|{n:0{WIDTH}d}"


def receipt(identity: str) -> str:
    """The key of a receipt."""
    return f"r|{identity}"


def cursor(subscriber: str) -> str:
    """The key of a subscriber's cursor."""
    return f"s|{subscriber}"


def earlier(n: int, replays: int) -> str:
    """The key of what became of an earlier attempt of a message that was replayed.

    >>> earlier(7, 1)
    'd|0000000007|1'
    """
    return f"{row('d', n)}|{replays}"


def act(n: int) -> str:
    """The key of an act in the audit."""
    return f"{n:0{WIDTH}d}"


def threshold(integration: str, rule: str) -> str:
    """The key of a threshold."""
    return f"{integration}|{rule}"


def noted(stage: str, hour: str, key: str) -> str:
    """The key of a row of the index that a stage of the purge could not do, and tries again."""
    return f"{stage}.{hour}.{key}"


def walked(stage: str) -> str:
    """The key of how far a stage of the purge is. An earlier version has the name of the stage: it does not see every row."""
    return f"{stage}|"


def number(key: str) -> int:
    """The sequence number in the key of a row."""
    return int(key.split("|")[1])


def is_lane(text: str) -> bool:
    """Whether a text from outside may name a lane: it is used in keys of tables and in telemetry.

    >>> is_lane("1-9f86d081884c7d65"), is_lane("a/b"), is_lane("")
    (True, False, False)
    """
    return LANE.fullmatch(text) is not None


def message_id(lane: str, key: str) -> str:
    """What a message is called outside: its lane and the key of its receipt."""
    return f"{lane}.{key}"


def file(integration: str, key: str) -> str:
    """The blob of a separate file of a message.

    >>> file("documents-to-cdr", "5c0e")
    'documents-to-cdr/file/5c0e'
    """
    return f"{integration}/{FILE}/{key}"


def lane_of(key: str) -> str:
    """The lane in an id, or in the key of an open row.

    >>> lane_of("1-5c0e.77ab")
    '1-5c0e'
    """
    return key.partition(".")[0]


def index(text: str) -> str:
    """The partition of the index that a message is in: by the key of its receipt, or by its lane when it has none.

    >>> index("5c0e") in INDEX
    True
    """
    return INDEX[crc32(text.encode()) % len(INDEX)]


def listed(finder: str, id: str) -> str:
    """The key of a message under a finder. It sorts with all others of that finder.

    >>> listed("t|1970-01-01T00", "1-5c0e.77ab")
    't|1970-01-01T00|1-5c0e.77ab'
    """
    return f"{finder}|{id}"


def of_finder(finder: str) -> tuple[str, str]:
    """First key, and the key after the last, of what is under a finder, in a partition of the index.

    >>> first, last = of_finder("c|5c0e")
    >>> first <= listed("c|5c0e", "1-5c0e.77ab") < last
    True
    >>> first <= listed("c|5c0e0", "1-5c0e.77ab") < last
    False
    """
    return f"{finder}|", f"{finder}~"


def by_control(control: str) -> str:
    """The finder of a control id."""
    return f"c|{keyed('control', control)}"


def is_of_control(finder: str) -> bool:
    """Whether a finder is that of a control id.

    >>> is_of_control(by_control("MSG00001"))
    True
    """
    return finder.startswith("c|")


def by_correlation(correlation: str) -> str:
    """The finder of a correlation id."""
    return f"x|{search_hash('correlation', correlation)}"


def by_patient(number: str) -> str:
    """The finder of a patient's number."""
    return f"p|{keyed('patient', number)}"


def by_file(blob: str) -> str:
    """The finder of the message of a file: a partition of its own."""
    return f"f|{blob.rpartition('/')[2]}"


def is_of_file(finder: str) -> bool:
    """Whether a finder is that of a file.

    >>> is_of_file(by_file("documents-to-cdr/file/5c0e"))
    True
    """
    return finder.startswith("f|")


def by_name(name: str) -> str:
    """The partition of the index for a file of the inbox that was taken. Its name may identify a patient."""
    return f"b|{keyed('blob', name)}"


def open_key(lane: str, mark: str) -> str:
    """The open row of one message: its lane, and the mark that its waiting row carries."""
    return f"{lane}.{mark}"


def outbox(lane: str) -> str:
    """The partition of the open row of a lane's outbox.

    >>> outbox("1-5c0e")
    'outboxe'
    """
    return f"{OUTBOX}{lane[-1]}"


def next_hour(bucket: str) -> str:
    """The hour after one.

    >>> next_hour("t|1970-01-01T23")
    't|1970-01-02T00'
    """
    at = datetime.strptime(bucket, "t|%Y-%m-%dT%H").replace(tzinfo=UTC)
    return hour(at.timestamp() + 3600)


def hour(at: float) -> str:
    """The finder of what was accepted in an hour, in UTC.

    >>> hour(0)
    't|1970-01-01T00'
    """
    return f"t|{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H}"
