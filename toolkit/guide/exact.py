"""The texts that the guide gives for a component: the very ones that the bundle must have at its place."""

import re
from collections.abc import Iterator

from shared.mapping.datatypes.code import coding_system
from shared.mapping.datatypes.date import dtm_date, dtm_date_time, tm_time
from shared.mapping.datatypes.timing import UNITS
from shared.validation.authorities import PATIENT_AUTHORITY, PROVIDER_AUTHORITY
from toolkit.guide.components import Component
from toolkit.guide.parts import Parts
from toolkit.guide.trials import covers

# A literal, or a component that is named by its datatype (HD.2) or by its field (OBX-5.1).
TOKEN = re.compile(r'"([^"]*)"|(?:[A-Z][A-Z\d]{2}-\d+\.|\b[A-Z]+[.-])(\d+)')
# What is calculated of other fields, or is described in words: the mapping's own tests compare it.
CALCULATED = re.compile(r"^[^\"A-Z]|^[A-Z]\w+\.[a-z]|[A-Z][A-Z\d]{2}-\d+(?![\d.])")
DURATION = re.compile(r"([SMHDWL])(\d+)")
BOOLEAN = {"Y": "true", "N": "false"}


def exact_texts(component: Component, sent: Parts) -> Iterator[str]:
    """Every text that is the very value of a component by the guide; none where any text is.

    A code may arrive unchanged or by its table, a time at FHIR's precision, the name of a coding system as its URI.
    """
    assignment = component.assignment
    if assignment:
        if not CALCULATED.search(assignment):
            text = "".join(literal or _at(component, sent, number) for literal, number in TOKEN.findall(assignment))
            yield " ".join(text.split())
        return
    if component.target.endswith(".url") or (component.target.endswith("coding.system") and not component.steps):
        return
    for text in [each for path, each in sent.items() if covers(component.path, path) or not component.path]:
        yield from _forms(component, text)


def _forms(component: Component, text: str) -> Iterator[str]:
    yield from (text, text + ".0")
    yield from _as_time(text)
    if text in BOOLEAN and component.target.endswith(("oolean", "active", "restore")):
        yield BOOLEAN[text]
    if component.table and (target := component.table.target(text)):
        yield from filter(None, target)
    if component.target.endswith("ystem"):
        yield from filter(None, (coding_system(text), PROVIDER_AUTHORITY.get(text), PATIENT_AUTHORITY.get(text)))
    if any(step.component in ("HD.2", "EI.3") for step in component.steps):
        yield from ("urn:oid:" + text, "urn:uuid:" + text)
    if component.target.endswith("Unit") and text in UNITS:
        yield UNITS[text]
    if duration := DURATION.fullmatch(text):  # TQ-3
        yield from (UNITS[duration[1]],) if component.target.endswith("unit") else (duration[2], duration[2] + ".0")
    if component.target.endswith("text.div"):
        yield f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'
    if component.target.endswith("data"):
        yield "d29yZHM="  # the words of the forms, in base64


def _as_time(text: str) -> Iterator[str]:
    if not text.isdigit():
        return
    try:
        if len(text) >= 8:
            yield from (dtm_date(text), dtm_date_time(text))
        elif len(text) in (4, 6):
            yield tm_time(text)
    except ValueError:
        return


def _at(component: Component, sent: Parts, number: str) -> str:
    """Another component that an assignment names."""
    outer = component.path.rpartition(".")[0]
    return sent.get(f"{outer}.{number}" if outer else number, "")
