"""The page: every kind of failure with its event, alert and minutes, and every event with the alerts that read it."""

from collections.abc import Iterator

from toolkit.generate.alerts import code
from toolkit.generate.alerts.classes import OF_AZURE, OF_CODE, OF_MESSAGES, OF_SURROUNDINGS, UNREAD
from toolkit.generate.alerts.failure import Failure, Path

INTRODUCTION = """\
Which alert opens for each kind of failure. *First* is the way through the logs, where there is one. *Second* is a way that works
when the first does not. Every alert of severity 0 or 1 has both, or the reason why not. Minutes are from the failure to the open
alert, measured on the running product (`tests/infra/failures`). The failure happens just after a round of the watchdog and just
after an evaluation of the alert, and rows and metrics arrive three minutes after they are made: Microsoft gives 20 seconds to
3 minutes as the average for logs. Rows that arrive after a quarter of an hour open the alert twelve minutes later. Heartbeats
show nothing then, and the second way remains.
"""
FIRST_ROW = "| Failure | First: what is emitted → alert (severity), minutes | Second | Why not sooner, or no second way |"
SUBSCRIPTION = """\
## What only a subscription shows

- How late rows and metrics really arrive, and how long an action group takes to send a message or call a webhook.
- That the host writes a request that crashed or ran out of time to `AppRequests` as failed, in the form that *crash* reads.
- That an app on Flex Consumption reports `Http5xx`, and what Azure reports of a storage account that no one can reach.
- That a process that waits for calls keeps its timers running, so that its pulse goes on between calls.
- That a refused sign-in is in `AppServiceAuthenticationLogs` with its status, and that Event Grid opens *expiring*.
- That an app reaches its own address and its neighbour's through the private endpoint.
"""


def page(stale: str) -> str:
    """The whole page; ``stale`` is the remark that it is generated."""
    groups = {
        "Our own code and its host": OF_CODE,
        "Messages": OF_MESSAGES,
        "Storage, destinations and callers": OF_SURROUNDINGS,
        "What Azure itself measures": OF_AZURE,
    }
    tables = [f"## {title}\n\n{_table(group)}" for title, group in groups.items()]
    events = "\n".join(
        ["## Every event, and the alerts that read it", "", "| Event | Alerts | Emitted in |", "|---|---|---|", *_events()]
    )
    return "\n\n".join(part.strip() for part in ("# What alerts when", stale, INTRODUCTION, *tables, events, SUBSCRIPTION)) + "\n"


def _table(group: tuple[Failure, ...]) -> str:
    head = [
        "| Failure | First: what is emitted → alert (severity), minutes | Second | Why not sooner, or no second way |",
        "|---|---|---|---|",
    ]
    return "\n".join(
        [*head, *(f"| {each.what} | {_path(each.first)} | {_path(each.second)} | {each.reason} |" for each in group)]
    )


def _path(path: Path | None) -> str:
    if path is None:
        return "none"
    keys = " ".join(f"{key}={value}" for key, value in path.keys.items())
    emitted = f"`{path.event}{' ' if keys else ''}{keys}`" if path.event else path.source
    return f"{emitted} → *{path.alert}* ({code.severity(path.alert)}), {path.minutes or 'not measured'}"


def _events() -> Iterator[str]:
    alerts = code.severities()
    for name in code.events():
        readers = sorted(alert for alert in alerts if name in code.reads(alert))
        places = sorted({f"`{call.place}`" for call in code.emitted() if call.event == name})
        yield f"| `{name}` | {', '.join(f'*{alert}*' for alert in readers) or UNREAD.get(name, '')} | {', '.join(places)} |"
