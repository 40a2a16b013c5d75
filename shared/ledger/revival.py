"""A message that is over waits again in its old place: a person replayed it, or the sender sent it again where it holds its lane.

What the first attempts came to stays as a row of its own (``d|n|k``).
"""

from shared.storage import names
from shared.storage.store import Change, Row, delete, insert

SETTLED = ("outcome", "ended", "code", "where", "reference", "pending", "blob_pending")


def revived(n: int, ended: Row, mark: str, now: float) -> list[Change]:
    """The changes of its rows; content and head are the caller's. ``mark``: the new one, which its open row carries."""
    waiting = {name: value for name, value in ended.values.items() if name not in SETTLED}
    again = {
        "since": now,
        "mark": mark,
        "state": "waiting",
        "due": 0.0,
        "attempts": 0,
        "sent": 0,
        "tries": 0,
        "code": "",
        "after": "",
        "after_n": 0,
    }
    replays = ended["replays"] + 1
    return [
        delete(ended),
        insert(f"{names.row('d', n)}|{replays}", ended.values),
        insert(names.row("w", n), {**waiting, **again, "replays": replays}),
    ]
