"""ServiceRequest, DiagnosticReport, Observation, Specimen, Annotation -> ORC, OBR, OBX, NTE, SPM, TQ1."""

from typing import Any

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import address_xad, identifier_ei
from shared.mapping.back.reading import expressed, forget, only_first, peek
from shared.mapping.back.segments.orders import period_times
from shared.mapping.back.values import (
    code_of,
    concept_cwe,
    date_time_dtm,
    extension_element,
    extension_value,
    number,
    quantity_unit,
    words_or_code,
)
from shared.mapping.back.writing import Writing, chosen, repeated
from shared.mapping.datatypes.person import HL7
from shared.mapping.segments.clinical import ALTERNATE
from shared.mapping.tables import (
    INTERPRETATION,
    NATURE_OF_ABNORMAL_TEST,
    OBSERVATION_STATUS,
)

OF_RESULT = {"registered": "I", "amended": "C", "unknown": ""}  # HL7 table 0085 of version 2.5.1


def observation_obxs(write: Writing, observation: Resource) -> list[Segment]:
    """Observation -> OBX, and one more for each component with another code, all with the same sub-id (OBX-4)."""
    every = observation.get("component", [])
    components = [each for each in every if not is_repetition(observation, each)]
    sub_id = write.count("OBX") if components else ""
    # An OBX of its own only for what it states itself: else its code finds no field, and counts as unread.
    has_own = not components or len(components) < len(every) or any(_is_said(name) for name in observation)
    whole = [observation_obx(write, observation, observation, sub_id)] if has_own else []
    return [*whole, *(observation_obx(write, observation, each, sub_id) for each in components)]


def _is_said(name: str) -> bool:
    return name.startswith("value") or name in ("referenceRange", "interpretation", "dataAbsentReason")


def is_repetition(observation: Resource, component: Element) -> bool:
    """Whether a component is one of several values of the observation: it has the same code."""
    return bool(peek(component, "code") == peek(observation, "code"))


def observation_obx(write: Writing, observation: Resource, part: Element, sub_id: str = "") -> Segment:
    """Observation, or one of its components, -> OBX. Source: inverse of guide, OBX[Observation]."""
    kind, value, unit = observation_value(write, part)
    performers = [write.resolve(each) for each in observation.get("performer", [])]
    return write.obx(
        {
            "1": write.count("OBX"),
            "2": kind,
            "3": concept_cwe(part.get("code", {})),
            "4": sub_id,
            "5": value,
            "6": unit,
            "7": reference_range(part),
            "8": [concept_cwe(each, INTERPRETATION) for each in part.get("interpretation", [])],
            "10": concept_cwe(
                extension_element(observation, HL7 + "observation-nature-of-abnormal-test"), NATURE_OF_ABNORMAL_TEST
            ),
            "11": _status(observation),
            "14": date_time_dtm(_start(observation)),
            "16": [write.practitioner(each.get("practitioner", {})) for each in performers if _is_observer(each)],
            "17": concept_cwe(observation.get("method", {})),
            "18": _devices(write, observation),
            "20": concept_cwe(observation.get("bodySite", {})),
            "21": identifier_ei(observation.get("identifier", [{}])[0]),
            **_organizations(write, observation, performers),
            "29": _category(observation),
        },
    )


def _start(observation: Resource) -> str:
    """The time of the observation; the end of a period has no field."""
    start, _ = period_times(observation)
    forget(observation.get("effectivePeriod", {}), "end")
    return start


def reference_range(part: Element) -> str:
    """OBX-7: ``1-5``, ``>=1``, ``<=5`` or a text; ``""`` for a range of only some patients, which has no field.

    The unit is that of OBX-6; a limit in another unit has its unit in the text. Source: HL7 v2.5.1 section 7.4.2.7.
    """
    held = part.get("referenceRange", [{}])[0]
    if any(peek(held, name) for name in ("appliesTo", "age")):
        return ""
    unit = _unit(peek(part, "valueQuantity") or {})
    low, high = (_limit(held.get(name, {}), unit) for name in ("low", "high"))
    if low and high:
        return f"{low}-{high}"
    return f">={low}" if low else f"<={high}" if high else str(held.get("text", ""))


def _limit(quantity: Element, unit: str) -> str:
    """A limit of a range, with its unit unless that is the unit of the value."""
    own = _unit(quantity)
    for name in ("unit", "code", "system"):
        quantity.get(name)
    return number(quantity.get("value")) + (f" {own}" if own and own != unit and peek(quantity, "value") is not None else "")


def _unit(quantity: Element) -> str:
    return str(peek(quantity, "unit") or peek(quantity, "code") or "")


def _is_observer(role: Resource) -> bool:
    return any(each.get("text") == "responsible observer" for each in role.get("code", ()))


def _is_director(role: Resource) -> bool:
    return any(coding.get("code") == "MDIR" for each in role.get("code", ()) for coding in each.get("coding", ()))


def _organizations(write: Writing, observation: Resource, performers: list[Resource]) -> dict[str, Value]:
    """Performers that are organizations -> OBX-23 and 24, otherwise OBX-15; the director -> OBX-25."""
    directors = [each for each in performers if _is_director(each)]
    own = [each for each in observation.get("performer", []) if write.resolve(each).get("resourceType") == "Organization"]
    of_director = [each["organization"] for each in directors if each.get("organization")]
    performing = [*of_director, *own]
    organization = write.resolve(performing[0]) if performing else {}
    producer = write.resolve(performing[1]) if len(performing) > 1 else {}
    return {
        "15": (producer.get("identifier", [{}])[0].get("value", ""), producer.get("name", "")),
        "23": write.organization(performing[0]) if performing else "",
        "24": repeated(organization.get("address", []), address_xad),
        "25": [write.practitioner(each.get("practitioner", {})) for each in only_first(directors)],
    }


def _devices(write: Writing, observation: Resource) -> list[Value]:
    device = write.resolve(observation.get("device", {}))
    return repeated(device.get("identifier", []), identifier_ei)


def _category(observation: Resource) -> str:
    codings = [each for kind in observation.get("category", ()) for each in kind.get("coding", ())]
    return next((each.get("code", "") for each in codings if each.get("system", "").endswith("v2-0936")), "")


def _status(observation: Resource) -> str:
    """OBX-11: as sent, otherwise by the table."""
    as_sent = extension_value(observation.get("_status", {}), ALTERNATE)
    if isinstance(as_sent, dict) and (sent := words_or_code(as_sent)):
        return sent
    return code_of(observation, "status", OBSERVATION_STATUS, OF_RESULT)


def observation_value(write: Writing, observation: Resource) -> tuple[str, Value, Value]:
    """The type, value and unit of an Observation: OBX-2, OBX-5, OBX-6."""
    components = [each for each in observation.get("component", []) if is_repetition(observation, each)]
    if components:
        values = [_value(*chosen(each, "value")) for each in components]
        for each in components:
            expressed(each, "code")
        return values[0][0], [each[1] for each in values], values[0][2]
    documents = [write.resolve(each) for each in observation.get("derivedFrom", [])]
    for document in documents:
        if document.get("resourceType") == "DocumentReference":
            return (*attachment_value(document["content"][0]["attachment"]), "")
    return _value(*chosen(observation, "value"))


def _value(kind: str, value: Any) -> tuple[str, Value, Value]:
    if kind == "Quantity":
        return _quantity(value)
    if kind == "CodeableConcept":
        return "CWE", concept_cwe(value), ""
    if kind in ("Range", "Ratio"):
        return _two(kind, value)
    if kind == "Period":
        return "DR", (date_time_dtm(value.get("start", "")), date_time_dtm(value.get("end", ""))), ""
    if kind == "DateTime":
        return ("DT" if "T" not in value else "DTM"), date_time_dtm(value), ""
    if kind == "Time":
        return "TM", date_time_dtm(value), ""
    if kind == "SampledData":
        return "NA", tuple("" if each == "E" else each for each in value.get("data", "").split()), ""
    return _plain(kind, value)


def _plain(kind: str, value: Any) -> tuple[str, Value, Value]:
    """Text: one line is ST, several are repetitions of TX; a boolean or an integer is text or a number."""
    if kind == "String":
        lines = value.split("\n")
        return ("ST", value, "") if len(lines) == 1 else ("TX", list(lines), "")
    if kind == "Boolean":
        return "ID", "Y" if value else "N", ""
    return ("NM", str(value), "") if kind == "Integer" else ("", "", "")


def _quantity(value: Element) -> tuple[str, Value, Value]:
    comparator = value.get("comparator", "")
    if comparator:
        return "SN", (comparator, number(value.get("value"))), quantity_unit(value)
    return "NM", number(value.get("value")), quantity_unit(value)


def _two(kind: str, value: Element) -> tuple[str, Value, Value]:
    names, separator = (("low", "high"), "-") if kind == "Range" else (("numerator", "denominator"), ":")
    first, second = (value.get(name, {}) for name in names)
    if kind == "Range" and bool(first) != bool(second):
        return (
            "SN",
            (">=", number(first.get("value"))) if first else ("<=", number(second.get("value"))),
            quantity_unit(first or second),
        )
    sent = (first.get("comparator", ""), number(first.get("value")), separator, number(second.get("value")))
    return "SN", sent, quantity_unit(first)


def attachment_value(attachment: Element) -> tuple[str, Value]:
    """ED of an attachment with data, RP of one with a URL."""
    main, _, sub = attachment.get("contentType", "").partition("/")
    kind = {"application": "AP", "image": "IM", "text": "TEXT", "audio": "AU"}.get(main, main)
    if attachment.get("data"):
        return "ED", ("", kind, sub.upper(), "Base64", attachment["data"])
    return "RP", (attachment.get("url", ""), "", kind, sub.upper())


def annotation_nte(write: Writing, note: Element) -> Segment:
    """Annotation -> NTE. Source: guide, NTE[Observation] read backwards."""
    return write.segment(
        "NTE",
        {
            "1": write.count("NTE"),
            "3": list(note.get("text", "").split("\n")),
            "5": write.practitioner(note.get("authorReference", {})),
            "6": date_time_dtm(note.get("time", "")),
        },
    )
