"""What each datatype is tried with: every component with a value of its own, in each of the forms that the guide tells apart."""

import csv
from functools import cache
from pathlib import Path

Parts = dict[str, str]  # path of a component -> its text

ALIAS = {"CNE": "CWE", "CF": "CWE"}
CODED = ("CWE", "CNE", "CF", "CE")


@cache
def _listed() -> dict[str, tuple[str, ...]]:
    """The forms of ``forms.csv`` by datatype."""
    found: dict[str, tuple[str, ...]] = {}
    with (Path(__file__).parent / "forms.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            found[line["datatype"]] = (*found.get(line["datatype"], ()), line["form"])
    return found


def parts(text: str) -> Parts:
    """Path and text of every component.

    >>> parts("a^b&c")
    {'1': 'a', '2.1': 'b', '2.2': 'c'}
    """
    found: Parts = {}
    for number, component in enumerate(text.split("^"), 1):
        divided = component.split("&")
        for place, each in enumerate(divided, 1):
            if each:
                found[f"{number}.{place}" if len(divided) > 1 else str(number)] = each
    return found


def text_of(sent: Parts) -> str:
    """The field that has these components.

    >>> text_of({"1": "a", "2.2": "c"})
    'a^&c'
    """
    last = max((int(path.partition(".")[0]) for path in sent), default=0)
    return "^".join(_component(sent, str(number)) for number in range(1, last + 1))


def _component(sent: Parts, number: str) -> str:
    places = {int(path.partition(".")[2] or 1): text for path, text in sent.items() if path.partition(".")[0] == number}
    return "&".join(places.get(place, "") for place in range(1, max(places, default=1) + 1))


def forms(datatype: str, code: str = "") -> tuple[Parts, ...]:
    """Every form of a datatype; with a code of the field's own table, that code in each of them too."""
    sent = [parts(text) for text in _listed().get(ALIAS.get(datatype, datatype), ("Text",))]
    if not code:
        return tuple(sent)
    if "1" not in sent[0] or datatype not in CODED:
        return (parts(code), *sent)
    known = [{**each, "1": code, "3": ""} for each in sent if "1" in each]
    return (*known, *sent, {"4": code})
