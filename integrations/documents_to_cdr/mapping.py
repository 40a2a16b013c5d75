"""Sidecars and MDM^T02 -> Patient, DocumentReference, Binary. One line per FHIR element, in FHIR's order.

The Patient is created only when the repository has none with this NHS Number; a document never changes one.
"""

from shared import mapping as guide
from shared.fhir.bundle import entry, kept_file, transaction_bundle
from shared.fhir.merge import rewrite_references
from shared.fhir.reference import Ids, full_url
from shared.fhir.resource import Element, Resource, element, resource
from shared.formats.sidecar.document import measured
from shared.hl7 import Message, Segment
from shared.mapping.datatypes.date import dtm_date_time
from shared.mapping.events import Event, Named, codeable, only_new, organisation, patient, professional, subject
from shared.mapping.identities import qualified, with_identities
from shared.mapping.transaction import entries, numbered, of_the_record
from shared.mapping.wales.claims import claimed, profile
from shared.mapping.wales.patient import welsh_identifiers, welsh_patient
from shared.mapping.wales.providers import PROVIDERS, application, placed, welsh_provider
from shared.mapping.wales.visit import welsh_encounter

PROFILE = profile("DocumentReference")
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RESTRICTED = {"coding": [{"system": CONFIDENTIALITY, "code": "R", "display": "restricted"}]}


def to_transaction(sent: Event | Message) -> Resource:
    """The transaction for the repository, from a sidecar or from an MDM^T02."""
    return from_sidecar(sent) if isinstance(sent, dict) else from_message(sent)


def from_sidecar(event: Event) -> Resource:
    """The document under its own id, the same for every version, so that a correction corrects."""
    ids, document = Ids(event["source"], "", event["document"]["id"]), event["document"]
    person = patient(event["patient"], Ids.of(Named(event))("/patient"))
    size, sha1 = measured(document)
    binary = resource("Binary", id=ids(f"/binary/{sha1}"), contentType=document["contentType"], data=document.get("data"))
    attachment = attached(document, binary["id"]) | element(size=size, hash=sha1)
    described = document_reference(event, ids("/document"), person["id"], attachment)
    return transaction_bundle(
        Named(event), only_new(person), kept_file(binary) if "file" in document else entry(binary), entry(described)
    )


def attached(document: Event, binary_id: str) -> Element:
    return element(
        contentType=document["contentType"],
        language=document.get("language"),
        url=f"Binary/{binary_id}",
        title=document.get("title"),
        creation=document.get("created"),
    )


def document_reference(event: Event, document_id: str, patient_id: str, attachment: Element) -> Resource:
    document = event["document"]
    return resource(
        "DocumentReference",
        id=document_id,
        meta={"profile": [PROFILE]},
        masterIdentifier=element(system=event["source"], value=document["id"]),
        status=document["status"],
        docStatus=document.get("completion"),
        type=codeable(document["type"]),
        category=[codeable(document.get("category"))],
        subject=subject(patient_id, event["patient"]["nhsNumber"]),
        date=event["recorded"],
        author=[professional(event.get("author"))],
        custodian=organisation(event["organisation"]),
        relatesTo=[replaced(event["source"], document.get("replaces", ""))],
        description=document.get("description"),
        securityLabel=[RESTRICTED if document.get("restricted") else {}],
        content=[element(attachment=attachment)],
        context=element(period=element(**event.get("period", {}))),
    )


def replaced(source: str, number: str) -> Element:
    """The document that this one takes the place of, by its number."""
    identifier = element(system=source, value=number)
    return {"code": "replaces", "target": {"type": "DocumentReference", "identifier": identifier}} if number else {}


def from_message(message: Message) -> Resource:
    """MDM^T02 by the HL7 v2-to-FHIR guide, as Wales wants it, with the document's data in a Binary."""
    message = guide.prepared(message)
    made = of_the_record([each["resource"] for each in guide.to_bundle(message)["entry"]])
    own = application(message["MSH-3"])
    placed_there = placed([claimed(of_wales(each, message, own)) for each in made], f"{own}:location")
    welsh = with_identities([qualified(each, own) for each in placed_there])
    documents = {full_url(each["id"]): full_url(number_ids(message)("/document")) for each in welsh if is_document(each)}
    kept = [part for each in welsh for part in (with_binaries(each, message) if is_document(each) else [each])]
    return transaction_bundle(
        message, *entries(rewrite_references(kept, documents), {"Patient": only_new, "Encounter": if_there_is_none})
    )


def is_document(made: Resource) -> bool:
    return bool(made["resourceType"] == "DocumentReference")


def number_ids(message: Message) -> Ids:
    """Ids by the document's number with its authority, the same for every message about it."""
    authority = next(filter(None, (message[f"TXA-12.{part}"] for part in ("3", "2"))), "")
    return Ids(message["MSH-3"], message["MSH-4"], f"{message['TXA-12']}^{authority}" if authority else message["TXA-12"])


def if_there_is_none(encounter: Resource) -> Element:
    return entry(encounter, if_none_exist=numbered(encounter))


def of_wales(made: Resource, message: Message, own: str) -> Resource:
    kind = made["resourceType"]
    if kind == "Patient":
        return welsh_patient(made, message["PID"])
    if kind == "Encounter":
        return element(**{**welsh_encounter(made, message["PV1"]), "identifier": welsh_identifiers(made)})
    if kind == "DocumentReference":
        return {**made, **of_the_document(made, message["TXA"], own)}
    return welsh_provider(made, own) if kind in PROVIDERS else made


def activity(txa: Segment) -> str:
    """TXA-4; ``""`` for a text that is not a time, which the rule ``date`` has reported."""
    try:
        return dtm_date_time(txa["4"])
    except ValueError:
        return ""


def of_the_document(made: Resource, txa: Segment, own: str) -> Element:
    """Its number with a system, and the time of the documented activity (TXA-4), which the guide leaves out."""
    period = element(start=activity(txa))
    return element(
        masterIdentifier=element(**{"system": own, **made.get("masterIdentifier", {})}),
        context=element(**made.get("context", {}), period=period),
    )


def with_binaries(made: Resource, message: Message) -> list[Resource]:
    """The document behind the Binaries of its attachments, each under an id of the document's number."""
    ids = number_ids(message)
    parts = [apart(ids, each["attachment"]) for each in made["content"]]
    content = [{"attachment": attachment} for _, attachment in parts]
    return [*(binary for binary, _ in parts if binary), {**made, "id": ids("/document"), "content": content}]


def apart(ids: Ids, attachment: Element) -> tuple[Resource, Element]:
    """The Binary with the data of an attachment, and the attachment with its address; ``{}`` and itself when it has none."""
    if "data" not in attachment:
        return {}, attachment
    kind = attachment.get("contentType", "application/octet-stream")
    size, sha1 = measured(attachment)
    binary = resource("Binary", id=ids(f"/binary/{sha1}"), contentType=kind, data=attachment["data"])
    kept = {name: value for name, value in attachment.items() if name != "data"}
    return binary, kept | {"contentType": kind, "url": f"Binary/{binary['id']}", "size": size, "hash": sha1}
