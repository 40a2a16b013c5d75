"""What an invariant of FHIR can check, as small functions. ``invariant_table`` has the invariants themselves.

A presence rule reads only the names of the elements that are present (``value`` for any ``value[x]``); a value rule reads the
element itself.
"""

from collections.abc import Callable, Set
from datetime import datetime
from typing import Any, NamedTuple

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
ENTERED_IN_ERROR = "entered-in-error"


class PresenceRule(NamedTuple):
    """An invariant about the elements that are present: its key in the specification, its test and its text."""

    key: str
    holds: Callable[[Set[str]], bool]
    text: str


class ValueRule(NamedTuple):
    """An invariant about values; ``at`` is the element that the issue names, "" for the whole.

    ``only_with`` is an element without which the invariant holds, so that the quick check need not try it.
    """

    key: str
    holds: Callable[[Json], bool]
    text: str
    at: str = ""
    only_with: str = ""


def needs(name: str, other: str) -> Callable[[Set[str]], bool]:
    """``name`` is present only together with ``other``."""
    return lambda names: name not in names or other in names


def any_of(*options: str) -> Callable[[Set[str]], bool]:
    return lambda names: not names.isdisjoint(options)


def not_both(one: str, other: str) -> Callable[[Set[str]], bool]:
    return lambda names: not (one in names and other in names)


def exactly_one(*options: str) -> Callable[[Set[str]], bool]:
    return lambda names: sum(name in names for name in options) == 1


def has_code(concept: Json, *codes: str) -> bool:
    return any(coding.get("code") in codes for coding in concept.get("coding", ()))


def in_order(start: str, end: str) -> bool:
    """Whether start is not after end, at the precision that both have.

    >>> in_order("2024-05", "2024-05-01"), in_order("2024-05-02", "2024-05-01"), in_order("2024", "2023-12")
    (True, False, False)
    """
    if "T" in start and "T" in end:
        return datetime.fromisoformat(start.replace(":60", ":59")) <= datetime.fromisoformat(end.replace(":60", ":59"))
    length = min(len(start.split("T")[0]), len(end.split("T")[0]))
    return start[:length] <= end[:length]


def period_in_order(period: Json) -> bool:
    return "start" not in period or "end" not in period or in_order(period["start"], period["end"])


def range_in_order(limits: Json) -> bool:
    low, high = limits.get("low", {}), limits.get("high", {})
    same_unit = low.get("code") == high.get("code") and low.get("unit") == high.get("unit")
    return not same_unit or "value" not in low or "value" not in high or bool(low["value"] <= high["value"])


def obs_7(observation: Json) -> bool:
    """obs-7: an observation with a value has no component with the same code."""
    if "component" not in observation or not any(name.startswith("value") for name in observation):
        return True
    own = observation["code"].get("coding", ())
    parts = [coding for part in observation["component"] for coding in part["code"].get("coding", ())]
    return not any(coding in own for coding in parts)


def clinical_unless_error(resource: Json) -> bool:
    return "clinicalStatus" in resource or has_code(resource.get("verificationStatus", {}), ENTERED_IN_ERROR)


def no_clinical_in_error(resource: Json) -> bool:
    return "clinicalStatus" not in resource or not has_code(resource.get("verificationStatus", {}), ENTERED_IN_ERROR)


def abatement_fits_status(condition: Json) -> bool:
    if not any(name.startswith("abatement") for name in condition):
        return True
    return has_code(condition.get("clinicalStatus", {}), "resolved", "remission", "inactive")


def none_has_use(elements: str, use: str) -> Callable[[Json], bool]:
    return lambda resource: all(each.get("use") != use for each in resource.get(elements, ()))


def timed_or_open(appointment: Json) -> bool:
    """app-3. A time with only an extension (unknown) counts as present, as in FHIRPath."""
    timed = all(name in appointment or f"_{name}" in appointment for name in ("start", "end"))
    return timed or appointment.get("status") in ("proposed", "cancelled", "waitlist")


def coded_in(system: str) -> Callable[[Json], bool]:
    """A value has a coded unit of this system."""
    return lambda quantity: ("value" not in quantity or "code" in quantity) and quantity.get("system", system) == system


def drt_1(duration: Json) -> bool:
    return "code" not in duration or (duration.get("system") == UCUM and "value" in duration)


def in_sequence(first: str, then: str) -> Callable[[Json], bool]:
    return lambda resource: first not in resource or then not in resource or in_order(resource[first], resource[then])


def none_has(elements: str, name: str) -> Callable[[Json], bool]:
    return lambda resource: not any(name in each for each in resource.get(elements, ()))


def lst_2(listed: Json) -> bool:
    return listed.get("mode") == "changes" or none_has("entry", "deleted")(listed)


def lst_3(listed: Json) -> bool:
    return listed.get("mode") == "working" or none_has("entry", "date")(listed)
