"""What a failed delivery means: who caused it, what it costs, and whether the message may have been accepted.

Each kind of destination has a table (``KIND.failures``) and raises by it; the rows that several kinds share are here. The hub and
the breaker act on the tables, and docs/generated/delivery-failures.md is made from them. A failure of a message never touches
the breaker; a failure of the destination never costs a message an attempt.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from shared.destinations.kinds import modules
from shared.problems import Undelivered

Owner = Literal["message", "destination", "set-up", "access", "unclear"]
Taken = Literal["no", "maybe"]


class Consequence(NamedTuple):
    """What a failure of this owner costs, in words for the page."""

    attempt: str
    breaker: str


OWNERS: Mapping[Owner, Consequence] = MappingProxyType(
    {
        "message": Consequence("yes", "never opens it: the destination answered, so a breaker that was open closes"),
        "destination": Consequence("no", "counts this lane; enough different lanes in a row open it"),
        "set-up": Consequence("only when it answers other lanes meanwhile", "opens at once, unless it answers other lanes"),
        "access": Consequence("no", "never opens it: the destination answered"),
        "unclear": Consequence("only when it answers other lanes meanwhile", "counts this lane"),
    }
)


class Failure(NamedTuple):
    """One way in which a delivery fails. ``again``: it is tried again; otherwise the message is a dead letter at once.

    ``taken``: whether the destination may have accepted the message although we got no answer.
    """

    code: str
    when: str
    owner: Owner
    again: bool
    taken: Taken


class Status(NamedTuple):
    """What one HTTP status means."""

    owner: Owner
    again: bool
    taken: Taken


FINAL, LATER, AWAY = Status("message", False, "no"), Status("message", True, "no"), Status("destination", True, "no")
SET_UP, BROKE = Status("set-up", True, "no"), Status("unclear", True, "maybe")

BY_HUNDRED: Mapping[int, Status] = MappingProxyType({3: SET_UP, 4: FINAL, 5: BROKE})  # any other: BROKE
HTTP_STATUSES: Mapping[int, Status] = MappingProxyType(
    {
        **dict.fromkeys((401, 403, 404, 405, 407, 421, 426, 501, 505, 511), SET_UP),
        **dict.fromkeys((408, 425, 429, 503, 507), AWAY),
        **dict.fromkeys((409, 412, 423), LATER),
    }
)
# Of one entry in a transaction's answer: the server is up, even if the entry failed.
ENTRY_BY_HUNDRED: Mapping[int, Status] = MappingProxyType({4: FINAL})  # any other: ENTRY_BROKE
ENTRY_BROKE = Status("message", True, "maybe")
ENTRY_STATUSES: Mapping[int, Status] = MappingProxyType(
    {**dict.fromkeys((401, 403), Status("access", True, "no")), **dict.fromkeys((408, 409, 412, 423, 425, 429), LATER)}
)

CONNECTION = (
    Failure("refused", "the connection is refused or reset before anything was sent", "destination", True, "no"),
    Failure("timeout", "no connection in time: nothing was sent", "destination", True, "no"),
    Failure("timeout", "no answer in time after sending began", "unclear", True, "maybe"),
    Failure("line-broken", "the connection is reset or closed after sending began", "unclear", True, "maybe"),
    Failure("tls", "the two sides do not trust each other", "set-up", True, "no"),
    Failure("tls", "the same, reported after sending began", "set-up", True, "maybe"),
)
SETTINGS = (
    Failure("no-address", "the address is not set, or is not https", "set-up", True, "no"),
    Failure("tls-setting", "the certificate or key of the settings cannot be read", "set-up", True, "no"),
    Failure("bad-setting", "a setting of the destination is not a number, or not of its form", "set-up", True, "no"),
)
TOKENS = (
    Failure("auth-setting", "the way to sign in is not one that the hub knows", "set-up", True, "no"),
    Failure("token-unreadable", "the token server's answer holds no token", "set-up", True, "no"),
    Failure("token-refused", "the managed identity gets no token", "set-up", True, "no"),
)
ACKNOWLEDGEMENTS = (
    Failure("ack-AE", "AE: the receiver reports an error", "message", True, "no"),
    Failure("ack-CE", "CE: the receiver reports an error", "message", True, "no"),
    Failure("ack-AR", "AR: the receiver rejects it", "message", False, "no"),
    Failure("ack-CR", "CR: the receiver rejects it", "message", False, "no"),
    Failure("ack-unknown", "any other code in MSA-1", "unclear", True, "maybe"),
)
STATUS_OF: Mapping[str, str] = MappingProxyType(
    {"http": "HTTP status", "entry": "an entry of the answer has status", "token": "the token server answers with status"}
)
AZURE = (  # of a storage queue and of Event Grid
    *(failure for failure in CONNECTION if failure.code in ("refused", "line-broken")),
    Failure("timeout", "no answer in time after sending began", "unclear", True, "maybe"),
    Failure("too-large", "the message is larger than a queue accepts", "message", False, "no"),
    *(failure for failure in SETTINGS if failure.code != "tls-setting"),
)


def of_status(status: int, of: str = "http") -> Status:
    """What a status means; ``of``: ``http``, ``entry`` (of a transaction's answer) or ``token`` (of the token server)."""
    if of == "entry":
        return ENTRY_STATUSES.get(status) or ENTRY_BY_HUNDRED.get(status // 100, ENTRY_BROKE)
    meaning = HTTP_STATUSES.get(status) or BY_HUNDRED.get(status // 100, BROKE)
    if of == "token":  # nothing of the message was sent yet; a server that refuses our credentials would refuse every message
        return AWAY if meaning in (AWAY, BROKE) else SET_UP
    return meaning


def owner(problem: Undelivered) -> Owner:
    """Who caused the failure: by its code; by its kind if no table has the code."""
    of, _, status = problem.code.partition("-")
    if of in ("http", "entry", "token") and status.isdecimal():
        return of_status(int(status), of).owner
    rows = [row for module in modules() for row in module.KIND.failures if row.code == problem.code]
    taken = "maybe" if problem.ambiguous else "no"
    row = next((row for row in rows if row.taken == taken), rows[0] if rows else None)
    return row.owner if row else _by_kind(problem)


def _by_kind(problem: Undelivered) -> Owner:
    if problem.kind == "permanent":
        return "message"
    if problem.kind == "misconfigured":
        return "set-up"
    return "unclear" if problem.ambiguous else "destination"


def kind(owner: Owner, again: bool) -> Literal["transient", "permanent", "misconfigured"]:
    """The kind of ``Undelivered`` for a row of the tables."""
    if owner in ("set-up", "access"):
        return "misconfigured"
    return "transient" if again else "permanent"


def meanings(code: str) -> list[tuple[Owner, str]]:
    """What a code of a failure means: who caused it, and when it happens. Empty for a code that no table has.

    >>> meanings("ack-AE"), meanings("http-503")
    ([('message', 'AE: the receiver reports an error')], [('destination', 'HTTP status 503')])
    """
    of, _, status = code.partition("-")
    if of in ("http", "entry", "token") and status.isdecimal():
        return [(of_status(int(status), of).owner, f"{STATUS_OF[of]} {status}")]
    rows = [row for module in modules() for row in module.KIND.failures if row.code == code]
    return list(dict.fromkeys((row.owner, row.when) for row in rows))
