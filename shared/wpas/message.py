"""A WPAS transaction -> ADT of HL7 v2.5. The same transaction, received at the same time, always gives the same bytes."""

from collections.abc import Iterator

from shared.formats.xml.document import XmlDocument
from shared.hl7 import Message, Segment, compose, parse, segment
from shared.wpas.codes import EVENTS
from shared.wpas.patient import next_of_kin, observations, pd1, pid
from shared.wpas.transaction import Transaction, moment, transaction
from shared.wpas.visit import no_visit, pv1, pv2

TARGET = "200"  # the receiving application and facility of the national integration service
LIKE = parse(b"MSH|^~\\&|")  # the delimiters, and UTF-8


def to_message(document: XmlDocument) -> Message:
    """The ADT message of a transaction."""
    sent = transaction(document)
    return compose(LIKE, [msh(sent), evn(sent), pid(sent, LIKE), pd1(sent, LIKE), *rest(sent)])


def rest(sent: Transaction) -> Iterator[Segment]:
    """What follows the patient: next of kin and alerts, the number that was replaced, or the visit."""
    if sent["MSG_ID"] == "MPR":
        yield mrg(sent)
    elif sent["MSG_ID"] == "IPT":
        yield pv1(sent, LIKE)
        yield pv2(sent, LIKE)
    else:
        yield from next_of_kin(sent, LIKE)
        yield no_visit(LIKE)
        yield from observations(sent, LIKE)


def msh(sent: Transaction) -> Segment:
    """The header: WPAS by its authority, the event by the type of the transaction."""
    return segment(
        "MSH",
        {
            "1": "|",
            "2": "^~\\&",
            "3": sent["SYSTEM_ID"],
            "4": sent.first("CURLOC_PROVIDER_CODE", "DHA_CODE") if sent["MSG_ID"] == "IPT" else sent["DHA_CODE"],
            "5": TARGET,
            "6": TARGET,
            "7": sent.received,
            "9": EVENTS[sent["MSG_ID"]],
            "10": control_id(sent),
            "11": "T" if sent.test_id else "P",
            "12": "2.5",
            "15": "AL",
        },
        like=LIKE,
    )


def control_id(sent: Transaction) -> str:
    """The number of the transaction, unique to its system; that of the mark of a test, if there is one."""
    return sent.test_id or sent["SYSTEM_ID"] + sent["TRANSACTION_ID"]


def evn(sent: Transaction) -> Segment:
    """The event, when it was received and who entered it, and when it took place: a transfer has its own time."""
    transferred = moment(sent["TRANSFER_DATE"], sent["TRANSFER_TIME"]) if sent["MSG_ID"] == "IPT" else ""
    return segment(
        "EVN",
        {
            "1": EVENTS[sent["MSG_ID"]][1],
            "2": sent.received,
            "5": sent["USER_ID"],
            "6": transferred or ("" if sent["MSG_ID"] == "IPT" else sent.received),
        },
        like=LIKE,
    )


def mrg(sent: Transaction) -> Segment:
    return segment("MRG", {"1": (sent["OLD_UNIT_NUMBER"], "", "", sent["SYSTEM_ID"], "PI")}, like=LIKE)
