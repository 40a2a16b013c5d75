"""A WPAS transaction -> a transaction for the Clinical Data Repository, by way of the HL7 v2 message that the MPI gets too.

So both say the same of a patient. What differs is only what HL7 has another place for than FHIR, or the repository a rule for.
"""

from collections.abc import Iterator, Mapping

from shared.fhir.resource import Element, Resource, element
from shared.formats.xml.document import XmlDocument
from shared.hl7 import Message, Segment, compose, replace
from shared.mapping.wales.patient import UK_EXTENSION
from shared.mapping.wales.record import to_transaction as of_message
from shared.wpas.codes import NUMBER_STATUS
from shared.wpas.message import to_message
from shared.wpas.patient import ethnic_category, protection, withdraws_death
from shared.wpas.transaction import Transaction, transaction
from shared.wpas.visit import first_word

# HL7 v3 AdministrativeGender, as UK Core STU1 has it. Z (not disclosed) says nothing of the sex at birth.
BIRTH_SEX = {"F": "F", "M": "M", "U": "UN"}
RESTRICTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R", "display": "restricted"}


def to_transaction(document: XmlDocument) -> Resource:
    """Absent keeps what the repository holds, and a value replaces it. Only a withdrawn date of death is removed."""
    sent = transaction(document)
    message = to_message(document)
    bundle = of_message(compose(message, for_the_record(message, sent)))
    return {**bundle, "entry": [_welsh(each, sent) for each in bundle["entry"]]}


def for_the_record(message: Message, sent: Transaction) -> Iterator[Segment]:
    """The segments, without alerts, and with the codes as the lists of NHS Wales have them."""
    changes: dict[str, Mapping[str, str | tuple[str, ...]]] = {
        "PID": of_pid(message, sent),
        "PV1": {"4": first_word(sent["SPELL_NO"])},
        "PV2": {"3": ""},
    }
    for segment in message.segments():
        if segment.name != "OBX":
            yield replace(segment, changes[segment.name]) if segment.name in changes else segment


def of_pid(message: Message, sent: Transaction) -> dict[str, str | tuple[str, ...]]:
    """Aliases are in PID-5 already; a code that is not in its national list is left out; for death see ``_is_dead``."""
    return {
        "9": sent["OTHER_ALIAS"],
        "18": account(message["PID"], sent),
        "22": ethnic_category(sent["ETHNIC_ORIGIN"]),
        "30": _is_dead(message["PID"], sent),
        "32": sent["NHS_CERTIFICATION"] if sent["NHS_CERTIFICATION"] in NUMBER_STATUS else "",
    }


def account(pid: Segment, sent: Transaction) -> tuple[str, ...]:
    """The account with its health board as the authority: the facility (MSH-4) changes when the patient is transferred."""
    return (pid["18"], "", "", sent["DHA_CODE"]) if pid["18"] else ()


def _is_dead(pid: Segment, sent: Transaction) -> str:
    """WPAS sends an empty date of death for most patients: that alone must not undo a death that another system recorded."""
    return pid["30"] if pid["30"] == "Y" or withdraws_death(sent) else ""


def _welsh(entry: Element, sent: Transaction) -> Element:
    """The patient with the sex at birth and the label of a protected record; one that was merged away has neither."""
    made = entry["resource"]
    if made["resourceType"] != "Patient" or made.get("active") is False:
        return entry
    code = BIRTH_SEX.get(sent["SEX"], "")
    sex = [{"url": UK_EXTENSION + "BirthSex", "valueCode": code}] if code else []
    label = [RESTRICTED] if protection(sent["HIGH_SENSITIVE"]) == "Y" else []
    first = {
        "resourceType": "Patient",
        "id": made["id"],
        "meta": element(**made.get("meta", {}), security=label),
        "extension": [*sex, *made.get("extension", ())],
        "name": [_titled(each) for each in made.get("name", ())],
    }
    return {**entry, "resource": element(**{**first, **{name: made[name] for name in made if name not in first}})}


def _titled(name: Element) -> Element:
    """WPAS may write a full stop after a title; the national list has none."""
    titles = {"prefix": [each.removesuffix(".") for each in name["prefix"]]} if "prefix" in name else {}
    return {**name, **titles}
