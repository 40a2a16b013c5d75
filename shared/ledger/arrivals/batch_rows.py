"""The row of a batch while its members go into the ledger one by one, and its blob: the answers that were given, and the file.

The row is in the open table of the integration, so that the watchdog sees it. The blob is written before the row and
deleted after it.
"""

import base64
import zlib
from dataclasses import replace
from typing import ClassVar, NamedTuple

import orjson

from shared.envelope import Answer, Envelope, language_headers
from shared.hub import Hub
from shared.ledger import content
from shared.storage import names
from shared.storage.store import Change, Row, insert
from shared.storage.stored import Stored, always, row_type

CODES = {"A": "AA", "E": "AE", "R": "AR"}


HL7 = "application/hl7-v2"  # of the acknowledgements that were kept before other formats had batches


class Given(NamedTuple):
    """What the sender was answered: one letter of ``CODES`` for each member, and the acknowledgement itself.

    ``language``: of the acknowledgement, where the sender has a choice of it; ``""`` for one that the hub gives to everyone.
    """

    codes: str
    acknowledgement: bytes
    content_type: str = HL7
    status: int = 200
    language: str = ""

    @classmethod
    def of(cls, codes: str, answer: Answer) -> "Given":
        return cls(codes, answer.body, answer.content_type, answer.status, answer.headers.get("Content-Language", ""))

    @property
    def answer(self) -> Answer:
        """The answer as it was given, with the headers that its language needs."""
        headers = language_headers(self.language)
        return Answer(status=self.status, content_type=self.content_type, body=self.acknowledgement, headers=headers)


@row_type(frozen=True, kw_only=True, repr=False)
class Batch(Stored):
    """A batch that is being split. Its row also has the facts of the envelope, as ``content.kept`` gives them.

    Args:
        posting: distinguishes this copy of the file from a later one of the same bytes. blob: its name in the content container.
        count: members in the file. done: members in the ledger, in the order of the file. Times are seconds since 1970.
        size: bytes of the file; 0 in a row of an earlier version.
        since: the last progress. until: the end of the lease of the worker that splits it; 0: none.
        tries: workers that began since then and did not come to an orderly end.
        traceparent: the span in which the file was accepted.
    """

    STORED_AS: ClassVar[dict[str, str]] = {"done": "next"}
    posting: str = always("")
    blob: str = always("")
    count: int = always(0)
    size: int = always(0)
    done: int
    at: float
    since: float = always(0.0)
    until: float = always(0.0)
    tries: int = always(0)
    traceparent: str = ""

    @property
    def key(self) -> str:
        """The key of the batch: the sender sees it as ``X-Batch-Id``."""
        return self.row.key.partition(".")[2]

    @property
    def left(self) -> int:
        """Members that were acknowledged and are not in the ledger yet."""
        return max(self.count - self.done, 0)


def opened(envelope: Envelope, key: str, batch: Batch) -> Change:
    """The row of a new batch; ``Conflict`` when the same caller's copy of it is being split."""
    return insert(names.open_key(names.BATCH, key), batch.values() | content.kept(envelope))


def read(integration: str, row: Row) -> Batch:
    """The batch of a row; one of an earlier version has no posting, no count and no answers in its blob."""
    batch = Batch.of(row)
    return replace(
        batch,
        blob=batch.blob or f"{integration}/{names.BATCH}/{batch.key}",
        count=batch.count or batch.done,
        since=batch.since or batch.at,
    )


async def waiting(integration: str, hub: Hub) -> list[Batch]:
    """Every batch of an integration that is being split."""
    rows = await hub.store.query(names.tables(integration).open, names.BATCH)
    return [read(integration, row) for row in rows]


def blob_name(integration: str, key: str, posting: str) -> str:
    return f"{integration}/{names.BATCH}/{key}-{posting}"


def row_key(blob: str) -> str:
    """The key of the row that a batch's blob belongs to.

    >>> row_key("phw-to-mpi/batch/5c0e-77ab")
    'batch.5c0e'
    """
    return names.open_key(names.BATCH, blob.rpartition("/")[2].partition("-")[0])


def packed(given: Given, body: bytes) -> bytes:
    """The blob: the answers in a line of JSON, then the file; compressed."""
    head = {**given._asdict(), "acknowledgement": base64.b64encode(given.acknowledgement).decode()}
    return zlib.compress(orjson.dumps(head) + b"\n" + body, 1)


def unpacked(data: bytes) -> tuple[Given | None, bytes]:
    """The answers and the file; no answers in a blob of an earlier version, which is the file alone."""
    whole = content.restored(data)
    if whole[:1] != b"{":
        return None, whole
    head, _, body = whole.partition(b"\n")
    found = orjson.loads(head)
    kept = {name: found[name] for name in ("content_type", "status", "language") if name in found}
    return Given(found["codes"], base64.b64decode(found["acknowledgement"]), **kept), body
