"""What one engine made of a message, and how two of them are compared. No network, no clock."""

import base64
import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from shared.compare.agreed import Agreed, covering
from shared.compare.differences import Difference
from shared.compare.outcomes import Reason, outputs, verdicts
from shared.compare.tally import Tally
from shared.compare.trees import BODY
from shared.issue import Issue

LARGEST = 700 * 1024  # bytes, compressed, that a row keeps until the pair is compared; of a larger output only its digest
MOST = 50  # differences of one message that are kept


class Made(NamedTuple):
    """The outcome of one engine for one message.

    ``bodies``: what it sent. ``refused``: the rules that refuse it. ``faults``: where it broke. ``digest``: of the bodies, when
    they are too large to be kept; they are then compared as a whole.
    """

    accepted: bool
    bodies: tuple[bytes, ...] = ()
    refused: tuple[Reason, ...] = ()
    faults: tuple[Reason, ...] = ()
    digest: str = ""


class Found(NamedTuple):
    """One difference of a pair: its path without indices, its cause, the rule, and at how many places it is."""

    path: str
    cause: str
    rule: str
    places: int


def refusal(issues: Iterable[Issue]) -> Made:
    """A message that the hub refused."""
    return Made(accepted=False, refused=tuple(Reason(each.where, each.rule or each.code) for each in issues if each.is_error))


def failure(issues: Iterable[Issue]) -> Made:
    """A message at which the mapping broke, or whose output does not pass its check."""
    return Made(accepted=True, faults=tuple(Reason(each.where, each.text[:200]) for each in issues))


def packed(made: Made) -> bytes:
    """As it is kept until it is compared."""
    bodies = [base64.b64encode(each).decode() for each in made.bodies]
    reasons = {"refused": list(map(list, made.refused)), "faults": list(map(list, made.faults))}
    data = zlib.compress(orjson.dumps({**made._asdict(), **reasons, "bodies": bodies}), 1)
    return data if len(data) <= LARGEST else packed(made._replace(bodies=(), digest=_digest(made.bodies)))


def unpacked(data: bytes) -> Made:
    """The outcome from ``packed``."""
    kept = orjson.loads(zlib.decompress(data))
    return Made(
        accepted=kept["accepted"],
        bodies=tuple(map(base64.b64decode, kept["bodies"])),
        refused=tuple(Reason(*each) for each in kept["refused"]),
        faults=tuple(Reason(*each) for each in kept["faults"]),
        digest=kept["digest"],
    )


def differences(old: Made, new: Made) -> list[Difference]:
    """How the hub's outcome differs from the old engine's."""
    found = list(verdicts(old_accepts=old.accepted, new_accepts=new.accepted, refused=new.refused, faults=new.faults))
    if old.accepted and new.accepted and not new.faults:
        found += _large(old, new) if old.digest or new.digest else outputs(old.bodies, new.bodies)
    return found


def _large(old: Made, new: Made) -> list[Difference]:
    same = (old.digest or _digest(old.bodies)) == (new.digest or _digest(new.bodies))
    return [] if same else [Difference(BODY, "value")]


def _digest(bodies: Sequence[bytes]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in bodies)).hexdigest()


def not_agreed(found: Iterable[Difference], agreements: Sequence[Agreed]) -> list[Found]:
    """The differences that no one agreed to, counted by path, cause and rule; never a value."""
    counted = Counter(map(Tally.key, found))
    left = (Found(*key, count) for key, count in counted.items() if covering(agreements, *key) is None)
    return sorted(left, key=lambda each: (-each.places, each))[:MOST]
