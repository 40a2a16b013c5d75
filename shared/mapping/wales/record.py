"""ADT of a patient administration system -> a transaction for the Clinical Data Repository, merged into what it holds.

The guide's mapping, with the rules of NHS Wales. Every integration that sends patients and visits to the repository uses it.
"""

from collections.abc import Callable

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.reference import Ids
from shared.fhir.resource import Element, Resource
from shared.hl7 import Message, Segment
from shared.hl7.identifier import own_number
from shared.mapping import prepared, to_bundle
from shared.mapping.identities import qualified, with_identities
from shared.mapping.segments.administration.patient import PID_ELEMENTS
from shared.mapping.texts import text_at
from shared.mapping.transaction import entries, numbered, of_the_record, patient_search, search
from shared.mapping.wales.claims import claimed
from shared.mapping.wales.patient import welsh_identifiers, welsh_patient
from shared.mapping.wales.providers import PROVIDERS, application, placed, welsh_provider
from shared.mapping.wales.visit import welsh_encounter
from shared.validation.authorities import NHS_NUMBER

BY_NUMBER = ("Encounter", "Account", "EpisodeOfCare")
BY_ENTRY = ("AllergyIntolerance", "Condition", "RelatedPerson", "Coverage")
SEARCHED = (*BY_NUMBER, *BY_ENTRY)
OWN_ENTRY = "urn:x-hub:pas-entry"  # entries that a PAS repeats for a patient or visit, without a number
# Segment -> what identifies its entries for the same patient or visit; an entry without it is known by its place.
ENTRIES: dict[str, Callable[[Segment], str]] = {
    "AL1": lambda al1: text_at(al1, "3.1") or text_at(al1, "3.2"),
    "DG1": lambda dg1: text_at(dg1, "3.1") or text_at(dg1, "4"),
    "NK1": lambda nk1: text_at(nk1, "1"),
    "GT1": lambda gt1: text_at(gt1, "1"),
    "IN1": lambda in1: text_at(in1, "36") or text_at(in1, "1"),
}


def to_transaction(message: Message) -> Resource:
    """The transaction: absent keeps what the repository holds, null removes it, a value replaces it."""
    message = prepared(message)
    made = of_the_record([each["resource"] for each in to_bundle(message)["entry"]])
    segments = made_from(message)
    own = application(message["MSH-3"])
    welsh = placed([claimed(of_wales(each, segments.get(each["id"]), message, own)) for each in made], f"{own}:location")
    again = with_identities(welsh, searched=SEARCHED)
    return transaction_bundle(message, *entries(again, writes(segments)))


def made_from(message: Message) -> dict[str, Segment]:
    """The id of what a segment became -> the segment."""
    ids = Ids.of(message)
    return {ids(f"{each.name}[{each.occurrence}]"): each for each in message.segments()}


def of_wales(made: Resource, segment: Segment | None, message: Message, own: str) -> Resource:
    """A resource of the guide with the rules of Wales, by its segment; ``None`` if it has not one."""
    if made["resourceType"] in PROVIDERS:
        welsh = welsh_provider(made, own)  # a place gets its number from where it is (``placed``): each ward has a bed 4
        return named_organization(welsh if made["resourceType"] == "Location" else qualified(welsh, own), own)
    if segment is None:  # made of a field, such as the mother or the payer of a visit
        kept = qualified(made, own, message["MSH-4"])
        return {**kept, **numbered_entry(kept, message, made["resourceType"])} if made["resourceType"] in BY_ENTRY else kept
    if segment.name == "PID":
        return welsh_patient(made, segment)
    if segment.name == "PV1":
        return (
            {**welsh_encounter(made, segment), "identifier": visit_identifiers(made, own, message["MSH-4"])}
            if "identifier" in made
            else made
        )
    if segment.name == "MRG":
        return {**made, "identifier": merged_away(made, message)}
    return {**made, **entry_number(made, segment, message)} if segment.name in ENTRIES else made


def visit_identifiers(made: Resource, own: str, facility: str) -> list[Element]:
    """The numbers of a visit; if no authority of them is known, those of the sender, so that the visit is found again."""
    return welsh_identifiers(made) or list(qualified(made, own, facility)["identifier"])


def named_organization(made: Resource, own: str) -> Resource:
    """An organisation without a number, such as an insurer, is known to the sender by its name."""
    if made["resourceType"] != "Organization" or numbered(made) or "name" not in made:
        return made
    return {**made, "identifier": [{"system": f"{own}:organization", "value": made["name"]}]}


def merged_away(made: Resource, message: Message) -> list[Element]:
    """The numbers of the patient that was merged away, without those that the survivor keeps: they name one person only."""
    kept = {(cx["1"], cx["4.1"]) for cx in message["PID"].repeats("3")}
    gone = [cx for cx in message["MRG"].repeats("1") if (cx["1"], cx["4.1"]) not in kept]
    numbers = {cx["1"] for cx in gone}
    found = welsh_identifiers(made)
    return [each for each in found if each["value"] in numbers] or found


def entry_number(made: Resource, segment: Segment, message: Message) -> Element:
    """A number for what has none, so that an update finds it: whose it is, which kind, and which of them."""
    visit = whole_number(message, message["PV1"], "19") if segment.name == "DG1" else ""
    which = ENTRIES[segment.name](segment) or f"#{segment.occurrence}"
    return numbered_entry(made, message, f"{segment.name}/{which}", visit)


def numbered_entry(made: Resource, message: Message, which: str, visit: str = "") -> Element:
    """Its identifiers, with one of the patient or visit it belongs to."""
    whose = visit or whole_number(message, message["PID"], "3")
    number = {"system": OWN_ENTRY, "value": f"{message['MSH-3']}/{whose}/{which}".replace(" ", "_")}
    return {"identifier": [*made.get("identifier", ()), number]}


def whole_number(message: Message, segment: Segment, field: str) -> str:
    """The number of the patient or visit with its authority; without one, with the facility that sends it."""
    number = own_number(segment, field)
    return f"{number}{message['MSH-4']}" if number.endswith("^") else number


def writes(segments: dict[str, Segment]) -> dict[str, Callable[[Resource], Element]]:
    """An admission is merged into the stored resources wherever a number finds them."""

    def patient(made: Resource) -> Element:
        segment = segments[made["id"]]
        if segment.name == "MRG":
            return entry(made, merge=own_search(made), removed=())
        return entry(made, merge=patient_search(made), removed=removed(segment, made))

    return {"Patient": patient, **dict.fromkeys(BY_NUMBER, by_number), **dict.fromkeys(BY_ENTRY, by_entry)}


def by_number(made: Resource) -> Element:
    return entry(made, merge=numbered(made))


def by_entry(made: Resource) -> Element:
    """By the number that it got here: other numbers may be those of a plan or a person, and many have the same."""
    own = [each for each in made.get("identifier", ()) if each.get("system") == OWN_ENTRY]
    return entry(made, merge=search(own[0]) if own else "")


def own_search(patient: Resource) -> str:
    """The search for a patient that was merged away: by its hospital number, since the NHS Number may be the survivor's."""
    own = {**patient, "identifier": [each for each in patient.get("identifier", ()) if each.get("system") != NHS_NUMBER]}
    return numbered(own) or numbered(patient)


def removed(pid: Segment, made: Resource) -> list[str]:
    """The elements that the sender's nulls delete: those without another value."""
    nulled = [name for name, fields in PID_ELEMENTS.items() if any(pid.is_null(field) for field in fields)]
    return [name for name in nulled if not any(element.startswith(name) for element in made)]
