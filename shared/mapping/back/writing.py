"""One bundle on its way to HL7 v2: references are resolved, segments written, and what finds no field is named."""

from collections.abc import Callable, Iterator
from typing import Any

from shared.fhir.resource import Element, Resource
from shared.hl7 import Message, parse, segment
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.issue import Issue
from shared.mapping.back.datatypes import Field, organization_xon, practitioner_xcn

BLANK = parse("MSH|^~\\&|")
EVERYWHERE = {"resourceType", "id", "meta", "text", "contained", "implicitRules", "language"}


class Writing:
    """What one bundle's conversion knows: its resources by every name that they go by, and what was dropped."""

    __slots__ = ("_by_name", "_counts", "_used", "bundle", "issues", "resources")

    def __init__(self, bundle: Resource) -> None:
        entries = [each for each in bundle.get("entry", ()) if each.get("resource")]
        self.bundle = bundle
        self.resources: list[Resource] = [each["resource"] for each in entries]
        self.issues: list[Issue] = []
        self._by_name: dict[str, Resource] = {}
        self._counts: dict[str, int] = {}
        self._used: set[int] = set()
        for each in entries:
            made = each["resource"]
            self._by_name[f"{made.get('resourceType')}/{made.get('id')}"] = made
            self._by_name[each.get("fullUrl", "")] = made

    def all(self, resource_type: str) -> list[Resource]:
        """Every resource of a type, in the order of the bundle."""
        return [each for each in self.resources if each.get("resourceType") == resource_type]

    def first(self, resource_type: str) -> Resource:
        found = self.all(resource_type)
        return found[0] if found else {}

    def resolve(self, reference: Element, holder: Resource | None = None) -> Resource:
        """What a reference names: in the bundle, or contained; ``{}`` when it is elsewhere."""
        name = reference.get("reference", "")
        if name.startswith("#") and holder:
            return next((each for each in holder.get("contained", ()) if each.get("id") == name[1:]), {})
        parts = name.rsplit("/", 2)
        found = self._by_name.get(name) or self._by_name.get("/".join(parts[-2:]), {})
        if found:
            self._used.add(id(found))
        return found

    def take(self, made: Resource) -> Resource:
        """A resource that becomes a segment of its own."""
        self._used.add(id(made))
        return made

    def practitioner(self, reference: Element, holder: Resource | None = None) -> Field:
        """XCN of a Practitioner, or of the one in a PractitionerRole; a bare reference gives its identifier and display."""
        found = self.resolve(reference, holder)
        if found.get("resourceType") == "PractitionerRole":
            return self.practitioner(found.get("practitioner", {}), found)
        if found.get("resourceType") == "Practitioner":
            return practitioner_xcn(found)
        return _bare_practitioner(reference) if not found else ()

    def practitioners(self, references: list[Element]) -> list[Field]:
        return [found for each in references if (found := self.practitioner(each))]

    def organization(self, reference: Element, holder: Resource | None = None) -> Field:
        """XON of an Organization, or of the one in a PractitionerRole."""
        found = self.resolve(reference, holder)
        if found.get("resourceType") == "PractitionerRole":
            return self.organization(found.get("organization", {}), found)
        if found.get("resourceType") == "Organization":
            return organization_xon(found)
        return ()

    def segment(self, name: str, values: dict[str, Value]) -> Segment:
        """A segment, the next of its name."""
        self._counts[name] = self._counts.get(name, 0) + 1
        return segment(name, values, BLANK)

    def count(self, name: str) -> str:
        """The set id of the next segment of this name."""
        return str(self._counts.get(name, 0) + 1)

    def restart(self, *names: str) -> None:
        """A group begins: its set ids begin anew."""
        for name in names:
            self._counts.pop(name, None)

    def note(self, where: str, text: str, rule: str) -> None:
        self.issues.append(Issue("information", "not-supported", where, text, rule))

    def dropped(self, mapped: dict[str, frozenset[str]]) -> None:
        """Name each resource that became no segment, and each element that has no field."""
        for number, made in enumerate(self.resources):
            kind = str(made.get("resourceType"))
            where = f"Bundle.entry[{number}].resource"
            if id(made) not in self._used or kind not in mapped:
                self.note(where, f"a {kind} that finds no segment in this message", "resource-not-mapped")
                continue
            for name in made.keys() - EVERYWHERE - mapped[kind]:
                self.note(f"{where}.{name}", "an element that has no field", "element-not-mapped")


def _bare_practitioner(reference: Element) -> Field:
    from_identifier = reference.get("identifier", {}).get("value", "")
    return (from_identifier, reference.get("display", "")) if from_identifier or reference.get("display") else ()


def repeated(elements: list[Element], converter: Callable[[Element], Any]) -> list[Any]:
    """Every element through a converter; nothing of what is empty."""
    return [converter(each) for each in elements if each]


def chosen(made: Resource, name: str) -> tuple[str, Any]:
    """The type and the value of a ``name[x]``; ``("", None)`` when there is none.

    >>> chosen({"valueString": "a"}, "value")
    ('String', 'a')
    """
    return next(_choices(made, name), ("", None))


def _choices(made: Resource, name: str) -> Iterator[tuple[str, Any]]:
    for key, value in made.items():
        if key.startswith(name) and key[len(name) :][:1].isupper():
            yield key[len(name) :], value


def message_of(segments: list[Segment]) -> Message:
    """A message of segments that were written in the standard delimiters."""
    return Message([each.line for each in segments if each.line], BLANK.encoding._replace(charset="utf-8"))
