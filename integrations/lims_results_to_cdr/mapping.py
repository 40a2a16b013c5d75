"""ORU^R01 -> a transaction for the Clinical Data Repository: the guide's mapping, as a laboratory has it in Wales."""

from integrations.lims_results_to_cdr.documents import joined
from integrations.lims_results_to_cdr.results import Results, laboratory
from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.merge import rewrite_references
from shared.fhir.reference import full_url
from shared.fhir.resource import Element, Resource
from shared.hl7 import Message
from shared.mapping import prepared, to_bundle
from shared.mapping.datatypes.authority import OID
from shared.mapping.identities import qualified, with_identities
from shared.mapping.transaction import entries, numbered, of_the_record, patient_search
from shared.mapping.wales.claims import claimed
from shared.mapping.wales.patient import address_lines, welsh_patient
from shared.mapping.wales.providers import PROVIDERS, application, placed, welsh_provider


def to_transaction(message: Message) -> Resource:
    """The transaction: results create their Patient only when there is none, and delete nothing."""
    whole = joined(prepared(message))
    made = of_the_record([each["resource"] for each in to_bundle(whole)["entry"]])
    welsh = [claimed(of_wales(each, whole), laboratory=True) for each in laboratory(Results(whole, made))]
    own, facility = application(whole["MSH-3"]), whole["MSH-4"]
    there = placed(once(welsh), f"{local_system(whole)}:location")
    again = with_identities([qualified(each, own, facility) for each in there], by_code=True)
    return transaction_bundle(whole, *entries(again, {"Patient": if_there_is_none, "Encounter": visit}))


def once(made: list[Resource]) -> list[Resource]:
    """One Patient for each number that they are searched by: a second PID of the same patient creates no second one."""
    first: dict[str, str] = {}
    moved: dict[str, str] = {}
    for each in (each for each in made if each["resourceType"] == "Patient"):
        name = full_url(each["id"])
        kept = first.setdefault(patient_search(each) or name, name)
        if kept != name:
            moved[name] = kept
    kept_here = [each for each in made if full_url(each["id"]) not in moved]
    return [rewrite_references(each, moved) for each in kept_here] if moved else kept_here


def of_wales(made: Resource, message: Message) -> Resource:
    if made["resourceType"] == "Patient":
        return welsh_patient(address_lines(made, message["PID"]), message["PID"])
    return welsh_provider(made, local_system(message)) if made["resourceType"] in PROVIDERS else made


def local_system(message: Message) -> str:
    """What makes a local staff number unique: the sending application (standard, clause 6.5.1)."""
    oid = message["MSH-3.2"] if message["MSH-3.3"] == "ISO" else ""
    return f"urn:oid:{oid}" if OID.fullmatch(oid) else application(message["MSH-3"])


def visit(encounter: Resource) -> Element:
    return entry(encounter, if_none_exist=numbered(encounter))


def if_there_is_none(patient: Resource) -> Element:
    return entry(patient, if_none_exist=patient_search(patient))
