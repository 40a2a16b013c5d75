"""Message structures by event: the values of MSH-9.3, and the structure if MSH-9.3 is absent. HL7 v2.5.1 table 0354.

The standard contradicts itself twice. A12: ``ADT_A12`` in chapter 3 from v2.5 on, ``ADT_A09`` in v2.4 and in the table of v2.5.1.
A55: ``ADT_A52`` in v2.5.1, ``ADT_A54`` in the table of v2.9. Both are allowed; if MSH-9.3 is absent, the structure of chapter 3
applies.
"""

from shared.hl7.message import Message

DEFAULT_STRUCTURE = {
    f"{code}^{event}": structure
    for structure, code, events in (
        ("ADT_A01", "ADT", "A01 A04 A08 A13"),
        ("ADT_A02", "ADT", "A02"),
        ("ADT_A03", "ADT", "A03"),
        ("ADT_A05", "ADT", "A05 A14 A28 A31"),
        ("ADT_A06", "ADT", "A06 A07"),
        ("ADT_A09", "ADT", "A09 A10 A11"),
        ("ADT_A12", "ADT", "A12"),
        ("ADT_A15", "ADT", "A15"),
        ("ADT_A16", "ADT", "A16"),
        ("ADT_A17", "ADT", "A17"),
        ("ADT_A18", "ADT", "A18"),
        ("ADT_A20", "ADT", "A20"),
        ("ADT_A21", "ADT", "A21 A22 A23 A25 A26 A27 A29 A32 A33"),
        ("ADT_A24", "ADT", "A24"),
        ("ADT_A30", "ADT", "A30 A34 A35 A36 A46 A47 A48 A49"),
        ("ADT_A37", "ADT", "A37"),
        ("ADT_A38", "ADT", "A38"),
        ("ADT_A39", "ADT", "A39 A40 A41 A42"),
        ("ADT_A43", "ADT", "A43 A44"),
        ("ADT_A45", "ADT", "A45"),
        ("ADT_A50", "ADT", "A50 A51"),
        ("ADT_A52", "ADT", "A52 A53 A55"),
        ("ADT_A54", "ADT", "A54"),
        ("ADT_A60", "ADT", "A60"),
        ("ADT_A61", "ADT", "A61 A62"),
        ("ORU_R01", "ORU", "R01"),
        ("ORM_O01", "ORM", "O01"),
        ("OMG_O19", "OMG", "O19"),
        ("OML_O21", "OML", "O21"),
        ("REF_I12", "REF", "I12 I13 I14 I15"),
        ("SIU_S12", "SIU", "S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26"),
        ("MDM_T01", "MDM", "T01 T03 T05 T07 T09 T11"),
        ("MDM_T02", "MDM", "T02 T04 T06 T08 T10"),
        ("VXU_V04", "VXU", "V04"),
        ("DFT_P03", "DFT", "P03"),
        ("RDE_O11", "RDE", "O11 O25"),
    )
    for event in events.split()
}
OTHER_STRUCTURE = {"ADT^A12": "ADT_A09", "ADT^A55": "ADT_A54"}


def event(message: Message) -> str:
    """The message type and trigger event, ``ADT^A28``."""
    sent = message["MSH"].first("9")
    return f"{sent['1']}^{sent['2']}"


def structures(event: str) -> set[str]:
    """The allowed values of MSH-9.3 for an event (``ADT^A28``); empty for an unknown event.

    >>> structures("ADT^A28"), sorted(structures("ADT^A12")), structures("ADT^A99")
    ({'ADT_A05'}, ['ADT_A09', 'ADT_A12'], set())
    """
    return {table[event] for table in (DEFAULT_STRUCTURE, OTHER_STRUCTURE) if event in table}


def structure(message: Message) -> str:
    """MSH-9.3, or if absent the structure of the event; ``""`` for an unknown event."""
    return message["MSH-9.3"] or DEFAULT_STRUCTURE.get(event(message), "")
