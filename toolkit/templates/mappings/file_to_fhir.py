"""The title: a document and its sidecar -> Patient, DocumentReference, Binary."""

from typing import Any

from shared.fhir.bundle import entry, kept_file, transaction_bundle
from shared.fhir.profile import FhirProfile
from shared.fhir.reference import Ids
from shared.fhir.resource import Resource, element, resource
from shared.formats.sidecar.document import measured
from shared.mapping.events import Named, codeable, only_new, subject
from shared.mapping.events import patient as person_of

NUMBER = "the number of the document at its source"
OUTGOING = FhirProfile("TARGET", same_id={"DocumentReference": NUMBER, "Binary": f"{NUMBER}, and the digest of its data"})


def to_transaction(sidecar: Any) -> Resource:
    """The document under its own id, the same for every version, so that a correction replaces it."""
    document, ids = sidecar["document"], Ids(sidecar["source"], "", sidecar["document"]["id"])
    person = person_of(sidecar["patient"], Ids.of(Named(sidecar))("/patient"))
    size, sha1 = measured(document)
    binary = resource("Binary", id=ids(f"/binary/{sha1}"), contentType=document["contentType"], data=document.get("data"))
    attachment = element(
        contentType=document["contentType"],
        url=f"Binary/{binary['id']}",
        size=size,
        hash=sha1,
        title=document.get("title"),
        creation=document.get("created"),
    )
    described = resource(
        "DocumentReference",
        id=ids("/document"),
        masterIdentifier=element(system=sidecar["source"], value=document["id"]),
        status=document["status"],
        type=codeable(document["type"]),
        subject=subject(person["id"], sidecar["patient"]["nhsNumber"]),
        date=sidecar["recorded"],
        content=[element(attachment=attachment)],
    )
    stored = kept_file(binary) if "file" in document else entry(binary)
    return transaction_bundle(Named(sidecar), only_new(person), stored, entry(described))
