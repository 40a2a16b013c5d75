"""Bundle, MessageHeader, Provenance -> MSH, SFT, EVN."""

from shared.fhir.resource import Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.reading import expressed, only_first, peek
from shared.mapping.back.values import concept_code, date_time_dtm
from shared.mapping.back.writing import Writing
from shared.mapping.tables import EVENT_REASON

VERSION = "2.5.1"


def bundle_msh(write: Writing, message_type: str) -> Segment:
    """Bundle and MessageHeader -> MSH. Source: guide, MSH[MessageHeader], MSH[Bundle] read backwards."""
    header = write.take(write.first("MessageHeader"))
    sender = write.resolve(header.get("sender", {}))
    destination = header.get("destination", [{}])[0]
    source = header.get("source", {})
    write.resolve(destination.get("target", {}))
    event = peek(header, "eventCoding") or {}
    if peek(event, "code") == message_type.split("^")[1] or (not peek(event, "code") and peek(event, "display") == message_type):
        expressed(header, "eventCoding")  # MSH-9
    return write.segment(
        "MSH",
        {
            "2": "^~\\&",
            "3": _application(source.get("name", ""), source.get("software", ""), source.get("endpoint", "")),
            "4": sender.get("name", ""),
            "5": destination.get("name", ""),
            "6": write.resolve(destination.get("receiver", {})).get("name", ""),
            "7": date_time_dtm(write.bundle.get("timestamp", "") or _recorded(write)),
            "9": tuple(message_type.split("^")),
            "10": control_id(write.bundle),
            "11": _tag(header, "v2-0103") or "P",
            "12": VERSION,
            "17": sender.get("address", [{}])[0].get("country", ""),
            "18": "UNICODE UTF-8",
            "19": (header.get("language", ""),),
        },
    )


def _application(name: str, software: str, endpoint: str) -> Value:
    """HD of the source; a universal id that is not an address is at the end of the name, with its type."""
    before, _, kind = name.removesuffix(f":{software}").rpartition(" - ")
    if software and name.endswith(f":{software}") and kind:
        return (before, software, kind)
    kind = "ISO" if endpoint.startswith("urn:oid:") else ""
    return (name, software, kind)


def control_id(bundle: Resource) -> str:
    """MSH-10: the identifier of the bundle, otherwise its id, cut to the length of HL7 v2.5.1."""
    own = str(bundle.get("identifier", {}).get("value") or bundle.get("id", ""))
    return own if len(own) <= 20 else own.removeprefix("urn:uuid:").replace("-", "")[:20]


def _recorded(write: Writing) -> str:
    return next((str(each["recorded"]) for each in write.all("Provenance") if each.get("recorded")), "")


def _tag(header: Resource, ending: str) -> str:
    tags = header.get("meta", {}).get("tag", ())
    return next((each.get("code", "") for each in tags if each.get("system", "").endswith(ending)), "")


def provenance_evn(write: Writing, event: str) -> list[Segment]:
    """Provenance of the event -> EVN; without one, an EVN with only the type. Source: inverse of guide, EVN[Provenance]."""
    made = next((each for each in write.all("Provenance") if _is_event(each)), {})
    write.take(made)
    agents = [each.get("who", {}) for each in made.get("agent", [])]
    return [
        write.segment(
            "EVN",
            {
                "1": event,
                "2": date_time_dtm(made.get("recorded", "") or write.bundle.get("timestamp", "")),
                "4": [
                    concept_code(each, EVENT_REASON)
                    for each in only_first([each for each in made.get("reason", []) if each.get("coding")])
                ],
                "5": [xcn for each in agents if (xcn := write.practitioner(each)) and "reference" in each],
                "6": date_time_dtm(made.get("occurredDateTime", "")),
                "7": write.resolve(made.get("location", {})).get("name", ""),
            },
        )
    ]


def _is_event(provenance: Resource) -> bool:
    return any(each.get("display", "").startswith("event - ") for each in provenance.get("activity", {}).get("coding", ()))


def device_sft(write: Writing) -> list[Segment]:
    """Device that is software -> SFT. Source: inverse of guide, SFT[Device].

    Software is a device that a Provenance names as a source of the message: one at which an order was entered is not.
    """
    entities = [entity for each in write.all("Provenance") for entity in peek(each, "entity") or ()]
    software = [id(write.look_up(peek(each, "what") or {})) for each in entities]
    return [
        write.segment(
            "SFT",
            {
                "1": write.take(each).get("manufacturer", ""),
                "2": each.get("version", [{}])[0].get("value", ""),
                "3": each["deviceName"][0].get("name", ""),
                "4": each.get("modelNumber", ""),
                "5": each.get("note", [{}])[0].get("text", ""),
            },
        )
        for each in write.all("Device")
        if id(each) in software and each.get("deviceName")
    ]
