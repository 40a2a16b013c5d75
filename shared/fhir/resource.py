"""Resources and elements as plain dicts without empty values, and their JSON, which keeps every digit of a decimal."""

import re
from functools import partial
from keyword import kwlist
from typing import Any

import orjson

from shared.long_texts import MARK, LongText, put_in

Resource = dict[str, Any]
Element = dict[str, Any]

JSON = "application/fhir+json"
PYTHON = frozenset(f"{word}_" for word in kwlist)
NUMBER = re.compile(r"[+]?(-?)(?=\.?[0-9])0*+([0-9]*+)(?:\.([0-9]*))?([eE][+-]?[0-9]+)?")


class Received(dict[str, Any]):
    """A resource as it was read. Nothing changes it, so what a check makes of it is kept for the mapping.

    A copy is a plain resource: it may be changed, and then the message that was composed before is not its message.
    """

    __slots__ = ("composed",)

    def __init__(self, resource: Resource) -> None:
        super().__init__(resource)
        self.composed: object = None  # the HL7 v2 message that a check composed; ``None`` once it is taken

    def __reduce__(self) -> tuple[type[Resource], tuple[Resource]]:
        return dict, (dict(self),)


class Decimal(float):
    """A FHIR decimal that keeps its digits: a float for calculations, and the text as sent in JSON.

    >>> to_json({"value": Decimal("7.40")})
    b'{"value":7.40}'
    >>> to_json({"value": Decimal("+07.")})
    b'{"value":7}'

    Raises:
        ValueError: the text is not a number. The message does not contain the value.
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Decimal":
        parts = NUMBER.fullmatch(text)
        if parts is None:
            raise ValueError("not a decimal number")
        minus, whole, fraction, exponent = parts.groups("")
        number = super().__new__(cls, text)
        number.text = f"{minus}{whole or '0'}{'.' if fraction else ''}{fraction}{exponent}"
        return number


def element(**elements: Any) -> Element:
    """An element of a resource without empty values (``None``, ``""``, ``[]``, ``{}``). ``False`` and ``0`` stay.

    Empty items of a list are dropped. A name that is a Python keyword has an underscore at its end: ``class_``.

    >>> element(use="official", family="", given=["", "Ann"], multipleBirthInteger=0, class_={})
    {'use': 'official', 'given': ['Ann'], 'multipleBirthInteger': 0}
    """
    return _without_empty({}, elements)


def _without_empty(target: Element, elements: Element) -> Element:
    """The loop that every mapping runs through, so it makes no calls."""
    for name, value in elements.items():
        if value or value == 0:
            if type(value) is list and not all(value):
                value = [item for item in value if item or item == 0]
                if not value:
                    continue
            target[name] = value
    return target if PYTHON.isdisjoint(target) else {name.rstrip("_"): value for name, value in target.items()}


def resource(resource_type: str, /, **elements: Any) -> Resource:
    """A resource of this type without empty values.

    >>> resource("Patient", id="p1", active=False, name=[])
    {'resourceType': 'Patient', 'id': 'p1', 'active': False}
    """
    return _without_empty({"resourceType": resource_type}, elements)


def to_json(content: Resource) -> bytes:
    """The JSON of a resource, compact, UTF-8."""
    made, texts = to_json_apart(content)
    return put_in(made, texts) if texts else made


def to_json_apart(content: Resource) -> tuple[bytes, list[LongText]]:
    """The JSON of a resource with a mark in the place of each long text, and these."""
    texts = list[LongText]()
    return orjson.dumps(content, default=partial(_other, texts)), texts


def _other(texts: list[LongText], value: object) -> orjson.Fragment:
    """A decimal with its digits; a long text as a mark, and one more of ``texts``."""
    if isinstance(value, Decimal):
        return orjson.Fragment(value.text)
    if isinstance(value, LongText):
        texts.append(value)
        return orjson.Fragment(b'"' + MARK + b'"')
    raise TypeError(f"{type(value).__name__} is not a type of a FHIR resource")
