"""The structure of a message whose MSH-9.3 was left out: HL7 table 0354, event by event."""

import pytest

from shared.hl7 import parse
from shared.hl7.structure import event, structure

# HL7 v2.5.1 table 0354, for the events that the standard gives a structure of another name, and those of the same name.
OF = {
    "ADT_A01": "A01 A04 A08 A13",
    "ADT_A02": "A02",
    "ADT_A03": "A03",
    "ADT_A05": "A05 A14 A28 A31",
    "ADT_A06": "A06 A07",
    "ADT_A09": "A09 A10 A11",
    "ADT_A15": "A15",
    "ADT_A16": "A16",
    "ADT_A17": "A17",
    "ADT_A18": "A18",
    "ADT_A20": "A20",
    "ADT_A21": "A21 A22 A23 A25 A26 A27 A29 A32 A33",
    "ADT_A24": "A24",
    "ADT_A30": "A30 A34 A35 A36 A46 A47 A48 A49",
    "ADT_A37": "A37",
    "ADT_A38": "A38",
    "ADT_A39": "A39 A40 A41 A42",
    "ADT_A43": "A43 A44",
    "ADT_A45": "A45",
    "ADT_A50": "A50 A51",
    "ADT_A52": "A52 A53",
    "ADT_A54": "A54",
    "ADT_A60": "A60",
    "ADT_A61": "A61 A62",
    "ORU_R01": "R01",
    "ORM_O01": "O01",
    "OML_O21": "O21",
    "SIU_S12": "S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26",
    "MDM_T01": "T01 T03 T05 T07 T09 T11",
    "MDM_T02": "T02 T04 T06 T08 T10",
    "VXU_V04": "V04",
    "DFT_P03": "P03",
}
EVENTS = [(f"{name[:3]}^{trigger}", name) for name, triggers in OF.items() for trigger in triggers.split()]


@pytest.mark.parametrize(("sent", "name"), EVENTS)
def test_an_event_has_its_structure(sent: str, name: str) -> None:
    read = parse(f"MSH|^~\\&|A|B|C|D|20240501||{sent}|C1|P|2.5.1\r")
    assert (event(read), structure(read)) == (sent, name)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("ADT^A04^ADT_A01", "ADT_A01"),
        ("ADT^A04^ADT_A04", "ADT_A04"),  # what was sent counts, and the profile judges it
        ("ADT^^ADT_A05", "ADT_A05"),
        ("ADT^A99", ""),
        ("MDM^T12", ""),
        ("SIU^S25", ""),
        ("ORU^A01", ""),
        ("ADT", ""),
        ("", ""),
    ],
)
def test_what_was_sent_counts_before_the_table(sent: str, name: str) -> None:
    assert structure(parse(f"MSH|^~\\&|A|B|C|D|20240501||{sent}|C1|P|2.5.1\r")) == name
