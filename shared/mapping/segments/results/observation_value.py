"""OBX-2, 5 and 6: the value of an observation by its type."""

from collections.abc import Callable
from functools import lru_cache

from shared.fhir.resource import Element, element
from shared.hl7.repetition import Repetition
from shared.hl7.segment import Segment
from shared.hl7.syntax.encoding import Encoding
from shared.mapping.datatypes.code import cwe_codeable_concept
from shared.mapping.datatypes.date import dr_period, dtm_date_time, tm_time
from shared.mapping.datatypes.value import (
    cwe_unit,
    measured,
    na_sampled_data,
    nm_decimal,
    nr_range,
    sn_text,
    sn_value,
)
from shared.mapping.reading import Reading
from shared.mapping.segments.note import lines
from shared.mapping.texts import text_at

TEXTS = frozenset(("ST", "TX", "FT"))
CODES = frozenset(("CWE", "CE", "CNE", "CF", "IS", "ID"))
DOCUMENTS = frozenset(("ED", "RP"))


def typed_value(read: Reading, obx: Segment, code: Element) -> Element:
    """OBX-5 by the type in OBX-2, and OBX-6, which is a note if the value has no unit.

    A value that does not fit its type is kept as text, with an issue.
    """
    made = _value_of_its_type(read, obx, code)
    if len(obx.fields) < 7 or not obx.fields[6] or not (words := unit(obx).get("unit", "")):
        return made
    found = [_with_unit(each, words, obx["2"]) for each in made.get("component", [made])]
    made = {"component": [each for each, _ in found]} if "component" in made else found[0][0]
    return made if all(is_there for _, is_there in found) else {**made, "note": [{"text": f"unit: {words}"}]}


NUMBERS = ("NM", "SN", "NR", "VR")
MEASURED = frozenset(("valueQuantity", "valueRange", "valueRatio", "valueSampledData"))  # types with a unit


def _with_unit(made: Element, words: str, kind: str) -> tuple[Element, bool]:
    """A value with its unit, and whether it has it: the unit is added to a number in text, not to any other text."""
    if not MEASURED.isdisjoint(made):
        return made, True
    text: str = made.get("valueString", "")
    if not text or "\n" in text:
        return made, False
    if text.endswith(words):
        return made, True
    is_measured = kind in NUMBERS or (any(map(str.isdigit, text)) and not any(map(str.isalpha, text)))
    return ({**made, "valueString": f"{text} {words}"}, True) if is_measured else (made, False)


def _value_of_its_type(read: Reading, obx: Segment, code: Element) -> Element:
    kind = obx["2"]
    if kind in TEXTS:
        text = lines(obx, "5")
        return {"valueString": text} if text else {}
    if kind in DOCUMENTS:
        return {}
    values = [each for each in obx.repeats("5") if each.sent and not (each.is_null() and each.components == 1)]
    made = [found for each in values if (found := _one(read, obx, kind, each))]
    if len(made) > 1:
        return {"component": [{"code": code, **each} for each in made]}
    return made[0] if made else {}


def _one(read: Reading, obx: Segment, kind: str, value: Repetition) -> Element:
    """``{}`` if the repetition has only delimiters and nulls."""
    if kind in CODES:
        return _coded(value.sent, value.encoding)
    try:
        convert = VALUES.get(kind)
        if convert:
            return element(**convert(value, unit(obx)))
        read.note(
            code="not-supported",
            where=obx.where("2"),
            text="FHIR has no value of this type; it is kept as text",
            rule="value-type-not-mapped",
        )
    except ValueError:
        read.note(
            code="value",
            where=obx.where("5"),
            text="the value does not fit its type in OBX-2; it is kept as text",
            rule="value-not-mapped",
        )
    return element(valueString=sn_text(value) if kind == "SN" else value.whole)


@lru_cache(maxsize=4096)
def _coded(sent: str, encoding: Encoding) -> Element:
    return element(valueCodeableConcept=cwe_codeable_concept(Repetition(sent, encoding)))


def unit(obx: Segment) -> Element:
    """OBX-6: unit, system, code."""
    sent = obx.fields[6] if len(obx.fields) > 6 else ""
    return _unit(sent, obx.encoding) if sent else {}


@lru_cache(maxsize=1024)
def _unit(sent: str, encoding: Encoding) -> Element:
    return cwe_unit(Repetition(sent.split(encoding.repetition)[0], encoding))


def _quantity(value: Repetition, units: Element) -> Element:
    """ValueError: not a number, or more than one component, of which a Quantity has only the first."""
    if value.components > 1 and any(text_at(value, str(n)) for n in range(2, value.components + 1)):
        raise ValueError("more than a number")
    return {"valueQuantity": measured({"value": nm_decimal(value["1"])}, units)} if text_at(value, "1") else {}


def _samples(value: Repetition, units: Element) -> Element:
    texts = [text_at(value, str(n + 1)) for n in range(value.components)]
    return {"valueSampledData": na_sampled_data(texts, units)} if any(texts) else {}


def _range_as_text(value: Repetition, units: Element) -> Element:
    ends = (text_at(value, "1"), text_at(value, "2"))
    return {"valueString": "-".join(ends)} if any(ends) else {}


VALUES: dict[str, Callable[[Repetition, Element], Element]] = {
    "NM": _quantity,
    "NA": _samples,
    "SN": lambda value, units: sn_value(value, units),
    "NR": lambda value, units: {"valueRange": nr_range(value, units)},
    "DT": lambda value, units: {"valueDateTime": dtm_date_time(value["1"])},
    "DTM": lambda value, units: {"valueDateTime": dtm_date_time(value["1"])},
    "TS": lambda value, units: {"valueDateTime": dtm_date_time(value["1"])},
    "TM": lambda value, units: {"valueTime": tm_time(value["1"])},
    "DR": lambda value, units: {"valuePeriod": dr_period(value)},
    "VR": _range_as_text,
}
