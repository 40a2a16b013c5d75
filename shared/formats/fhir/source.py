"""FHIR R4 as a source: a resource or a bundle in JSON or XML, identified by the bundle's identifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shared.envelope import Answer, Envelope, Identity
from shared.fhir.resource import Received
from shared.formats.fhir import FORMAT, xml_body
from shared.formats.json.body import answer, document
from shared.formats.media import FHIR_XML
from shared.issue import Issue, Verdict
from shared.long_texts import LongText
from shared.problems import Unsupported

Resource = dict[str, Any]
TEST_CODES = ("HTEST", "SYNTHETIC")  # v3 ActReason HTEST: test health data


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Fhir:
    """Resources of these types. Bundles must be of ``bundle_types`` and hold only ``entries``.

    Args:
        entries: resource types accepted inside a bundle; empty accepts any.
        largest_attachment: bytes of one attachment or Binary, after base64 is decoded.
    """

    resources: tuple[str, ...] = ("Bundle",)
    bundle_types: tuple[str, ...] = ("message", "transaction", "collection", "document")
    entries: tuple[str, ...] = ()
    largest_attachment: int = 20 << 20
    format: str = FORMAT.name

    def read(self, envelope: Envelope) -> Resource:
        """The resource. ``Unsupported``: neither JSON nor XML, not FHIR, another version, or a type that is not accepted."""
        resource = xml_body.resource(envelope) if xml_body.sends_xml(envelope) else document(envelope, exact=True)
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise Unsupported(
                Issue(
                    severity="fatal",
                    code="structure",
                    text="not FHIR: an object with a resourceType is expected",
                    rule="not-fhir",
                )
            )
        if issues := [*self._not_accepted(resource), *self._too_large(resource, len(envelope.body))]:
            raise Unsupported(*issues)
        return Received(resource)

    def _not_accepted(self, resource: Resource) -> list[Issue]:
        kind = resource["resourceType"]
        if kind not in self.resources:
            text = f"this type of resource is not accepted; accepted: {', '.join(self.resources)}"
            return [Issue(severity="error", code="not-supported", where="resourceType", text=text, rule="resource-type")]
        if kind != "Bundle":
            return []
        if resource.get("type") not in self.bundle_types:
            text = f"this type of bundle is not accepted; accepted: {', '.join(self.bundle_types)}"
            return [Issue(severity="error", code="not-supported", where="Bundle.type", text=text, rule="bundle-type")]
        types = enumerate(entry_types(resource))
        return [self._entry(number) for number, each in types if self.entries and each not in self.entries]

    def _entry(self, number: int) -> Issue:
        text = f"this type of resource is not accepted in the bundle; accepted: {', '.join(self.entries)}"
        return Issue(
            severity="error", code="not-supported", where=f"Bundle.entry[{number}].resource", text=text, rule="resource-type"
        )

    def _too_large(self, resource: Resource, size: int) -> list[Issue]:
        from shared.fhir.definitions.names import mask_path

        text = f"an attachment is larger than {self.largest_attachment >> 20} MB"
        most = self.largest_attachment * 4 // 3 + 4
        if size <= most:  # no text of a body has more characters than the body has bytes
            return []
        return [
            Issue(severity="error", code="too-long", where=mask_path(where), text=text, rule="attachment-too-large")
            for where, data in attachments(resource, resource["resourceType"])
            if len(data) > most
        ]

    def repairs(self, content: Resource) -> Sequence[Issue]:
        return ()

    def identity(self, content: Resource, envelope: Envelope) -> Identity:
        """The partner as sender, and the bundle's identifier (its system as the facility), otherwise the digest of the body."""
        identifier = content.get("identifier") if content["resourceType"] == "Bundle" else None
        if isinstance(identifier, dict) and identifier.get("value"):
            return Identity(
                sender=envelope.partner, facility=str(identifier.get("system", "")), control_id=str(identifier["value"])
            )
        return Identity(sender=envelope.partner, facility="", control_id=sha256(envelope.body).hexdigest()[:32])

    def places(self, content: object) -> Identity:
        return Identity(sender="", facility="Bundle.identifier.system", control_id="Bundle.identifier.value")

    def is_synthetic(self, content: Resource) -> bool:
        meta = content.get("meta")
        lists = [meta.get(name) for name in ("tag", "security")] if isinstance(meta, dict) else []
        codings = [coding for each in lists if isinstance(each, list) for coding in each if isinstance(coding, dict)]
        return any(coding.get("code") in TEST_CODES for coding in codings)

    def types(self) -> tuple[str, ...]:
        """The types of resource that may be sent."""
        return self.resources

    def type_of(self, content: Resource) -> str:
        """The type of a resource."""
        return str(content["resourceType"])

    def described(self) -> list[str]:
        """What is accepted, for the interface sheet."""
        holding = f" holding {', '.join(self.entries)}" if self.entries else ""
        largest = f"attachments up to {self.largest_attachment >> 20} MB each"
        return [f"FHIR R4, JSON or XML: {', '.join(self.resources)}{holding}; {largest}"]

    def acknowledge(self, envelope: Envelope, content: Resource | None, verdict: Verdict) -> Answer:
        return answer(envelope, verdict, usual=FHIR_XML if xml_body.sends_xml(envelope) else "")


def entry_types(bundle: Resource) -> list[str]:
    """The types of the resources in a bundle, ``""`` for an entry without one."""
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return []
    resources = [entry.get("resource") if isinstance(entry, dict) else None for entry in entries]
    return [str(each.get("resourceType", "")) if isinstance(each, dict) else "" for each in resources]


def attachments(value: Any, where: str) -> list[tuple[str, str | LongText]]:
    """Each ``data`` element (Attachment, Binary, Signature) with its path."""
    found: list[tuple[str, str | LongText]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "data" and isinstance(inner, str | LongText):
                found.append((f"{where}.data", inner))
            else:
                found += attachments(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            found += attachments(inner, f"{where}[{n}]")
    return found
