"""TXA, and the OBX of a document message."""

from binascii import a2b_base64

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.code import id_codeable_concept
from shared.mapping.datatypes.identifier import ei_identifier
from shared.mapping.datatypes.person import HL7
from shared.mapping.datatypes.value import base64
from shared.mapping.elements import extension
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.header import recorded
from shared.mapping.segments.note import lines
from shared.mapping.segments.results.observation import obx_attachments
from shared.mapping.segments.results.observation_value import DOCUMENTS, TEXTS
from shared.mapping.tables import DOCUMENT_CONFIDENTIALITY, V2_SYSTEM
from shared.mapping.texts import text_at

# HL7 table 0271, document completion status, as FHIR's composition-status has it.
COMPLETION = {
    "AU": "final",
    "LA": "final",
    "DI": "preliminary",
    "DO": "preliminary",
    "IN": "preliminary",
    "IP": "preliminary",
    "PA": "preliminary",
}
AVAILABILITY = ("", "AV", "CA", "OB", "UN")  # HL7 table 0273
ALTERNATE = HL7 + "alternate-codes"


def txa_document_reference(read: Reading, txa: Segment) -> Resource:
    """TXA -> DocumentReference; its content is from OBX. Source: guide, TXA[DocumentReference]."""
    unique = read.each(txa, "12", ei_identifier)
    return resource(
        "DocumentReference",
        id=read.id(txa),
        masterIdentifier=unique[0] if unique else {},
        identifier=[*unique[1:], {"value": text_at(txa, "16")} if text_at(txa, "16") else {}],
        **_status(read, txa),
        docStatus=read.look_up(txa, "17", COMPLETION),
        type=read.concept(txa, "2"),
        subject=read.patient,
        date=read.instant(txa, "6") or read.instant(txa, "7"),
        author=read.practitioners(txa, "9"),
        authenticator=read.practitioner(txa, "10"),
        relatesTo=_replaced(read, txa),
        description=text_at(txa, "25"),
        securityLabel=[id_codeable_concept(text_at(txa, "18"), DOCUMENT_CONFIDENTIALITY)],
        context=element(encounter=[read.encounter]),
    )


def _status(read: Reading, txa: Segment) -> Element:
    """TXA-19 -> status: current, with the code as sent if it means something else; event T11 cancels in any case."""
    code = text_at(txa, "19")
    if code not in AVAILABILITY:
        read.note(code="code-invalid", where=txa.where("19"), text="the code is not in HL7 table 0273", rule="code-not-mapped")
    if read.message["MSH-9.2"] == "T11":
        if code not in ("", "CA"):
            words = "the event cancels the document, its availability does not: entered in error"
            read.note(code="conflict", where=txa.where("19"), text=words, rule="event-against-status")
        return {"status": "entered-in-error"}
    if code in ("", "AV"):
        return {"status": "current"}
    as_sent = {"coding": [{"system": V2_SYSTEM + "0273", "code": code}]} if code in ("CA", "OB", "UN") else {"text": code}
    status = "superseded" if code == "OB" else "entered-in-error" if code == "CA" else "current"
    return {"status": status, "_status": {"extension": extension(ALTERNATE, valueCodeableConcept=as_sent)}}


def _replaced(read: Reading, txa: Segment) -> list[Element]:
    """TXA-13 -> relatesTo: the document that this one appends (T05, T06) or replaces (T09, T10)."""
    code = {"T05": "appends", "T06": "appends", "T09": "replaces", "T10": "replaces"}.get(read.message["MSH-9.2"])
    parents = read.each(txa, "13", ei_identifier) if code else []
    return [{"code": code, "target": {"type": "DocumentReference", "identifier": each}} for each in parents]


def txa_provenance(read: Reading, txa: Segment, target: Element) -> Resource:
    """TXA-8, 9 and 23 -> Provenance of the last edit; ``{}`` if TXA-8 is absent. Source: guide, TXA[Provenance]."""
    if not text_at(txa, "8"):
        return {}
    recipient = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
    agents = [{"role": [recipient], "who": who} for field in ("9", "23") for who in read.practitioners(txa, field)]
    reason = text_at(txa, "21")
    return resource(
        "Provenance",
        id=read.id(txa, "-8"),
        target=[target],
        **recorded(read, txa, "8"),
        reason=[{"text": reason}] if reason else [],
        agent=agents or [{"who": {"display": "unknown"}}],
    )


def obx_content(read: Reading, obx: Segment) -> list[Element]:
    """OBX of a document -> content: files, pointers, or text; one for each file. Source: guide, OBX[DocumentReference]."""
    attachments = obx_attachments(read, obx)
    if not attachments and obx["2"] not in DOCUMENTS:
        text = _words(read, obx)
        attachments = [{"contentType": "text/plain", "data": base64(text.encode("utf-8", "replace"))}] if text else []
    title = text_at(obx, "3.2") or text_at(obx, "3")
    return [{"attachment": element(**each, title=title)} for each in attachments]


def _words(read: Reading, obx: Segment) -> str:
    """The text of an OBX; for another type, the value as text, with an issue, because a document has no other place for it."""
    text = lines(obx, "5")
    if text and obx["2"] not in (*TEXTS, ""):
        words = "a document has no place for this type of value; it is kept as text"
        read.note(code="not-supported", where=obx.where("2"), text=words, rule="value-type-not-mapped")
    return text


def finish(document: Resource) -> None:
    """FHIR requires content: the texts of several OBX are one text, and a document without content has a marker."""
    content = document.get("content", [])
    texts = [each for each in content if _is_text(each["attachment"])]
    if len(texts) > 1:
        whole = "\n".join(a2b_base64(str(each["attachment"]["data"])).decode() for each in texts)
        joined = {**texts[0]["attachment"], "data": base64(whole.encode())}
        rest = [each for each in content if each is texts[0] or each not in texts]
        document["content"] = [{"attachment": joined} if each is texts[0] else each for each in rest]
    elif not content:
        document["content"] = [{"attachment": dict(UNKNOWN)}]


def _is_text(attachment: Element) -> bool:
    return attachment.get("contentType") == "text/plain" and "data" in attachment
