"""Who may pass a door: the partner, or the refusal, which is counted, reported and throttled for each caller.

A refused call is answered 401 (not recognised) or 403 (recognised, and not allowed), and 429 once its caller was refused
``LIMIT`` times in a minute. A call that is allowed is never throttled: many partners share one network address, and none may be
shut out by another's failures.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from math import ceil

from shared import platform_headers
from shared.envelope import Answer
from shared.hub import Hub
from shared.platform_headers import Headers
from shared.privacy import keyed
from shared.security import Named, Partner, caller

LIMIT = 20  # refusals of one caller in a window; the next one is throttled
WINDOW = 60.0  # seconds
REPORTED = 300  # events of one process in a window, for all callers together
CALLERS = 1024  # remembered at a time; the one that was quiet longest is forgotten first
CODES = {401: "unauthenticated", 403: "forbidden", 429: "throttled"}


@dataclass(frozen=True, slots=True)
class Window:
    """Refusals since ``start``, in seconds since 1970."""

    start: float = 0.0
    number: int = 0


@dataclass(eq=False, repr=False)
class Refusals:
    """The windows of this process, by a keyed hash of the caller."""

    windows: OrderedDict[str, Window] = field(default_factory=OrderedDict)
    everybody: Window = field(default_factory=Window)

    def forget(self) -> None:
        """Begin again, as a new process does."""
        self.windows.clear()
        self.everybody = Window()

    def add(self, who: str, now: float) -> Window:
        """One more refusal of this caller; its window with it."""
        window = _one_more(self.windows.get(who), now)
        self.windows[who] = window
        self.windows.move_to_end(who)
        if len(self.windows) > CALLERS:
            self.windows.popitem(last=False)
        self.everybody = _one_more(self.everybody, now)
        return window


def admit(integration: str, headers: Headers, hub: Hub, role: str = "", named: Named | None = None) -> Partner | Answer:
    """The partner that may call this integration, and has the role; else the answer that refuses the call."""
    partner = caller(headers, hub.now(), named)
    if partner is None:
        return refuse(401, integration, f"address {platform_headers.address(headers)}", hub)
    if not partner.may_call(integration) or (role and role not in partner.roles):
        return refuse(403, integration, f"partner {partner.name}", hub)
    return partner


def refuse(status: int, integration: str, who: str, hub: Hub) -> Answer:
    """The answer to a call that is not allowed. ``who`` names the caller; only its keyed hash is kept."""
    window = hub.remembered(Refusals).add(keyed("caller", who), hub.now())
    throttled = window.number > LIMIT
    if window.number <= LIMIT + 1 and hub.remembered(Refusals).everybody.number <= REPORTED:
        hub.emit("hub.refused", integration=integration, error_code=CODES[429 if throttled else status])
    if integration in hub.integrations:
        hub.count(integration, f"refused-{CODES[status]}")
    if not throttled:
        return Answer(status=status, content_type="text/plain", body=b"")
    wait = max(1, ceil(window.start + WINDOW - hub.now()))
    return Answer(status=429, content_type="text/plain", body=b"", headers={"Retry-After": str(wait)})


def _one_more(window: Window | None, now: float) -> Window:
    if window is None or not 0 <= now - window.start < WINDOW:
        return Window(now, 1)
    return Window(window.start, window.number + 1)
