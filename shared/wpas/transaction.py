"""One transaction: its values by the names of WPAS, and the forms of its dates and times."""

import re
from collections.abc import Sequence
from datetime import datetime

from shared.formats.xml.document import XmlDocument
from shared.hl7.syntax.timestamp import local
from shared.wpas.codes import NULL
from shared.wpas.names import LEAVES, OTHER_TYPES, TRANSACTION

ABSENT = dict.fromkeys((*LEAVES, *OTHER_TYPES), "")
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
CLOCK = re.compile(r"(\d\d):?(\d\d)", re.ASCII)
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
SPACES = re.compile(r"\s+")


class Transaction(dict[str, str]):
    """The values of a transaction; ``KeyError``: WPAS has no such element.

    A value is ``""`` for an element that is absent, empty, or holds a null; ``nulls`` and ``sent`` distinguish them. It does not
    hold the document, which holds it: the two would stay in memory until the next search for such circles.
    """

    __slots__ = ("nulls", "received", "sent", "test_id")

    def __init__(self, document: XmlDocument) -> None:
        self.test_id = document.test_id
        self.sent = document.texts(TRANSACTION)
        self.nulls = [name for name, text in self.sent.items() if text == NULL]
        self.received = local(document.received_at) if document.received_at else ""  # the time of receipt, as HL7 writes it
        super().__init__(ABSENT)
        self.update(self.sent)
        self.update(dict.fromkeys(self.nulls, ""))

    def first(self, *names: str) -> str:
        """The first of these values that is there."""
        return next((value for name in names if (value := self[name])), "")

    def any(self, names: Sequence[str]) -> bool:
        return any(map(self.__getitem__, names))


def transaction(document: XmlDocument) -> Transaction:
    """The transaction of a document, made once for each."""
    return document.derived(Transaction)


def where(name: str) -> str:
    """The path of an element of the transaction."""
    return f"{TRANSACTION}/{name}"


def digits(day: str) -> str:
    """A date as HL7 writes it.

    Args:
        day: ``yyyy-MM-dd``; ``""`` when absent.
    Raises:
        ValueError: anything else, or a day that does not exist. The value is left out of the text.

    >>> digits("1980-02-14"), digits("")
    ('19800214', '')
    """
    if day and not is_day(day):
        raise ValueError("not a day")
    return day.replace("-", "")


def is_day(text: str) -> bool:
    """Whether a text is ``yyyy-MM-dd`` and the day exists.

    >>> is_day("1980-02-14"), is_day("1980-02-30"), is_day("14/02/1980")
    (True, False, False)
    """
    return DAY.fullmatch(text) is not None and exists(text)


def exists(text: str) -> bool:
    """Whether a day, or a time, exists."""
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def clock(text: str) -> str:
    """``HHmm`` of ``HHmm`` or ``HH:mm``; ``""`` for anything else.

    >>> clock("0930"), clock("09:30"), clock("2460")
    ('0930', '0930', '')
    """
    found = CLOCK.fullmatch(text)
    return found[1] + found[2] if found and found[1] < "24" and found[2] < "60" else ""


def moment(day: str, time: str) -> str:
    """A date with its time, to the second; the date alone when there is no time.

    >>> moment("2026-05-01", "09:30"), moment("2026-05-01", ""), moment("", "0930")
    ('20260501093000', '20260501', '')
    """
    hours = clock(time)
    if time and not hours:
        raise ValueError("not a time")
    return digits(day) + (f"{hours}00" if day and hours else "")


def changed_at(text: str) -> str:
    """The local time of ``yyyy-MM-ddTHH:mm:ss`` in 14 digits; a fraction and an offset are dropped, never applied.

    >>> changed_at("2026-05-01T09:30:15.123+01:00"), changed_at("")
    ('20260501093015', '')
    """
    found = MOMENT.fullmatch(text)
    if text and not (found and exists(found[1])):
        raise ValueError("not a time")
    return "".join(filter(str.isdigit, found[1])) if found else ""


def given_names(text: str) -> tuple[str, str]:
    """The first name, and the others, of names with any number of spaces between them.

    >>> given_names(" Ann  Mair Elin")
    ('Ann', 'Mair Elin')
    """
    first, _, more = SPACES.sub(" ", text.strip()).partition(" ")
    return first, more
