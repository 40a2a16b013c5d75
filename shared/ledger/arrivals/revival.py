"""A message that is over waits again in its old place: a person replayed it, or the sender sent it again where it holds its lane.

The outcome of the first attempts stays as a row of its own (``d|n|k``).
"""

from dataclasses import replace

from shared.ledger.rows import Ended, Waiting
from shared.storage import names
from shared.storage.store import Change, Row

NOT_KEPT = ("outcome", "ended", "code", "where", "reference", "pending", "blob_pending", "tried")  # once it waits again


def revived(ended: Ended, mark: str, now: float, traceparent: str) -> list[Change]:
    """The changes of its rows; content and head are the caller's.

    Args:
        mark: the new one, which its open row carries.
        traceparent: the span in which it was replayed or sent again. The next attempts belong to that trace; the row of the
            first attempts keeps theirs.
    """
    kept = {name: value for name, value in ended.values().items() if name not in NOT_KEPT}
    replays = ended.replays + 1
    again = replace(
        Waiting.of(Row("", "", "", kept)),
        since=now,
        mark=mark,
        traceparent=traceparent or ended.traceparent,
        state="waiting",
        due=0.0,
        attempts=0,
        sent=0,
        tries=0,
        code="",
        after="",
        after_n=0,
        replays=replays,
    )
    return [
        ended.deleted(),
        ended.inserted(names.earlier(ended.n, replays)),
        again.inserted(names.row("w", ended.n)),
    ]
