"""Vaccination events and VXU^V04 -> Patient, Immunization. One line per FHIR element, in FHIR's order.

The Patient is created only when the repository has none with this NHS Number; an event never changes one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from shared import mapping as guide
from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.reference import Ids, full_url, reference
from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7 import Message, Segment
from shared.mapping.events import Event, Named, codeable, nhs_number, only_new, organisation, patient, professional, subject
from shared.mapping.identities import code_of

PROFILE = "https://fhir.nhs.wales/StructureDefinition/DataStandardsWales-Immunization"
UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"


def bundle(sent: Event | Message) -> Resource:
    """The transaction for the repository, from an event or from a VXU^V04."""
    return from_event(sent) if isinstance(sent, dict) else from_message(sent)


def from_event(event: Event) -> Resource:
    """The vaccination under its own id, the same for every event about it, so that a correction corrects."""
    ids = Ids.of(Named(event))
    person = patient(event["patient"], ids("/patient"))
    given = immunization(event, vaccination_id(event), person["id"])
    return transaction_bundle(Named(event), only_new(person), entry(given))


def vaccination_id(event: Event) -> str:
    """An id of the vaccination, not of the event: a correction writes the same Immunization again."""
    return Ids(event["source"], "", event["vaccination"]["id"])("/vaccination")


def immunization(event: Event, immunization_id: str, patient_id: str) -> Resource:
    v = event["vaccination"]
    return resource(
        "Immunization",
        id=immunization_id,
        meta={"profile": [PROFILE]},
        extension=[procedure(v), parent_present(v)],
        identifier=[element(system=event["source"], value=v["id"])],
        status=v["status"],
        statusReason=codeable(v.get("reasonNotDone")),
        vaccineCode=codeable(v["vaccine"]),
        patient=subject(patient_id, event["patient"]["nhsNumber"]),
        occurrenceDateTime=v["occurred"],
        recorded=event["recorded"],
        primarySource=v.get("primarySource", True),
        manufacturer=element(display=v.get("manufacturer")),
        lotNumber=v.get("lotNumber"),
        expirationDate=v.get("expires"),
        site=codeable(v.get("site")),
        route=codeable(v.get("route")),
        doseQuantity=element(**v.get("dose", {})),
        performer=[acting(professional(event.get("performer"))), acting(organisation(event.get("organisation")))],
        reasonCode=[codeable(v.get("reason"))],
        protocolApplied=[element(series=v.get("series"), doseNumberPositiveInt=v.get("doseNumber")) if "doseNumber" in v else {}],
    )


def procedure(v: Event) -> Element:
    return (
        element(url=UK_CORE + "VaccinationProcedure", valueCodeableConcept=codeable(v["procedure"])) if "procedure" in v else {}
    )


def parent_present(v: Event) -> Element:
    return element(url=UK_CORE + "ParentPresent", valueBoolean=v["parentPresent"]) if "parentPresent" in v else {}


def acting(who: Element) -> Element:
    return element(actor=who)


def from_message(message: Message) -> Resource:
    """VXU^V04 by the HL7 v2-to-FHIR guide, as the national profile wants it: staff and makers by identifier and name only."""
    message = guide.prepared(message)
    made = [each["resource"] for each in guide.to_bundle(message)["entry"]]
    known = {full_url(each["id"]): each for each in made}
    person = next(each for each in made if each["resourceType"] == "Patient")
    ids = Ids.of(message)
    rxas = {ids(f"RXA[{rxa.occurrence}]"): rxa for rxa in message.segments("RXA")}
    immunizations = [each for each in made if each["resourceType"] == "Immunization"]
    given = {each["id"]: vaccinated(each, person, known, message) | told_by(rxas[each["id"]]) for each in immunizations}
    seen = list(observed((each for each in made if each["resourceType"] == "Observation"), given))
    return transaction_bundle(message, only_new(person), *map(entry, given.values()), *map(entry, seen))


def vaccinated(given: Resource, person: Resource, known: Mapping[str, Resource], message: Message) -> Resource:
    """One Immunization of the guide with the elements that the national profile constrains."""
    changed = {
        "id": order_id(given, message),
        "meta": {**given.get("meta", {}), "profile": [PROFILE]},
        "identifier": [with_system(each) for each in given.get("identifier", ())],
        "patient": subject(person["id"], nhs_number(person)),
        "manufacturer": element(display=name(known.get(given.get("manufacturer", {}).get("reference", "")))),
        "performer": [{**each, "actor": by_identifier(each["actor"], known)} for each in given.get("performer", ())],
    }
    return {key: value for key, value in {**given, **changed}.items() if value not in ({}, [])}


def told_by(rxa: Segment) -> Element:
    """RXA-9 ``00`` (or nothing) is a record of who gave it; any other code of NIP001 is history reported by someone else."""
    return {"primarySource": rxa["9"] in ("", "00")}


def order_id(given: Resource, message: Message) -> str:
    """The id of the vaccination by its order number (ORC-3, else ORC-2), so that a later message corrects it."""
    numbered: Element = next(iter(given.get("identifier", ())), {})
    if not numbered:
        return str(given["id"])
    whole = with_system(numbered)  # two authorities may use one number
    return Ids(message["MSH-3"], message["MSH-4"], f"{numbered['value']}^{whole['system']}")("/vaccination")


def observed(seen: Iterable[Resource], given: Mapping[str, Resource]) -> Iterator[Resource]:
    """Observations at a vaccination, under ids of the vaccination, their code and their place: a correction corrects them too."""
    places: Counter[tuple[str, str]] = Counter()
    for each in seen:
        if "partOf" in each:
            whose = given[each["partOf"][0]["reference"].removeprefix("urn:uuid:")]["id"]
            which = (whose, code_of(each))
            places[which] += 1
            new_id = Ids(whose, "", which[1])(f"/observation/{places[which]}")
            yield {**each, "id": new_id, "partOf": [reference("Immunization", whose)]}
        else:
            yield each


def with_system(identifier: Element) -> Element:
    """The identifier with a system: the profile demands one, and a sender's bare namespace is a system of its own."""
    namespace = identifier.get("assigner", {}).get("display", "")
    return {**identifier, "system": identifier.get("system") or f"urn:x-hub:authority:{quote(namespace, safe='')}"}


def by_identifier(actor: Element, known: Mapping[str, Resource]) -> Element:
    """Who did it, by identifier and name in place of a resource; a number without a register stays a name."""
    who = known.get(actor.get("reference", ""))
    if who is None:
        return actor
    numbered: Element = next((each for each in who.get("identifier", ()) if each.get("system")), {})
    return element(type=who["resourceType"], identifier=numbered, display=name(who))


def name(who: Resource | None) -> str:
    """A person's or an organisation's name as one text; ``""`` if there is none."""
    if who is None:
        return ""
    name = who.get("name", "")
    if isinstance(name, str):
        return name
    return " ".join([*name[0].get("given", ()), name[0].get("family", "")]).strip() if name else ""
