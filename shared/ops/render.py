"""Templates of the ops page, escaped by default. Each kind of figure has one filter, so it looks the same everywhere."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.ops.figures.facts import Flow
from shared.ops.words import outcome_word, words
from shared.voices import Language

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

    def in_english(text: str) -> Markup:
        """A text of the table of failures, which is in English alone."""
        return Markup('<span lang="en">{}</span>').format(text)

    environment = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {"number": number, "percent": percent, "ms": ms, "clock": clock, "moment": moment, "tag": tag}
    environment.filters |= {"age": age, "in_english": in_english if language == "cy" else str}
    environment.filters["with_language"] = lambda link: with_language(link, language)
    environment.filters["span"] = lambda seconds: span(seconds, language)
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
    """One decimal; a dash without traffic. A small share is never shown as none.

    >>> percent(4), percent(0), percent(0.02), percent(None)
    ('4.0 %', '0.0 %', '< 0.1 %', '–')
    """
    if value is None:
        return "–"
    return "< 0.1 %" if 0 < value < 0.05 else f"{value:.1f} %"


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


def with_language(link: str, language: Language) -> str:
    """An address below the ops page with the language, before its anchor.

    >>> with_language("/codes", "en"), with_language("/integration?integration=x#dead", "cy")
    ('/codes?lang=en', '/integration?integration=x&lang=cy#dead')
    """
    address, mark, anchor = link.partition("#")
    return f"{address}{'&' if '?' in address else '?'}lang={language}{mark}{anchor}"


def span(seconds: int, language: Language) -> str:
    """The length of time of one point of a chart, as it follows "per".

    >>> span(60, "en"), span(720, "en"), span(7200, "cy")
    ('minute', '12 minutes', '2 awr')
    """
    w = words(language)
    count, unit = (seconds // 3600, "hour") if seconds % 3600 == 0 else (seconds // 60, "minute")
    return w[unit] if count == 1 else f"{count} {w[f'{unit}s']}"


def heads(language: Language) -> tuple[str, ...]:
    """The column headings of the table of integrations; :func:`cells` makes its rows."""
    w = words(language)
    counted = (
        "accepted",
        "delivered",
        "rejected_by_us",
        "failed_ours",
        "p50",
        "p95",
        "p99",
        "waiting",
        "oldest",
        "dead",
        "breaker",
    )
    return (w["integration"], *(w[key] for key in counted))


def cells(flow: Flow, language: Language) -> tuple[str, ...]:
    """One integration as a row."""
    counted = (number(flow.accepted), number(flow.delivered), percent(flow.refusal_rate), percent(flow.failure_rate))
    times = (ms(flow.p50), ms(flow.p95), ms(flow.p99))
    dead = number(flow.dead_now) + ("+" if flow.dead_is_more else "")
    state = words(language)[f"breaker_{flow.breaker}"]
    return (flow.integration, *counted, *times, number(flow.waiting), age(flow.oldest_s), dead, state)
