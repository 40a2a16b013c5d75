"""How fast a clinic's list becomes FHIR: every row read, checked, mapped, checked again and written, compared with ``csv`` alone.

Goal: at least 5,000 rows in a second of one core, by the processor's own clock, on a machine that does nothing else. The ratio to
``csv`` needs no quiet machine.
"""

import csv
import io
from functools import partial

from integrations import load
from shared import check
from shared.envelope import Envelope
from shared.formats.csv.source import Csv
from shared.integration import Integration
from shared.validation.nhs_number import check_digit
from toolkit.bench.turns import ROUND, ROUNDS, Turns, turns
from toolkit.samples import RECEIVED_AT

NAME = "clinic-appointments-to-cdr"
ROWS = 500
LEAST = 5_000  # rows a second
MOST = 150  # times what the csv module takes for the same rows: it checks nothing and makes nothing
HEADER = "id,organisation,clinic,date,time,minutes,status,nhs_number,family,given,birth_date,gender,postcode,reason"
ROW = "A{n},7A3LW,CHEST{clinic},01/05/2026,{hour:02}:{minute:02},20,Booked,{number},Prâwf{n},Siân,09/04/1961,F,SA12 7BX,Asthma"


def numbers(count: int) -> list[str]:
    """So many NHS Numbers of the range that is never given out."""
    nines = (f"{nine:09d}" for nine in range(999_040_000, 999_040_000 + 2 * count + 20))
    return [nine + check_digit(nine) for nine in nines if check_digit(nine)][:count]


def table(rows: int = ROWS) -> bytes:
    """A list of so many rows, each of another patient."""
    lines = (
        ROW.format(n=n, clinic=n % 7, hour=9 + n % 8, minute=n % 60, number=number) for n, number in enumerate(numbers(rows))
    )
    return "\r\n".join((HEADER, *lines, "")).encode()


def envelope(body: bytes) -> Envelope:
    return Envelope(integration=NAME, body=body, received_at=RECEIVED_AT, content_type="text/csv")


def floor(body: bytes) -> int:
    """The rows as the csv module gives them."""
    return sum(1 for _ in csv.DictReader(io.StringIO(body.decode(), newline="")))


def ours(integration: Integration, sent: Envelope) -> int:
    """The bundles of all rows, as they would be sent."""
    source = integration.source
    if not isinstance(source, Csv):
        raise TypeError("the integration takes no CSV")
    each = (check.check(integration, member.alone(sent)) for member in source.batch(sent).members())
    return sum(1 for checked in each if checked.made)


def measure(rows: int = ROWS, rounds: int = ROUNDS, seconds: float = ROUND) -> Turns:
    """The turns of both at one table."""
    body, integration = table(rows), load(NAME)
    if not rows == floor(body) == ours(integration, envelope(body)):
        raise AssertionError("not every row became a bundle")
    return turns({"floor": partial(floor, body), "ours": partial(ours, integration, envelope(body))}, rounds, seconds)


def main() -> int:
    """Print the speed and the ratio; 1 when a goal is missed."""
    took = measure()
    speed, ratio = ROWS * took.speed("ours"), took.ratio("floor", "ours")
    reached = speed >= LEAST and ratio <= MOST
    print(f"rows to FHIR in a second of one core: {speed:,.0f} (>= {LEAST:,})")
    print(f"times as long as csv alone: {ratio:.0f} (<= {MOST})   {'reached' if reached else 'MISSED'}")
    return int(not reached)


if __name__ == "__main__":
    raise SystemExit(main())
