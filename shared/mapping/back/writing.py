"""One conversion of a bundle to HL7 v2: it resolves references, writes segments and names elements without a field."""

from collections.abc import Callable, Iterator
from typing import Any

from shared.fhir.resource import Element, Resource
from shared.hl7 import Message, parse, segment
from shared.hl7.compose import Value
from shared.hl7.long_lines import LongSegment, lines_of, with_component
from shared.hl7.segment import Segment
from shared.issue import Issue, Severity
from shared.long_texts import LongText
from shared.mapping.back.datatypes import organization_xon, practitioner_xcn
from shared.mapping.back.reading import Read, expressed, peek, unread, wholly_expressed
from shared.mapping.back.values import Field

BLANK = parse("MSH|^~\\&|")


class Writing:
    """The state of one conversion: its resources by each of their names, and the dropped elements."""

    __slots__ = ("_by_kind", "_by_name", "_counts", "_used", "_withheld", "bundle", "issues", "resources", "subject")

    def __init__(self, bundle: Resource, records: bool = True) -> None:
        """``records``: whether the elements that are read are recorded, so that ``name_unread`` can name the others."""
        held = [(n, each) for n, each in enumerate(bundle.get("entry", ())) if each.get("resource")]
        entries = [each for _, each in held]
        if records:
            entries = [{**each, "resource": Read(each["resource"], f"Bundle.entry[{n}].resource")} for n, each in held]
        self.bundle = bundle
        self.resources: list[Resource] = [each["resource"] for each in entries]
        self.issues: list[Issue] = []
        self._by_kind: dict[str, list[Resource]] = {}
        self._by_name: dict[str, Resource] = {}
        self._counts: dict[str, int] = {}
        self._used: set[int] = set()
        self._withheld: set[int] = set()
        self.subject: dict[str, Resource] = {}  # the patient and the visit of the message
        for each in entries:
            made = each["resource"]
            kind = kind_of(made)
            self._by_kind.setdefault(kind, []).append(made)
            self._by_name[f"{kind}/{peek(made, 'id')}"] = made
            if url := each.get("fullUrl"):  # under an empty name, every absent reference would find this resource
                self._by_name[url] = made

    def all(self, resource_type: str) -> list[Resource]:
        """Every resource of a type, in the order of the bundle."""
        return list(self._by_kind.get(resource_type, ()))

    def first(self, resource_type: str) -> Resource:
        found = self.all(resource_type)
        return found[0] if found else {}

    def look_up(self, reference: Element) -> Resource:
        """The resource of a reference in the bundle; ``{}`` for any other. It does not count as used."""
        return self._by_name.get(peek(reference, "reference") or "", {})

    def resolve(self, reference: Element, holder: Resource | None = None) -> Resource:
        """The resource of a reference, in the bundle or contained; ``{}`` for any other."""
        name = reference.get("reference", "")
        if name.startswith("#") and holder:
            return next((each for each in holder.get("contained", ()) if each.get("id") == name[1:]), {})
        parts = name.rsplit("/", 2)
        found = self._by_name.get(name) or self._by_name.get("/".join(parts[-2:]), {})
        if found:
            self._used.add(id(found))
            expressed(reference, "type", "display", "identifier")
        return found

    def take(self, made: Resource) -> Resource:
        """Mark a resource that becomes a segment."""
        self._used.add(id(made))
        return made

    def practitioner(self, reference: Element, holder: Resource | None = None) -> Field:
        """XCN of a Practitioner, or of the one in a PractitionerRole; otherwise the identifier and display of the reference."""
        found = self.resolve(reference, holder)
        if kind_of(found) == "PractitionerRole":
            return self.practitioner(found.get("practitioner", {}), found)
        if kind_of(found) == "Practitioner":
            return practitioner_xcn(found)
        return _bare_practitioner(reference) if not found else ()

    def practitioners(self, references: list[Element]) -> list[Field]:
        return [found for each in references if (found := self.practitioner(each))]

    def organization(self, reference: Element, holder: Resource | None = None) -> Field:
        """XON of an Organization, or of the one in a PractitionerRole."""
        found = self.resolve(reference, holder)
        if kind_of(found) == "PractitionerRole":
            return self.organization(found.get("organization", {}), found)
        if kind_of(found) == "Organization":
            return organization_xon(found)
        return ()

    def segment(self, name: str, values: dict[str, Value]) -> Segment:
        """A segment, the next one of its name."""
        self._counts[name] = self._counts.get(name, 0) + 1
        return segment(name, values, BLANK)

    def obx(self, values: dict[str, Value]) -> Segment:
        """The next OBX; a large document, the last component of its value, stays where it is."""
        components = value if isinstance(value := values["5"], tuple) else ()
        text: object = components[-1] if components else None
        if not isinstance(text, LongText):
            return self.segment("OBX", values)
        return with_component(self.segment("OBX", {**values, "5": components[:-1]}), "5", text)

    def count(self, name: str) -> str:
        """The set id of the next segment of this name."""
        return str(self._counts.get(name, 0) + 1)

    def restart(self, *names: str) -> None:
        """Start a group: its set ids start again from 1."""
        for name in names:
            self._counts.pop(name, None)

    def note(self, *, where: str, text: str, rule: str, severity: Severity = "information") -> None:
        self.issues.append(Issue(severity=severity, code="not-supported", where=where, text=text, rule=rule))

    def withhold(self, made: Resource, text: str) -> None:
        """Name a resource that must not become a segment, because the segment would state a fact that is not true."""
        self._used.add(id(made))
        self._withheld.add(id(made))
        self.note(where=where_of(made), text=text, rule="not-written", severity="warning")

    def name_unread(self) -> None:
        """Name each resource without a segment, and each element that no writer has read."""
        for made in self.resources:
            kind = kind_of(made)
            if id(made) not in self._used:
                self.note(where=where_of(made), text=f"this {kind} has no segment in the message", rule="resource-not-mapped")
            elif id(made) not in self._withheld and isinstance(made, Read):
                self._implied(made)
                for where in unread(made):
                    self.note(where=where, text="this element has no field", rule="element-not-mapped")

    def _implied(self, made: Resource) -> None:
        """References that the order of segments expresses: to the patient, the visit, and so on."""
        for name in [each for each in PLACED if each in made]:
            for reference in _listed(peek(made, name)):
                found = self.look_up(reference)
                if found and id(found) in self._used and self._is_the_one(found):
                    wholly_expressed(reference)

    def _is_the_one(self, found: Resource) -> bool:
        """Whether a patient or a visit is that of the message; other resources have their own segments."""
        kind = kind_of(found)
        return kind not in ("Patient", "Encounter") or found is self.subject.get(kind)


PLACED = (
    *("subject", "patient", "beneficiary", "encounter", "context", "basedOn", "result", "specimen", "focus", "partOf", "target"),
    *("derivedFrom", "link", "hasMember", "insurance", "supportingInfo", "account"),
)


def _listed(value: Any) -> list[Element]:
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, dict)]


def kind_of(made: Resource) -> str:
    return str(peek(made, "resourceType") or "")


def where_of(made: Resource) -> str:
    return made.where if isinstance(made, Read) else ""


def _bare_practitioner(reference: Element) -> Field:
    from_identifier = reference.get("identifier", {}).get("value", "")
    return (from_identifier, reference.get("display", "")) if from_identifier or reference.get("display") else ()


def repeated(elements: list[Element], converter: Callable[[Element], Any]) -> list[Any]:
    """Every element through a converter, without empty results."""
    return [converter(each) for each in elements if each]


def chosen(made: Resource, name: str) -> tuple[str, Any]:
    """The type and the value of a ``name[x]``; ``("", None)`` if there is none.

    >>> chosen({"valueString": "a"}, "value")
    ('String', 'a')
    """
    return next(_choices(made, name), ("", None))


def _choices(made: Resource, name: str) -> Iterator[tuple[str, Any]]:
    for key in made:
        if key.startswith(name) and key[len(name) :][:1].isupper():
            yield key[len(name) :], made[key]


def message_of(segments: list[Segment]) -> Message:
    """A message of segments with the standard delimiters."""
    written = [each for each in segments if isinstance(each, LongSegment) or each.line]
    return Message(lines_of(written), BLANK.encoding._replace(charset="utf-8"))
