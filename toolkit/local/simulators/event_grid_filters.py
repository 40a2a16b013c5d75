"""Which events a subscription gets: types, subject, and the advanced filters of Event Grid.

https://learn.microsoft.com/azure/event-grid/event-filtering
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Event = Mapping[str, Any]
Filter = tuple[str, str, Sequence[Any]]  # operator, key, values

_TEXT: dict[str, Callable[[str, str], bool]] = {
    "StringIn": lambda found, value: found == value,
    "StringContains": lambda found, value: value in found,
    "StringBeginsWith": lambda found, value: found.startswith(value),
    "StringEndsWith": lambda found, value: found.endswith(value),
}
_NUMBER: dict[str, Callable[[float, float], bool]] = {
    "NumberIn": lambda found, value: found == value,
    "NumberLessThan": lambda found, value: found < value,
    "NumberLessThanOrEquals": lambda found, value: found <= value,
    "NumberGreaterThan": lambda found, value: found > value,
    "NumberGreaterThanOrEquals": lambda found, value: found >= value,
}
_NEGATED = {f"StringNot{name.removeprefix('String')}": name for name in _TEXT} | {"NumberNotIn": "NumberIn"}
OPERATORS = (*_TEXT, *_NUMBER, *_NEGATED, "BoolEquals", "IsNullOrUndefined", "IsNotNull")
MOST_FILTERS, MOST_VALUES = 25, 25


def check(filters: Sequence[Filter]) -> None:
    """``ValueError`` for what Event Grid would refuse when the subscription is made."""
    for operator, _, _ in filters:
        if operator not in OPERATORS:
            raise ValueError(f"no such operator: {operator}")
    if len(filters) > MOST_FILTERS or sum(len(values) for _, _, values in filters) > MOST_VALUES:
        raise ValueError("more than 25 filters or values")


def selected(event: Event, filters: Sequence[Filter]) -> bool:
    """Whether all filters let the event through; of the values of one filter, one is enough.

    >>> selected({"data": {"messagetype": "A40"}}, [("StringIn", "data.messagetype", ["a28", "a40"])])
    True
    >>> selected({"data": {"updatesources": "|252|"}}, [("StringNotContains", "data.updatesources", ["|252|"])])
    False
    >>> selected({"data": {"deceased": True}}, [("BoolEquals", "data.deceased", ["true"])])
    True
    """
    return all(_passes(operator, value_at(event, key), values) for operator, key, values in filters)


def value_at(event: Event, key: str) -> Any:
    """The value of ``data.key``, or of a top-level key; ``None`` when there is none."""
    found: Any = event
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _passes(operator: str, found: Any, values: Sequence[Any]) -> bool:
    if operator in _NEGATED:
        return not _passes(_NEGATED[operator], found, values)
    if operator in ("IsNullOrUndefined", "IsNotNull"):
        return (found is None) == (operator == "IsNullOrUndefined")
    if isinstance(found, list):
        return any(_passes(operator, each, values) for each in found)
    return _matches(operator, found, values)


def _matches(operator: str, found: Any, values: Sequence[Any]) -> bool:
    if operator == "BoolEquals":
        return isinstance(found, bool) and found == (str(values[0]).lower() == "true")
    if operator in _TEXT:
        return isinstance(found, str) and any(_TEXT[operator](found.lower(), str(value).lower()) for value in values)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return is_number and any(_NUMBER[operator](found, float(value)) for value in values)
