"""Where each segment may stand: under the patient or the visit, before or after its order, in each type of message.

A place is a short message with one segment left open, which is tried in it with one field, with all, with all but one, or twice.
"""

import re
from typing import NamedTuple

from toolkit.guide.example import FIELD, LEAST, VALUE, Fields, full, line

PID, PV1, ORC, OBR = "PID|1||1^^^A", "PV1|1|I|W1^R1^B1", "ORC|XX|O1", "OBR|1|||1^a^LN"
OBX, SPM, RXO, RXA = "OBX|1|CWE|2^b^LN||X1^d^L||||||F", "SPM|1|||BLD", "RXO|1^m^L", "RXA|0|1|20240101||1^v^L"
RF1, SCH, TXA, MRG = "RF1||||||R1", "SCH|S1", "TXA|1|CN", "MRG|2^^^A"
OPEN = "{}"
PL = "Point^Room^Bedded^Facility^^^Building^Floor^Described^Whole&Named&1.2.840&ISO^Owner&1.2.840&ISO"  # words can differ
# What a segment needs to be there at all.
NEEDED: dict[str, Fields] = {
    **{name: fields for name, fields in LEAST.items() if name not in ("TQ1", "IN3", "ORC", "SFT", "MRG")},
    "GT1": {"3": "F^G"}, "RXR": {"1": "IM"}, "RF1": {"6": "R1"}, "ORC": {"1": "XX", "2": "O1"}, "MRG": {"1": "2^^^A"},
    "IN1": {"4": "Ins"}, "RXO": {"1": "1^m^L"}, "AIS": {"3": "1^s^L"}, "SFT": {"1": "Maker"}, "SCH": {"1": "S1"},
}  # fmt: skip
# Fields that the mapping reads although the guide maps them nowhere.
MORE: dict[str, Fields] = {
    "GT1": {
        "2": VALUE["CX"], "3": VALUE["XPN"], "5": VALUE["XAD"], "6": VALUE["XTN"], "7": "09876^WPN^PH", "8": "19700102", "9": "F",
        "11": "SPO", "12": "S12", "13": "20240102", "14": "20240203",
    },
    "MRG": {"1": "M1^^^A", "2": "M2^^^A", "3": "M3^^^A", "4": "M4^^^A", "7": VALUE["XPN"]},
    "IN1": {"3": "C1", "8": "G8", "18": "19700102", "19": VALUE["XAD"], "36": "P36"},
    "PR1": {"20": "D"},
    "RXO": {
        "6": "X1^Words^99ZZZ", "7": "X2^Words^99ZZZ", "20": "X3^Words^99ZZZ", "21": "3", "22": "mL^ml^UCUM",
        "23": "6^mg&mg&UCUM",
    },
    "RXR": {"4": "X1^Words^99ZZZ"},
    "RXA": {"11": VALUE["PL"]},
    "IAM": {"6": "D"},
    "TXA": {"7": "20240304050607", "13": VALUE["EI"]},
    "PRD": {
        "1": "RT^Words^HL70286", "2": VALUE["XPN"], "3": VALUE["XAD"], "4": VALUE["PL"], "5": VALUE["XTN"],
        "7": "N1^GMC^Words^20200101^20210101", "8": "20240102", "9": "20240203", "10": VALUE["XON"],
    },
    "RF1": {
        "1": "A", "2": "S", "3": "X1^Words^99ZZZ", "4": "X2^Words^99ZZZ", "5": "X3^Words^99ZZZ", "6": VALUE["EI"],
        "7": "20240102030405", "8": "20240203040506", "10": "X4^Words^99ZZZ", "11": "E2^NS^1.2.840^ISO",
    },
    "ROL": {"2": "CO"},
    "TQ1": {"3": "BID^^^^2^D^^^5^M"},
    "RXC": {"1": "B", "2": "X1^Words^99ZZZ"},
}  # fmt: skip


class Place(NamedTuple):
    """A message with one segment left open."""

    event: str
    segment: str
    lines: tuple[str, ...]  # {} for the open one
    fields: tuple[tuple[str, str], ...]  # what it has in any case

    def message(self, *tried: Fields, without: tuple[str, ...] = ()) -> str:
        """The message with the segment as given, once for each; the fields that it has in any case may be replaced."""
        header = {"1": "APP", "2": "FAC", "5": "20240101000000", "7": self.event, "8": "C1", "10": "2.5.1"}
        own = [f"{self.segment}|{line(each)}" for each in tried]
        if self.segment == "MSH":
            (fields,) = tried
            header |= {str(int(n) - 2): text for n, text in fields.items()}
            own = []
        others = [each for each in self.lines if each.partition("|")[0] not in without]
        lines = [each for one in others for each in (own if one == OPEN else [one])]
        return "\r".join([f"MSH|^~\\&|{line(header)}", *lines])

    def least(self) -> dict[str, str]:
        """What the segment needs to become what it becomes."""
        return {**NEEDED.get(self.segment, {}), **dict(self.fields)}

    def whole(self) -> Fields:
        """Every field that the guide maps or the mapping reads."""
        fields = {**full(self.segment), **MORE.get(self.segment, {}), **dict(self.fields)}
        fields = {n: PL if text == VALUE["PL"] else text for n, text in fields.items()}
        return {n: text if is_coded(f"{self.segment}-{n}") else other(text, n, int(n) - 75) for n, text in fields.items()}


def place(event: str, segment: str, *lines: str, **fields: str) -> Place:
    return Place(event, segment, lines, tuple((name[1:], text) for name, text in fields.items()))


PLACES = {
    "MSH": place("ADT^A01", "MSH", PID, PV1),
    "SFT": place("ADT^A01", "SFT", OPEN, PID),
    "EVN": place("ADT^A01", "EVN", OPEN, PID),
    "PID": place("ADT^A01", "PID", OPEN, PV1),
    "PD1": place("ADT^A31", "PD1", PID, OPEN),
    "NK1": place("ADT^A31", "NK1", PID, OPEN),
    "NK1-contact": place("ADT^A31", "NK1", PID, OPEN, _3="E"),
    "PV1": place("ADT^A01", "PV1", PID, OPEN),
    "PV1-planned": place("ADT^A05", "PV1", PID, OPEN, _2="P"),
    "PV1-ended": place("ADT^A03", "PV1", PID, OPEN),
    "PV1-referral": place("REF^I12", "PV1", RF1, PID, OPEN),
    "PV2": place("ADT^A01", "PV2", PID, PV1, OPEN),
    "ROL-team": place("ADT^A01", "ROL", PID, OPEN, PV1, _3="AT^^HL70443"),
    "ROL-practitioner": place("ADT^A01", "ROL", PID, OPEN, PV1, _3="PP^^HL70443"),
    "ROL-visit": place("ADT^A01", "ROL", PID, PV1, OPEN, _3="AT^^HL70443"),
    "PRT-practitioner": place("ADT^A01", "PRT", PID, OPEN, PV1, _4="PP^^HL70443"),
    "PRT-team": place("ADT^A01", "PRT", PID, OPEN, PV1, _4="AT^^HL70443"),
    "PRT-related": place("ADT^A01", "PRT", PID, OPEN, PV1, _4="NOK"),
    "PRT-visit": place("ADT^A01", "PRT", PID, PV1, OPEN),
    "PRT-order": place("OML^O21", "PRT", PID, ORC, OPEN, OBR, _4="OP"),
    "PRT-report": place("ORU^R01", "PRT", PID, ORC, OBR, OPEN, OBX, _4="TN"),
    "PRT-result": place("ORU^R01", "PRT", PID, OBR, OBX, OPEN),
    "PRT-result-place": place("ORU^R01", "PRT", PID, OBR, OBX, OPEN, _5=""),
    "PRT-vaccination": place("VXU^V04", "PRT", PID, ORC, RXA, OPEN, _4="AP^^HL70443"),
    "PRT-medicine": place("ORM^O01", "PRT", PID, ORC, RXO, OPEN, _4="OP"),
    "AL1": place("ADT^A01", "AL1", PID, PV1, OPEN),
    "IAM": place("ADT^A01", "IAM", PID, PV1, OPEN),
    "DG1": place("ADT^A01", "DG1", PID, PV1, OPEN),
    "DG1-order": place("OML^O21", "DG1", PID, PV1, ORC, OBR, OPEN),
    "DG1-referral": place("REF^I12", "DG1", RF1, PID, OPEN, PV1),
    "DG1-medicine": place("ORM^O01", "DG1", PID, ORC, RXO, OPEN),
    "PR1": place("ADT^A01", "PR1", PID, PV1, OPEN),
    "GT1": place("ADT^A01", "GT1", PID, PV1, OPEN),
    "IN1": place("ADT^A01", "IN1", PID, PV1, OPEN),
    "IN1-referral": place("REF^I12", "IN1", RF1, PID, OPEN),
    "IN3": place("ADT^A01", "IN3", PID, OPEN),
    "MRG-merge": place("ADT^A40", "MRG", PID, OPEN),
    "MRG-account": place("ADT^A06", "MRG", PID, OPEN, PV1),
    "OBX-person": place("ADT^A01", "OBX", PID, PV1, OPEN),
    "OBX-result": place("ORU^R01", "OBX", PID, PV1, ORC, OBR, OPEN, OBX),
    "OBX-specimen": place("ORU^R01", "OBX", PID, OBR, OBX, SPM, OPEN),
    "OBX-order": place("OML^O21", "OBX", PID, ORC, OBR, OPEN),
    "OBX-medicine": place("ORM^O01", "OBX", PID, ORC, RXO, OPEN),
    "OBX-vaccination": place("VXU^V04", "OBX", PID, RXA, OPEN),
    "OBX-referral": place("REF^I12", "OBX", RF1, PID, OPEN),
    "OBX-document": place("MDM^T02", "OBX", PID, TXA, OPEN, _2="ED", _5=VALUE["ED"]),
    "OBX-file": place("ORU^R01", "OBX", PID, PV1, OBR, OPEN, _2="ED", _5=VALUE["ED"]),
    "ORC-order": place("OML^O21", "ORC", PID, PV1, OPEN, OBR),
    "ORC-result": place("ORU^R01", "ORC", PID, PV1, OPEN, OBR, OBX),
    "ORC-medicine": place("ORM^O01", "ORC", PID, OPEN, RXO),
    "ORC-vaccination": place("VXU^V04", "ORC", PID, OPEN, RXA),
    "OBR-result": place("ORU^R01", "OBR", PID, PV1, ORC, OPEN, OBX),
    "OBR-specimen": place("ORU^R01", "OBR", PID, OPEN, OBX, SPM),
    "OBR-order": place("OML^O21", "OBR", PID, ORC, OPEN),
    "OBR-referral": place("REF^I12", "OBR", RF1, PID, OPEN, OBX),
    "TQ1-before": place("OML^O21", "TQ1", PID, ORC, OPEN, OBR),
    "TQ1-after": place("ORU^R01", "TQ1", PID, OBR, OPEN, OBX),
    "TQ1-medicine": place("ORM^O01", "TQ1", PID, ORC, RXO, OPEN),
    "SPM-result": place("ORU^R01", "SPM", PID, ORC, OBR, OBX, OPEN),
    "SPM-order": place("OML^O21", "SPM", PID, ORC, OBR, OPEN),
    "NTE-report": place("ORU^R01", "NTE", PID, OBR, OPEN, OBX),
    "NTE-result": place("ORU^R01", "NTE", PID, OBR, OBX, OPEN),
    "NTE-document": place("MDM^T02", "NTE", PID, TXA, OPEN),
    "NTE-appointment": place("SIU^S12", "NTE", SCH, OPEN, PID),
    "NTE-referral": place("REF^I12", "NTE", RF1, PID, OPEN),
    "NTE-medicine": place("ORM^O01", "NTE", PID, ORC, RXO, OPEN),
    "NTE-nowhere": place("ADT^A01", "NTE", PID, OPEN),
    "RXO": place("ORM^O01", "RXO", PID, PV1, ORC, OPEN),
    "RXR-medicine": place("ORM^O01", "RXR", PID, ORC, RXO, OPEN),
    "RXR-vaccination": place("VXU^V04", "RXR", PID, RXA, OPEN),
    "RXC": place("ORM^O01", "RXC", PID, ORC, RXO, OPEN),
    "RXA": place("VXU^V04", "RXA", PID, PV1, ORC, OPEN),
    "SCH": place("SIU^S12", "SCH", OPEN, PID),
    "SCH-cancelled": place("SIU^S15", "SCH", OPEN, PID),
    "AIS": place("SIU^S12", "AIS", "SCH|S1|||||||||||||||||||||||||R1", PID, "RGS|1", OPEN),
    "AIG": place("SIU^S12", "AIG", SCH, PID, "RGS|1", OPEN),
    "AIL": place("SIU^S12", "AIL", SCH, PID, "RGS|1", OPEN),
    "AIP": place("SIU^S12", "AIP", SCH, PID, "RGS|1", OPEN),
    "TXA": place("MDM^T02", "TXA", PID, PV1, ORC, OBR, OPEN, OBX),
    "TXA-appended": place("MDM^T05", "TXA", PID, OPEN),
    "TXA-cancelled": place("MDM^T11", "TXA", PID, OPEN),
    "RF1": place("REF^I12", "RF1", OPEN, PID, PV1),
    "RF1-cancelled": place("REF^I14", "RF1", OPEN, PID),
    "PRD-referring": place("REF^I12", "PRD", RF1, OPEN, PID, _1="RP^Words^HL70286"),
    "PRD-referred": place("REF^I12", "PRD", RF1, OPEN, PID, _1="RT^Words^HL70286"),
    "PRD-practitioner": place("REF^I12", "PRD", RF1, OPEN, PID, _1="PP^Words^HL70286"),
}

TOKEN = re.compile(r"[^\^&~|]+")
CODE = re.compile(r"[A-Z]{1,4}|HL7\w+|99\w+|[\d.]{1,2}|UCUM|Base64|\d+(\.\d+){2,}|\W")
DATE = re.compile(r"((?:19|20)\d\d)(\d{4,})")


def other(text: str, mark: str = "z", years: int = -20) -> str:
    """A value of the same form with other words, numbers and dates; what is, or may be, a code of a table stays."""

    def token(found: re.Match[str]) -> str:
        sent = found[0]
        if date := DATE.fullmatch(sent):
            return f"{int(date[1]) + years}{date[2]}"
        return sent if CODE.fullmatch(sent) else f"{sent}{mark}"

    return TOKEN.sub(token, text)


def is_coded(field: str) -> bool:
    """Whether a field holds codes of a table, or a text of a form that nothing else has."""
    return field in FIELD or field in ("GT1-9", "GT1-11", "RXO-22", "RXO-23", "PRD-1")
