"""One conversion to FHIR: it reads elements, names values that cannot be read, and collects the resources."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from shared.fhir.reference import Ids
from shared.fhir.resource import Element, Resource
from shared.hl7.message import Message
from shared.hl7.repetition import Repetition
from shared.hl7.segment import Segment
from shared.hl7.syntax.encoding import Encoding
from shared.mapping.datatypes.location import pl_location
from shared.mapping.datatypes.provider import cwe_organization, hd_organization_resource, xcn_practitioner, xon_organization
from shared.mapping.elements import agree, merge
from shared.mapping.fields import Fields
from shared.mapping.texts import text_at

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
UNKNOWN: Element = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}

# Staff and places recur in many messages, so their resources are cached. ``shared`` copies a cached resource, and no code changes
# an element inside one. Patients are never cached.


@lru_cache(maxsize=2048)
def _provider(converter: Callable[[Repetition], Resource], sent: str, encoding: Encoding) -> Resource:
    return converter(Repetition(sent, encoding))


@lru_cache(maxsize=512)
def _assigner(sent: str, encoding: Encoding) -> Resource:
    authority = Repetition(sent.split(encoding.repetition)[0], encoding)
    return hd_organization_resource(*(text_at(authority, n) for n in ("1", "2", "3")))


@lru_cache(maxsize=2048)
def _places(sent: str, encoding: Encoding) -> list[tuple[int, Resource, str]]:
    """The Locations of a PL, the outermost first: its index from the inside, the Location, and its key in the message."""
    levels = pl_location(Repetition(sent, encoding))
    names = [f"{each.get('physicalType', {}).get('coding', [{}])[0].get('code', '')}:{each['name']}" for each in levels]
    return [(n, levels[n], f"{'/'.join(names[n:])}|{'' if n else sent}") for n in reversed(range(len(levels)))]


class Reading(Fields):
    """The state of one conversion: ids, issues, resources so far, the current patient and visit."""

    __slots__ = ("_held", "_seen", "encounter", "ids", "patient", "resources")

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.ids = Ids.of(message)
        self.resources: list[Resource] = []
        self._held: dict[str, Resource] = {}
        self.patient: Element = {}
        self.encounter: Element = {}
        self._seen: dict[tuple[str, str], Element] = {}

    def id(self, segment: Segment, what: str = "") -> str:
        """The id of the resource of a segment; ``what`` distinguishes several resources of one segment."""
        return self.ids(f"{segment.name}[{segment.occurrence}]{what}")

    def keep(self, made: Resource) -> Element:
        """Add a resource to the bundle; returns the reference to it."""
        name = "urn:uuid:" + made["id"]
        self.resources.append(made)
        self._held[name] = made
        return {"reference": name, "type": made["resourceType"]}

    def held(self, to: Element) -> Resource:
        """The resource of a reference inside the bundle."""
        return self._held[to["reference"]]

    def furnish(self, reference: Element, segment: Segment, field: str, **more: Any) -> None:
        """Add the values of a field to a resource. An issue names a value that differs from an existing single value."""
        held = self.held(reference)
        for name, value in more.items():
            if value and not agree(held, {name: value}):
                text = "the resource already has another value, which stays"
                self.note(code="conflict", where=segment.where(field), text=text, rule="second-value")
            elif value:
                merge(held, {name: value})

    def only_first(self, segment: Segment, field: str) -> None:
        """An issue for each further value of a field that differs from the first: FHIR has room for one."""
        sent = segment.repeats(field)
        for number, other in enumerate(sent[1:], 2):
            if other and other.sent != sent[0].sent:
                text = "a further value, for which FHIR has no room: only the first is written"
                self.note(code="informational", where=segment.where(f"{field}[{number}]"), text=text, rule="second-value")

    def shared(self, made: Resource, sent: str, path: str) -> Element:
        """Add a resource once, even if the message repeats it; returns the reference to it, ``{}`` for an empty one."""
        if not made:
            return {}
        key = (made["resourceType"], sent)
        if key not in self._seen:
            self._seen[key] = self.keep({"resourceType": key[0], "id": self.ids(path), **made})
        return self._seen[key]

    def practitioners(self, segment: Segment, field: str) -> list[Element]:
        """References to the Practitioners of an XCN field. Source: guide, XCN[Practitioner]."""
        return self._each_shared(segment, field, xcn_practitioner)

    def practitioner(self, segment: Segment, field: str) -> Element:
        return _first(self.practitioners(segment, field))

    def organizations(self, segment: Segment, field: str) -> list[Element]:
        """References to the Organizations of an XON field. Source: guide, XON[Organization]."""
        return self._each_shared(segment, field, xon_organization)

    def organization(self, segment: Segment, field: str) -> Element:
        return _first(self.organizations(segment, field))

    def organization_of_type(self, segment: Segment, what: str, types: list[Element]) -> Element:
        """An Organization with only a type: FHIR requires a name, so the text of the type is the name (org-1)."""
        first = types[0]
        coding: Element = next(iter(first.get("coding", ())), {})
        words = first.get("text") or coding.get("display") or coding.get("code", "")
        return self.keep({"resourceType": "Organization", "id": self.id(segment, what), "type": types, "name": words})

    def coded_organization(self, segment: Segment, field: str) -> Element:
        """A reference to the Organization of a CWE field. Source: guide, CWE[Organization]."""
        return _first(self._each_shared(segment, field, cwe_organization))

    def assigner(self, segment: Segment, field: str) -> Element:
        """A reference to the Organization of an HD field. Source: guide, HD[Organization]."""
        sent = segment.raw(field)
        if not sent:
            return {}
        made = _assigner(sent, segment.encoding)
        return self.shared(made, sent, f"{segment.name}[{segment.occurrence}]-{field}")

    def _each_shared(self, segment: Segment, field: str, converter: Callable[[Repetition], Resource]) -> list[Element]:
        references: list[Element] = []
        sent = segment.repeats(field)
        if not sent:
            return references
        for number, repetition in enumerate(sent, 1):
            path = f"{segment.name}[{segment.occurrence}]-{field}[{number}]"
            if repetition and (reference := self._shared_of(converter, repetition, path)):
                references.append(reference)
        return references

    def _shared_of(self, converter: Callable[[Repetition], Resource], repetition: Repetition, path: str) -> Element:
        try:
            return self.shared(_provider(converter, repetition.sent, repetition.encoding), repetition.sent, path)
        except ValueError as error:
            self.note(code="value", where=path, text=str(error), rule="value-not-mapped")
            return {}

    def locations(self, segment: Segment, field: str) -> list[Element]:
        """References to the innermost Locations of a PL field; each Location is part of the next one."""
        return [
            place
            for number, pl in enumerate(segment.repeats(field), 1)
            if (place := self.place(pl, f"{segment.name}[{segment.occurrence}]-{field}[{number}]"))
        ]

    def place(self, pl: Repetition, path: str) -> Element:
        """A reference to the innermost Location of a PL at this path; ``{}`` if absent."""
        places = _places(pl.sent, pl.encoding) if pl else []
        return self._chain(places, path) if places else {}

    def location(self, segment: Segment, field: str) -> Element:
        return _first(self.locations(segment, field))

    def _chain(self, places: list[tuple[int, Resource, str]], path: str) -> Element:
        within: Element = {}
        for number, place, known_as in places:
            made = {**place, "partOf": within} if within else place
            within = self.shared(made, known_as, f"{path}/{number}")
        return within


def _first(found: list[Element]) -> Element:
    return found[0] if found else {}
