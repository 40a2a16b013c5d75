"""MSH, SFT, EVN: the sender of the message, the event, and the provenance of the resources."""

from functools import cache

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.caching import cached_by
from shared.mapping.datatypes.authority import hd_identifiers, hd_uri
from shared.mapping.datatypes.code import is_uri
from shared.mapping.datatypes.identifier import HD
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.tables import (
    CONFIDENTIALITY,
    COUNTRY,
    PROCESSING_ID,
    PROCESSING_MODE,
    V2_SYSTEM,
)
from shared.mapping.texts import text_at
from shared.validation.standard import VERSIONS, standard

CONTROL_ID = "urn:x-hub:message-control-id"
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
TRANSFORMATION = "http://hl7.org/fhir/uv/v2mappings/CodeSystem/provenance-activity-type-v2-to-fhir"


def msh_bundle(read: Reading, msh: Segment) -> Resource:
    """MSH -> Bundle of type message. Source: guide, MSH[Bundle]."""
    control_id = text_at(msh, "10")
    return resource(
        "Bundle",
        id=read.ids("MSH"),
        identifier=element(system=CONTROL_ID, value=control_id) if control_id else {},
        type="message",
        timestamp=read.instant(msh, "7"),
    )


def msh_message_header(read: Reading, msh: Segment) -> Resource:
    """MSH -> MessageHeader. Source: guide, MSH[MessageHeader]."""
    return resource(
        "MessageHeader",
        id=read.ids("MSH/MessageHeader"),
        **_heading(read, msh),
        destination=[_destination(read, msh)],
        sender=_sender(read, msh),
        source=_source(read, msh),
        responsible=read.organization(msh, "22"),
    )


@cached_by(8, 9, 11, 19, 26, 27)
def _heading(read: Reading, msh: Segment) -> Element:
    return element(
        meta=element(tag=_tags(read, msh), security=_security(read, msh)),
        language=_language(msh),
        eventCoding=_event(read, msh),
    )


def _language(msh: Segment) -> str:
    """MSH-19: the code, or the alternate code, that is of ISO 639; a code without a system is taken for one."""
    codes = ((text_at(msh, f"19.{code}"), text_at(msh, f"19.{system}")) for code, system in ((1, 3), (4, 6)))
    return next((code for code, system in codes if code and system in ("", "ISO639", "ISO639-1")), "")


def _event(read: Reading, msh: Segment) -> Element:
    """MSH-9 -> eventCoding, which FHIR requires: the code if HL7 table 0003 has the trigger event, otherwise only a text.

    Source: guide, MSG[Coding].
    """
    trigger = text_at(msh, "9.2")
    if not trigger:
        read.note(code="required", where="MSH-9.2", text="no trigger event; the event has only a text", rule="element-absent")
        return element(display=text_at(msh, "9.1")) or {"display": "unknown"}
    words = message_type(msh)
    if trigger not in _trigger_events():
        text = "the trigger event is not in HL7 table 0003; it is kept as text"
        read.note(code="code-invalid", where="MSH-9.2", text=text, rule="code-kept-as-text")
        return {"display": words}
    return {"system": V2_SYSTEM + "0003", "code": trigger, "display": words}


@cache
def _trigger_events() -> frozenset[str]:
    """HL7 table 0003, in the newest version of this package."""
    known = standard(VERSIONS[-1])
    assert known
    return known.codes("0003")


def _tags(read: Reading, msh: Segment) -> list[Element]:
    """MSH-11 -> meta.tag. Source: guide, PT[Meta]."""
    targets = [PROCESSING_ID.target(text_at(msh, "11.1")), PROCESSING_MODE.target(text_at(msh, "11.2"))]
    return [element(system=each.system, code=each.code) for each in targets if each and each.code]


def _security(read: Reading, msh: Segment) -> list[Element]:
    words = text_at(msh, "8")
    return [{"display": words}] * bool(words) + [read.coding(msh, "26", CONFIDENTIALITY), read.coding(msh, "27")]


def _sender(read: Reading, msh: Segment) -> Element:
    """MSH-4 -> sender, with the country of MSH-17."""
    sender = read.assigner(msh, "4")
    country = text_at(msh, "17") if text_at(msh, "17") in COUNTRY else ""
    if sender and country:
        read.furnish(sender, msh, "17", address=[{"country": country}])
    return sender


@cached_by(3, 24)
def _source(_read: Reading, msh: Segment) -> Element:
    """MSH-3 and MSH-24 -> source. Source: guide, HD[MessageHeader.source-name] and -endpoint."""
    name, software, _ = application = HD(msh.first("3"))
    address = _address(msh, "24") or application
    endpoint = _endpoint(*address)
    return element(
        name=_named(name, address, endpoint),
        software=software,
        endpoint=endpoint,
        _endpoint={} if endpoint else UNKNOWN,
    )


def _destination(read: Reading, msh: Segment) -> Element:
    """MSH-5, MSH-6, MSH-23, MSH-25 -> destination. Source: guide, HD[MessageHeader.destination-...]."""
    if not any(msh.holds(field) for field in ("5", "6", "23", "25")):
        return {}
    application = HD(msh.first("5"))
    address = _address(msh, "25") or application
    endpoint = _endpoint(*address)
    device = hd_identifiers(*application)
    return element(
        name=_named(application[0], address, endpoint),
        target=read.keep(resource("Device", id=read.ids("MSH-5"), identifier=device)) if device else {},
        endpoint=endpoint,
        _endpoint={} if endpoint else UNKNOWN,
        receiver=read.organization(msh, "23") or read.assigner(msh, "6"),
    )


def _address(msh: Segment, field: str) -> tuple[str, ...]:
    """The HD of a network address (MSH-24, MSH-25); empty when no part of it was sent."""
    found = HD(msh.first(field)) if msh.holds(field) else ()
    return found if any(found) else ()


def _endpoint(namespace: str, universal: str, kind: str) -> str:
    """The address that an HD gives; an application's OID is never taken for an assigning authority.

    If its type is absent, the format of the universal id shows the type. ``""`` if it is not an address.
    """
    schemes = {"ISO": "urn:oid:", "UUID": "urn:uuid:", "GUID": "urn:uuid:", "DNS": "urn:dns:", "URI": ""}
    if universal and kind in schemes:
        found = schemes[kind] + (universal.lower() if schemes[kind] == "urn:uuid:" else universal)
    else:
        found = ("" if kind else hd_uri("", universal)) or namespace
    return found if is_uri(found) else ""


def _named(name: str, address: tuple[str, ...], endpoint: str) -> str:
    """The name of an application, with the parts of its network address that are not an endpoint.

    Source: guide, HD[MessageHeader.source-endpoint] and HD[MessageHeader.destination-endpoint].
    """
    namespace, universal, kind = address
    if endpoint:
        return name or namespace
    typed = f"{kind}:{universal}" if kind and universal else universal
    return " - ".join(dict.fromkeys(filter(None, (name, namespace, typed))))


def message_type(msh: Segment) -> str:
    """MSH-9 as text: ``ADT^A01^ADT_A01``."""
    return "^".join(filter(None, (text_at(msh, "9.1"), text_at(msh, "9.2"), text_at(msh, "9.3"))))


def msh_provenance_source(read: Reading, msh: Segment, target: list[Element]) -> Resource:
    """MSH -> Provenance: the source and its message. Source: guide, MSH[Provenance-Source]."""
    agents = [
        {"type": _participant("author"), "who": each} for each in (read.assigner(msh, "4"), read.organization(msh, "22")) if each
    ]
    return resource(
        "Provenance",
        id=read.ids("MSH/Provenance-Source"),
        target=target,
        occurredDateTime=read.date_time(msh, "7"),
        **recorded(read, msh, "7"),
        activity=_activity(read, msh),
        agent=agents or [{"who": {"display": text_at(msh, "3") or "unknown"}}],
        entity=[_entity(msh), _application(msh)],
    )


def msh_provenance_transformation(read: Reading, msh: Segment, target: list[Element]) -> Resource:
    """MSH -> Provenance of this conversion; its time is that of the message, because a mapping reads no clock.

    Source: guide, MSH[Provenance-Transformation].
    """
    return {
        "resourceType": "Provenance",
        "id": read.ids("MSH/Provenance-Transformation"),
        "target": target,
        **recorded(read, msh, "7"),
        "activity": {"coding": [{"system": TRANSFORMATION, "code": "v2-fhir-transformation"}]},
        "agent": [{"type": _participant("assembler"), "who": {"type": "Device", "display": "Integration hub"}}],
        "entity": [_entity(msh)],
    }


@cached_by(9)
def _activity(_read: Reading, msh: Segment) -> Element:
    return {"coding": [{"display": "message - " + message_type(msh)}]}


def _entity(msh: Segment) -> Element:
    """The message, by its control id: the hub stores no copy to point to."""
    identifier = {"system": CONTROL_ID, "value": text_at(msh, "10") or "unknown"}
    return {"role": "source", "what": {"type": "DocumentReference", "identifier": identifier}}


def _application(msh: Segment) -> Element:
    """MSH-3, if MSH-24 gives it an address. Source: guide, MSH[Provenance-Source]."""
    if not text_at(msh, "24"):
        return {}
    name, universal, kind = HD(msh.first("3"))
    numbers = hd_identifiers(name, universal, kind)
    return {"role": "source", "what": element(type="Device", identifier=numbers[-1], display=name)} if numbers else {}


def _participant(code: str) -> Element:
    return {"coding": [{"system": PARTICIPANT, "code": code}]}


def recorded(read: Reading, segment: Segment, path: str) -> Element:
    """Provenance.recorded, which FHIR requires: the time of the message if the field is absent, otherwise marked unknown."""
    moment = read.instant(segment, path) or read.instant(read.message["MSH"], "7")
    return {"recorded": moment} if moment else {"_recorded": UNKNOWN}
