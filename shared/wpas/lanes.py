"""The lane of a transaction: the patient as WPAS numbers them. A change of number waits for what the old number still has."""

from shared.formats.xml.document import XmlDocument
from shared.wpas.patient import nhs_number, own_number
from shared.wpas.transaction import transaction


def lane(document: XmlDocument) -> str:
    """The patient's number with its authority; the NHS Number where WPAS sends no number of its own."""
    sent = transaction(document)
    own = own_number(sent)
    return f"{own}^{sent['SYSTEM_ID']}" if own else nhs_number(sent)


def after(document: XmlDocument) -> str:
    """The number that is replaced, with its authority; ``""`` when none is."""
    sent = transaction(document)
    is_replaced = sent["MSG_ID"] == "MPR" and sent["OLD_UNIT_NUMBER"]
    return f"{sent['OLD_UNIT_NUMBER']}^{sent['SYSTEM_ID']}" if is_replaced else ""


def patient(document: XmlDocument) -> str:
    """The NHS Number; ``""`` when there is none."""
    return nhs_number(transaction(document))
