"""The values of fields on their way to FHIR: each that cannot be read or is not in its table is named in an issue."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from shared.fhir.resource import Element
from shared.hl7.message import Message
from shared.hl7.repetition import Repetition
from shared.hl7.segment import Segment
from shared.hl7.syntax.encoding import Encoding
from shared.issue import Issue, Severity
from shared.mapping.datatypes.code import cwe_codeable_concept, cwe_coding, is_known
from shared.mapping.datatypes.date import dtm_date, dtm_date_time, dtm_instant
from shared.mapping.datatypes.person import xad_address, xpn_human_name, xtn_contact_points
from shared.mapping.tables import ADDRESS_TYPE, ADDRESS_USE, NAME_TYPE, TELECOM_EQUIPMENT, TELECOM_USE, Table
from shared.mapping.texts import NULL, code_of, text_at

SHORT = 160  # longest code that is cached, in characters: a longer one is free text


@lru_cache(maxsize=8192)
def _concept(sent: str, encoding: Encoding, table: Table | None) -> tuple[Element, bool]:
    return _made(Repetition(sent, encoding), table)


def _made(cwe: Repetition, table: Table | None) -> tuple[Element, bool]:
    return cwe_codeable_concept(cwe, table), table is None or is_known(cwe, table)


# Values that a converter reads by a table and drops if they are not in it: the component, and the tables.
CODED: dict[Callable[..., Any], tuple[tuple[str, tuple[Table, ...]], ...]] = {
    xpn_human_name: (("7", (NAME_TYPE,)),),
    xad_address: (("7", (ADDRESS_USE, ADDRESS_TYPE)),),
    xtn_contact_points: (("2", (TELECOM_USE,)), ("3", (TELECOM_EQUIPMENT,))),
}


def _has_value(text: str, encoding: Encoding) -> bool:
    """Whether a field has more than delimiters, spaces and nulls."""
    return bool(text) and text.replace(NULL, "").strip(f" {encoding.component}{encoding.repetition}{encoding.subcomponent}") != ""


class Fields:
    """Reads the fields of a message, and notes what cannot be mapped."""

    __slots__ = ("issues", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.issues: list[Issue] = []

    def note(self, *, code: str, where: str, text: str, rule: str, severity: Severity = "warning") -> None:
        """Add an issue for a value that cannot be mapped. The text must not contain a value."""
        self.issues.append(Issue(severity=severity, code=code, where=where, text=text, rule=rule))

    def none(self, name: str) -> Segment:
        """An absent segment: every field of it is absent."""
        return Segment(name, "", self.message.encoding)

    def date(self, segment: Segment, path: str) -> str:
        return self._moment(dtm_date, segment, path)

    def date_time(self, segment: Segment, path: str) -> str:
        return self._moment(dtm_date_time, segment, path)

    def instant(self, segment: Segment, path: str) -> str:
        return self._moment(dtm_instant, segment, path)

    def _moment(self, converter: Callable[[str], str], segment: Segment, path: str) -> str:
        text = segment[path]
        if not text or text == NULL:
            return ""
        try:
            return converter(text)
        except ValueError as error:
            self.note(code="value", where=segment.where(path), text=str(error), rule="value-not-mapped")
            return ""

    def code(self, segment: Segment, path: str, table: Table, default: str = "") -> str:
        """A FHIR code by its table; ``default`` if absent or if the table has none (with an issue)."""
        text = code_of(segment, path)
        code = table.get(text) if text else default
        if not code:
            text = f"the code is not in the guide's {table.name} table"
            self.note(code="code-invalid", where=segment.where(path), text=text, rule="code-not-mapped")
        return code or default

    def look_up(self, segment: Segment, path: str, table: Mapping[str, Any] | Table, where: str = "") -> Any:
        """The FHIR code of a table; ``None`` if absent, with an issue for a code that is not in it.

        ``where`` is the path for the issue if ``path`` is inside a component.
        """
        text = code_of(segment, path)
        if not text:
            return None
        if text not in table:
            name = f"the guide's {table.name} table" if isinstance(table, Table) else "its table"
            self.note(
                code="code-invalid", where=segment.where(where or path), text=f"the code is not in {name}", rule="code-not-mapped"
            )
        return table.get(text) or None if isinstance(table, Table) else table.get(text)

    def is_empty(self, segment: Segment, *fields: str, since: int = 2) -> bool:
        """Whether none of these fields (by default, of those from ``since`` on) has a value; then an issue names the segment."""
        texts = [segment.fields[int(n)] for n in fields if int(n) < len(segment.fields)] if fields else segment.fields[since:]
        if any(_has_value(text, segment.encoding) for text in texts):
            return False
        if segment:
            named = ", ".join(f"{segment.name}-{n}" for n in fields)
            nothing = f"none of {named} has a value; the segment" if fields else "the segment has no values or only nulls; it"
            text = f"{nothing} is not mapped"
            self.note(code="informational", where=segment.where(), text=text, rule="segment-says-nothing", severity="information")
        return True

    def is_withdrawn(self, segment: Segment, field: str, codes: tuple[str, ...] = ("D",)) -> bool:
        """Whether the action code of a segment deletes it (HL7 tables 0206, 0287); then an issue names the segment."""
        if text_at(segment, field) not in codes:
            return False
        text = "the action code deletes the segment; it is left out"
        self.note(code="not-supported", where=segment.where(field), text=text, rule="withdrawn-not-mapped")
        return True

    def concept(self, segment: Segment, field: str, table: Table | None = None) -> Element:
        """The first CodeableConcept of a field. Never change the result: it is cached."""
        concepts = self.concepts(segment, field, table)
        return concepts[0] if concepts else {}

    def concepts(self, segment: Segment, field: str, table: Table | None = None) -> list[Element]:
        """Every CodeableConcept of a field."""
        return [found for cwe in segment.repeats(field) if cwe and (found := self._concept_of(cwe, segment, field, table))]

    def _concept_of(self, cwe: Repetition, segment: Segment, field: str, table: Table | None) -> Element:
        found, known = _concept(cwe.sent, cwe.encoding, table) if len(cwe.sent) < SHORT else _made(cwe, table)
        if not known:
            text = f"the code is not in the guide's {table.name if table else ''} table; it is kept as text"
            self.note(code="code-invalid", where=segment.where(field), text=text, rule="code-kept-as-text")
        return found

    def coding(self, segment: Segment, field: str, table: Table | None = None) -> Element:
        """The Coding of a field's first repetition."""
        found: Element = self.first(segment, field, cwe_coding, table)
        return found

    def each(self, segment: Segment, field: str, converter: Callable[..., Any], *more: Any) -> list[Any]:
        """Every repetition through a converter, with an issue for one that it cannot read, and without empty results."""
        found: list[Any] = []
        sent = segment.repeats(field)
        if not sent:
            return found
        coded = CODED.get(converter, ())
        for number, repetition in enumerate(sent, 1):
            try:
                if repetition and (made := converter(repetition, *more)):
                    found.append(made)
            except ValueError as error:
                self.note(code="value", where=segment.where(f"{field}[{number}]"), text=str(error), rule="value-not-mapped")
            for path, tables in coded:
                if (code := text_at(repetition, path)) and not any(code in table for table in tables):
                    text = f"the code is not in the guide's {tables[0].name} table"
                    self.note(
                        code="code-invalid", where=segment.where(f"{field}[{number}].{path}"), text=text, rule="code-not-mapped"
                    )
        return found

    def telecom(self, segment: Segment, field: str, use: str = "") -> list[Element]:
        """The ContactPoints of an XTN field: a repetition may have a number and an address."""
        return [point for points in self.each(segment, field, xtn_contact_points, use) for point in points]

    def each_of(self, segment: Segment, field: str, part: Repetition, converter: Callable[[Repetition], Any]) -> Any:
        """One repetition through a converter; ``{}`` if it is empty or cannot be read (with an issue)."""
        try:
            return converter(part) if part else {}
        except ValueError as error:
            self.note(code="value", where=segment.where(field), text=str(error), rule="value-not-mapped")
            return {}

    def across(self, segment: Segment, fields: tuple[str, ...], converter: Callable[..., Any], *more: Any) -> list[Any]:
        """``each`` of several fields in order; in most messages they are all absent."""
        return [made for field in fields if segment.holds(field) for made in self.each(segment, field, converter, *more)]

    def first(self, segment: Segment, field: str, converter: Callable[..., Any], *more: Any) -> Any:
        """The first of ``each``; ``{}`` without one."""
        found = self.each(segment, field, converter, *more)
        return found[0] if found else {}

    def number(self, segment: Segment, path: str, converter: Callable[[str], Any]) -> Any:
        """A number by its converter; ``None`` if absent or not such a number (with an issue)."""
        text = text_at(segment, path)
        if not text:
            return None
        try:
            return converter(text)
        except ValueError:
            self.note(code="value", where=segment.where(path), text="not a number", rule="value-not-mapped")
            return None
