"""The structure of a message whose MSH-9.3 was left out: the whole of HL7 v2.5.1 table 0354, event by event."""

import csv
from pathlib import Path

import pytest

from shared.hl7 import parse
from shared.hl7.structure import DEFAULT_STRUCTURE, event, structure, structures

# As printed in v2.5.1, appendix A, but for the misprints BRP_030 and ORR_R02, and without the row of ACK.
TABLE = list(csv.reader((Path(__file__).with_name("table_0354.csv")).open(encoding="utf-8")))[1:]
PRINTED = [(f"{name[:3]}^{trigger}", name) for name, triggers in TABLE for trigger in triggers.split()]
# Chapter 3 of v2.5.1 (3.3.12, ADT^A12^ADT_A12) is later than the table; v2.6 and later have the same.
CORRECTED = {"ADT^A12": "ADT_A12"}
OTHER = {"ADT^A12": "ADT_A09", "ADT^A55": "ADT_A54"}
TYPES = ("ADT", "MDM", "OMG", "ORM", "REF", "SIU", "VXU")  # types of message whose every event is known
KNOWN = ("ORU^R01", "OML^O21", "DFT^P03", "RDE^O11", "RDE^O25")  # and single events of other types


def named(sent: str) -> str:
    return structure(parse(f"MSH|^~\\&|A|B|C|D|20240501||{sent}|C1|P|2.5.1\r"))


@pytest.mark.parametrize(("sent", "name"), PRINTED)
def test_an_event_has_the_structure_of_table_0354(sent: str, name: str) -> None:
    is_known = sent.startswith(TYPES) or sent in KNOWN
    expected = CORRECTED.get(sent, name) if is_known else ""
    assert named(sent) == expected
    assert structures(sent) == ({expected, OTHER.get(sent, expected)} if is_known else set())


def test_no_event_is_known_that_the_table_does_not_have() -> None:
    assert set(DEFAULT_STRUCTURE) <= {sent for sent, _ in PRINTED}
    assert len(PRINTED) == len({(sent, name) for sent, name in PRINTED}) == 345


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("ADT^A04^ADT_A01", "ADT_A01"),
        ("ADT^A04^ADT_A04", "ADT_A04"),  # what was sent counts, and the profile judges it
        ("ADT^A12^ADT_A09", "ADT_A09"),
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
    assert named(sent) == name


def test_the_event_is_of_the_first_repetition_of_the_message_type() -> None:
    assert event(parse("MSH|^~\\&|A|B|C|D|20240501||ADT^A28^ADT_A05~ORU^R01|C1|P|2.5.1\r")) == "ADT^A28"
