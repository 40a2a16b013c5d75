"""Ids that do not depend on the message: an order, a report or an appointment is found again by a later message about it.

The guide gives each resource an id of the message it is in. Here each gets one of its own number; what has no number (a result, a
specimen, a named doctor) gets one of the act it belongs to, of what distinguishes it there, and of its place among those that are
alike. An act without a number keeps the id of the message, and the check of the output refuses it (``shared/fhir/identity.py``).

A number without a universal system may be used again, by another laboratory or in another year. So it counts for its patient
only, or within the act that it belongs to (docs/decisions/0028).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from shared.fhir.identity import OWN, own_id
from shared.fhir.merge import rewrite_references
from shared.fhir.reference import full_url
from shared.fhir.resource import Element, Resource
from shared.mapping.transaction import ONCE, numbered
from shared.validation.authorities import NHS_NUMBER

CONDITIONAL = (*ONCE, "Patient", "Encounter")  # written by a search for their number, not by their id
ACTS = ("ServiceRequest", "MedicationRequest", "DiagnosticReport", "Appointment", "DocumentReference", "Immunization")
OF_A_PATIENT = (
    *("AllergyIntolerance", "Condition", "Coverage", "RelatedPerson", "CareTeam", "Account"),
    *("Practitioner", "PractitionerRole", "Organization", "Location", "HealthcareService"),
)
NAMELESS = ("Patient", "Provenance", "Binary")  # a patient has its own number; FHIR gives the others none
OF_A_FACILITY = ("Encounter", "Account", "EpisodeOfCare")
BY_NAME = ("Practitioner", "Organization", "Location", "HealthcareService", "RelatedPerson")  # another name is another one
OF_THE_HUB = "urn:x-hub:"  # systems that the hub makes up: no authority guarantees that their numbers are unique
SUB_ID = "observation-v2-subid"


def qualified(made: Resource, own: str, facility: str = "") -> Resource:
    """The resource with a system for each number without one: that of its namespace, or of the sending application.

    An act gets one for each of its numbers; anything else, such as an organisation with a national number, only if it has none.
    The number of a visit or an account is unique within the sending facility only: two hospitals may have one application.
    """
    if made["resourceType"] not in ACTS and numbered(made):
        return made
    if made["resourceType"] in OF_A_FACILITY and facility:
        own = f"{own}:{quote(facility, safe='')}"
    changed: Element = {name: _each(made[name], own) for name in ("identifier", "masterIdentifier") if name in made}
    return {**made, **changed} if changed else made


def _each(identifiers: Any, own: str) -> Any:
    if isinstance(identifiers, list):
        return [_each(one, own) for one in identifiers]
    if identifiers.get("system") or not identifiers.get("value"):
        return identifiers
    namespace = identifiers.get("assigner", {}).get("display", "")
    return {"system": f"urn:x-hub:authority:{quote(namespace, safe='')}" if namespace else own, **identifiers}


def with_identities(resources: list[Resource], *, by_code: bool = False, searched: tuple[str, ...] = ()) -> list[Resource]:
    """The resources under ids of their numbers, with every reference to them.

    Args:
        resources: as the guide makes them, with a system for each number (``qualified``).
        by_code: acts are distinguished by their code too: several of a report may have one number. Without it, two acts of one
            number are not both found again, and the second keeps the id of the message.
        searched: types that are written by a search for their number, besides ``CONDITIONAL``: with one, they keep their ids.
    """
    keys = _keys(resources, by_code, (*CONDITIONAL, *searched))
    named = [_named(each, keys[each["id"]]) if each["id"] in keys else each for each in resources]
    moved = {full_url(old["id"]): full_url(new["id"]) for old, new in zip(resources, named, strict=True)}
    return [{**rewrite_references(each, moved), "id": each["id"]} for each in named]


def _keys(resources: list[Resource], by_code: bool, searched: tuple[str, ...]) -> dict[str, Element]:
    """The identifier that names each resource, by its id in the message."""
    found: dict[str, Element] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    person = _person(resources)
    for each in (each for each in resources if each["resourceType"] not in searched):
        number = _whose(_number(each, "FILL" if by_code else "PLAC"), each, person)
        if not number:
            continue
        is_by_code = by_code and each["resourceType"] in ACTS
        key = (each["resourceType"], _key(number), code_of(each) if is_by_code else "")
        seen[key] += 1
        if is_by_code:
            found[each["id"]] = _identifier(key[1], key[2], str(seen[key]))
        elif seen[key] == 1:
            found[each["id"]] = number
    by_id = {each["id"]: each for each in resources}
    for name, parent in _parents(resources, found, searched):
        made = by_id[name]
        # A visit is created once and never changed: a report that moves to another patient must not take the visit with it.
        key = (parent, made["resourceType"], *([person] if made["resourceType"] == "Encounter" else _distinction(made)))
        seen[key] += 1
        found[name] = _identifier(parent, *key[1:], str(seen[key]))
    return found


def _person(resources: list[Resource]) -> str:
    """The patient of the message, as one text without the number itself; ``""`` if no number of the patient has a system.

    The number of the sender is preferred: an NHS Number may be found, or corrected, between two versions of a report.
    """
    numbers = [each for made in resources if made["resourceType"] == "Patient" for each in _numbers(made)]
    own = [each for each in numbers if each["system"] != NHS_NUMBER] or numbers
    return own_id("Patient", own[0]) if own else ""


def _whose(number: Element, made: Resource, person: str) -> Element:
    """The number, if it is universal; of an act, otherwise, the number for this patient. ``{}`` if it identifies nothing."""
    if not number or not number["system"].startswith(OF_THE_HUB):
        return number
    return _identifier(person, _key(number)) if person and made["resourceType"] in ACTS else {}


def _distinction(made: Resource) -> Iterator[str]:
    """What distinguishes a resource from others of its type in the same act: its numbers, otherwise its name or its code."""
    numbers = [_key(each) for each in _numbers(made)][:1]
    names = [_alike(_name(made))] if made["resourceType"] in BY_NAME else []
    yield from numbers or names or [code_of(made), *_sub_id(made)]


def _name(made: Resource) -> str:
    """The name of an organisation, a place or the first name of a person, as one text."""
    name = made.get("name", "")
    if isinstance(name, str):
        return name
    first: Element = next(iter(name), {})
    return " ".join([first.get("family", ""), *first.get("given", ())]).strip() or str(first.get("text", ""))


def _sub_id(made: Resource) -> list[str]:
    """The sub-identifier of an observation (OBX-4), to distinguish results of one code."""
    sent = [each["extension"] for each in made.get("extension", ()) if each["url"].endswith(SUB_ID)]
    return [str(value) for each in sent[:1] for part in each for name, value in part.items() if name != "url"]


def _alike(text: str) -> str:
    """The text without differences of case and spaces: a correction may be typed in another way."""
    return " ".join(text.split()).casefold()


def _parents(resources: list[Resource], found: dict[str, Element], searched: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Of each resource without a number: its id, and the key of what it belongs to.

    That is the first act with a number that refers to it, directly or not; otherwise the one that it refers to; otherwise its
    visit, with its time; otherwise the patient, of what a patient has one of.
    """
    by_id = {each["id"]: each for each in resources}
    acts = {each["id"]: _key(found[each["id"]]) for each in resources if each["resourceType"] in ACTS and each["id"] in found}
    named = (*ACTS, *searched)  # with a number of their own, or refused
    done = {each["id"] for each in resources if each["id"] in found or each["resourceType"] in NAMELESS}
    done |= {each["id"] for each in resources if each["resourceType"] in named and numbered(each)}
    for act, key in acts.items():
        waiting = [act]
        while waiting:
            for other in references(by_id[waiting.pop()]):
                if other in by_id and other not in done:
                    done.add(other)
                    waiting.append(other)
                    yield other, key
    visits = {made["id"]: _key(each) for made in resources if made["resourceType"] == "Encounter" for each in _numbers(made)}
    patient = next((_key(each) for made in resources if made["resourceType"] == "Patient" for each in _numbers(made)), "")
    for each in (each for each in resources if each["id"] not in done and each["resourceType"] != "Encounter"):
        to = references(each)
        visit = next((f"{visits[other]}/{quote(_moment(each), safe='')}" for other in to if other in visits), "")
        whose = patient if each["resourceType"] in OF_A_PATIENT else "" if each["resourceType"] in ACTS else visit
        if key := next((acts[other] for other in to if other in acts), whose):
            yield each["id"], key


def _moment(made: Resource) -> str:
    """When it was observed or done; ``""`` if that is not known."""
    names = ("effectiveDateTime", "effectivePeriod", "performedDateTime", "performedPeriod")
    return next((str(made[name]) for name in names if name in made), "")


def references(made: Resource) -> list[str]:
    """The ids of the resources of the same transaction that a resource refers to, in its order."""
    found: list[str] = []
    _collect(made, found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    """Visits objects and arrays only: most values are texts, and a call for each is what costs."""
    is_object = isinstance(value, dict)
    if is_object and isinstance(target := value.get("reference"), str):
        found.append(target.removeprefix("urn:uuid:"))
    for part in value.values() if is_object else value:
        if isinstance(part, (dict, list)):
            _collect(part, found)


def code_of(made: Resource) -> str:
    """The first code of a resource (of a document its type), otherwise its text; ``""`` without one."""
    listed: Any = made.get("type" if made["resourceType"] == "DocumentReference" else "code", {})
    code: Element = next(iter(listed if isinstance(listed, list) else (listed,)), {})
    coding: Element = next(iter(code.get("coding", ())), {})
    return _alike(str(coding.get("code") or code.get("text", "")))


def _numbers(made: Resource) -> Iterator[Element]:
    """Its own numbers: that of a document is its master identifier."""
    listed: Iterable[Element] = (made.get("masterIdentifier", {}), *made.get("identifier", ()))
    return (each for each in listed if each.get("system") and each.get("value"))


def _number(made: Resource, preferred: str) -> Element:
    """Its number: of several that of the placer or of the filler, as preferred (table 0203); ``{}`` without one."""
    numbers = list(_numbers(made))
    kinds = [[coding.get("code") for coding in each.get("type", {}).get("coding", ())] for each in numbers]
    return next((each for each, codes in zip(numbers, kinds, strict=True) if preferred in codes), next(iter(numbers), {}))


def _key(number: Element) -> str:
    """A number as one text, in which two different numbers are never the same."""
    if number["system"] == OWN:
        return str(number["value"])
    return f"{quote(number['system'], safe=':/')}/{quote(number['value'], safe='')}"


def _identifier(key: str, *parts: str) -> Element:
    return {"system": OWN, "value": "/".join((key, *(quote(part, safe="") for part in parts)))}


def _named(made: Resource, number: Element) -> Resource:
    """The resource under the id of this number, which is one of its identifiers."""
    has_it = number in (made.get("masterIdentifier"), *made.get("identifier", ()))
    more = {} if has_it else {"identifier": [*made.get("identifier", ()), number]}
    return {**made, "id": own_id(made["resourceType"], number), **more}
