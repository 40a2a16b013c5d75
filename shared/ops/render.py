"""Templates of the ops page, escaped by default. Each kind of figure has one filter, so it looks the same everywhere."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.ops.facts import Flow
from shared.ops.words import Language, outcome_word, words

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
TAG_COLOURS = {
    "delivered": "green",
    "observed": "aqua-green",
    "dead": "red",
    "rejected": "orange",
    "waiting": "blue",
    "sending": "blue",
}


def render(template: str, language: Language, **values: Any) -> bytes:
    """One page as UTF-8 HTML."""
    return _environment(language).get_template(template).render(w=words(language), lang=language, **values).encode()


@cache
def _environment(language: Language) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def tag(outcome: str) -> Markup:
        colour = TAG_COLOURS.get(outcome, "grey")
        return Markup('<strong class="nhsuk-tag nhsuk-tag--{}">{}</strong>').format(colour, outcome_word(outcome, language))

    environment = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {"number": number, "percent": percent, "ms": ms, "clock": clock, "moment": moment, "tag": tag}
    environment.filters["outcome"] = lambda outcome: outcome_word(outcome, language)
    environment.filters["cells"] = lambda flow: cells(flow, language)
    return environment


def number(value: int) -> str:
    """A count with thin groups.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def percent(value: float | None) -> str:
    """One decimal; a dash without traffic."""
    return "–" if value is None else f"{value:.1f} %"


def ms(value: float | None) -> str:
    """Milliseconds, or seconds from ten thousand on; a dash when nothing was measured.

    >>> ms(87.4), ms(12_345), ms(None)
    ('87 ms', '12.3 s', '–')
    """
    if value is None:
        return "–"
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.1f} s"


def clock(epoch: int) -> str:
    """``YYYY-MM-DD HH:MM``, UTC."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d %H:%M}"


def moment(stamp: str) -> str:
    """``YYYY-MM-DD HH:MM:SS`` of an ISO time; a dash when there is none."""
    return stamp[:19].replace("T", " ") or "–"


def age(seconds: float) -> str:
    """How long something has waited: seconds, minutes or hours.

    >>> age(0), age(42), age(600), age(9000)
    ('–', '42 s', '10 min', '2.5 h')
    """
    if seconds < 1:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def heads(language: Language) -> tuple[str, ...]:
    """The column headings of the table of integrations; :func:`cells` makes its rows."""
    w = words(language)
    counted = (w[key] for key in ("accepted", "delivered", "rejected", "errors"))
    return (w["integration"], *counted, "p50", "p95", "p99", w["waiting"], w["oldest"], w["dead"], w["breaker"])


def cells(flow: Flow, language: Language) -> tuple[str, ...]:
    """One integration as a row."""
    counted = (number(flow.accepted), number(flow.delivered), number(flow.rejected), percent(flow.error_rate))
    times = (ms(flow.p50), ms(flow.p95), ms(flow.p99))
    dead = number(flow.dead_now) + ("+" if flow.dead_is_more else "")
    state = words(language)[f"breaker_{flow.breaker}"]
    return (flow.integration, *counted, *times, number(flow.waiting), age(flow.oldest_s), dead, state)
