"""Orders, results, documents, appointments, vaccinations and referrals -> a transaction, each under an id of its own number.

The guide's mapping with the rules of NHS Wales. The Patient and the Encounter are created only if the repository has none. A
later message about the same order, report or appointment replaces it. Admissions are in ``record.py``.
"""

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.resource import Element, Resource
from shared.hl7 import Message
from shared.mapping import prepared, to_bundle
from shared.mapping.identities import qualified, with_identities
from shared.mapping.transaction import entries, numbered, of_the_record, patient_search
from shared.mapping.wales.patient import welsh_patient
from shared.mapping.wales.providers import PROVIDERS, application, placed, welsh_provider


def to_transaction(message: Message) -> Resource:
    """The transaction of a message that is not an ADT."""
    message = prepared(message)
    own = application(message["MSH-3"])
    made = of_the_record([each["resource"] for each in to_bundle(message)["entry"]])
    welsh = placed([_of_wales(each, message, own) for each in made], f"{own}:location")
    again = with_identities([qualified(each, own, message["MSH-4"]) for each in welsh], by_code=message["MSH-9.1"] == "ORU")
    return transaction_bundle(message, *entries(again, {"Patient": _new_patient, "Encounter": _new_visit}))


def _of_wales(made: Resource, message: Message, own: str) -> Resource:
    if made["resourceType"] == "Patient":
        return welsh_patient(made, message["PID"])
    return welsh_provider(made, own) if made["resourceType"] in PROVIDERS else made


def _new_patient(made: Resource) -> Element:
    return entry(made, if_none_exist=patient_search(made))


def _new_visit(made: Resource) -> Element:
    return entry(made, if_none_exist=numbered(made))
