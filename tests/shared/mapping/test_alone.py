"""A field, a component and a code alone, to the letter and both ways: what it becomes in FHIR, and what comes back.

A full field hides what happens when only one part of it was sent: the name of a practitioner is then made of other parts, or the
element is not made at all. ``samples/alone`` has for each segment its fields, each with no other one (but for those that make the
main resource of the message), for each datatype its components, each with no other one in its field, and in ``codes-SEGMENT.txt``
the codes that the mapping treats differently, with one that it does not know.

Under what was sent stand the values that it adds to the resources (``+``) or takes from them (``-``), how often if
more than once, the issues (``!``) and the segments that come back for it (``=``).
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from shared.formats.fhir.leaves import bundle_texts
from shared.hl7 import parse
from shared.mapping import convert, from_bundle
from shared.mapping.back.bundle import MESSAGES
from tests.goldens import hold
from toolkit.guide.example import LEAST, ORDER, VALUE, Fields, full, line

Json = dict[str, Any]
SAMPLES = Path(__file__).parent / "samples" / "alone"
INDEX = re.compile(r"\[\d+\]")
ID, REFERENCE = ".id", ".reference"  # their texts are made of the message: an id is not shown, a reference by what it leads to
NAMES = ("identifier", "name", "code", "type", "vaccineCode", "title", "physicalType")  # what a resource is called by
ABOUT = ("system", "use", "type", "extension", "assigner", "period")  # what says more of a name
EVENT = {
    "ADT": "ADT^A01", "ORU": "ORU^R01", "ORM": "ORM^O01", "OML": "OML^O21", "MDM": "MDM^T02", "SIU": "SIU^S12",
    "VXU": "VXU^V04", "REF": "REF^I12",
}  # fmt: skip
REFERRAL = ("RF1", "PRD", "PID", "NK1", "DG1", "AL1", "IN1", "OBR", "OBX", "SPM", "PV1", "NTE")
KINDS = {**{kind: tuple(dict.fromkeys(order)) for kind, order in ORDER.items()}, "REF": REFERRAL}
NEEDED: dict[str, Fields] = {**LEAST, "RF1": {"6": "R1"}, "PRD": {"1": "RP"}, "GT1": {"3": "F^G"}, "RXR": {"1": "IM"}}
OWN: dict[str, Fields] = {
    "RF1": {
        "1": "A", "2": "S", "3": "X1^Words^99ZZZ", "4": "X2^Words^99ZZZ", "5": "X3^Words^99ZZZ", "6": "E1^NS^1.2.840^ISO",
        "7": "20240102030405", "8": "20240203040506", "9": "P1^F", "10": "X4^Words^99ZZZ", "11": "E2^NS^1.2.840^ISO",
    },
    "PRD": {
        "1": "RT^Words^HL70286", "2": VALUE["XPN"], "3": VALUE["XAD"], "4": VALUE["PL"], "5": VALUE["XTN"], "6": "X1",
        "7": "N1^GMC^Words^20200101^20210101", "8": "20240102", "9": "20240203", "10": VALUE["XON"],
    },
}  # fmt: skip
COMPONENTS = {
    "PV1-7": VALUE["XCN"], "PID-5": VALUE["XPN"], "PID-11": VALUE["XAD"], "PID-13": VALUE["XTN"], "PD1-3": VALUE["XON"],
    "PID-3": VALUE["CX"], "OBR-3": VALUE["EI"], "OBR-29": VALUE["EIP"], "PV1-3": VALUE["PL"], "AL1-3": VALUE["CWE"],
    "PID-16": VALUE["CWE"], "OBR-32": VALUE["NDL"], "TQ1-3": VALUE["RPT"], "SCH-11": VALUE["TQ"], "PV1-37": VALUE["DLD"],
    "PID-20": VALUE["DLN"], "OBR-15": VALUE["SPS"], "SPM-2": VALUE["EIP"], "PRD-7": "N1^GMC^Words^20200101^20210101",
    "MSH-3": VALUE["HD"], "MSH-4": VALUE["HD"], "PV1-19": VALUE["CX"], "PV1-54": VALUE["CX"], "TQ1-2": VALUE["CQ"],
    "RF1-6": VALUE["EI"], "AIG-3": VALUE["CWE"], "SPM-12": VALUE["CQ"], "PV2-3": VALUE["CWE"], "IN1-4": VALUE["XON"],
}  # fmt: skip


# The codes that the mapping treats differently: the other fields, and where {} stands, each code; QQ is of no table.
YES_NO = "Y N QQ"
CODES: dict[str, tuple[tuple[Fields, str], ...]] = {
    "PID": (
        ({"3": "1^^^A", "5": "F^G^^^^^{}"}, "A B C D I L M N NB P R S T U MSK NAV QQ"),
        ({"3": "1^^^A", "11": "1 Street^^City^^^^{}"}, "M SH BA BI N BDL F C B H L O P RH BR S TM V HV QQ"),
        ({"3": "1^^^A", "13": "01^{}^PH"}, "ASN BPN EMR NET ORN PRN PRS VHN WPN QQ"),
        ({"3": "1^^^A", "13": "01^PRN^{}"}, "BP CP FX Internet MD PH SAT TDD TTY X.400 QQ"),
        ({"3": "1^^^A^{}"}, "MR NH NI PI SS QQ"),
        ({"3": "1^^^A", "8": "{}"}, "F M O U A N QQ"),
        ({"3": "1^^^A", "16": "{}"}, "M S W QQ"),
        ({"3": "1^^^A", "24": "{}"}, YES_NO),
        ({"3": "1^^^A", "24": "{}", "25": "2"}, YES_NO),
        ({"3": "1^^^A", "30": "{}"}, YES_NO),
        ({"3": "1^^^A", "29": "20240101", "30": "{}"}, YES_NO),
        ({"3": "1^^^A", "31": "{}"}, YES_NO),
        ({"3": "1^^^A", "7": "{}"}, "1970 197001 19700101 1970010123 1970010124 197001012360 19700230 1970010112+1500"),
        ({"3": "1^^^A", "15": "{}"}, "cy en cym cy^Welsh^L QQ cy^Welsh^ISO639-1 ^^^cy^Welsh^ISO639-1"),
        ({"3": "1^^^A", "20": "D1^{}"}, "DVLA DVLA&Words&L &Words &&&GBR GBR&&&DVLA"),
    ),
    "NK1": (
        ({"2": "F^G", "3": "{}"}, "SPO E C N QQ"),
        ({"2": "F^G", "7": "{}"}, "C E N QQ"),
        ({"13": "Org^^1", "3": "{}"}, "SPO E"),
        ({"13": "Org^^1", "30": "F^G"}, "-"),
    ),
    "PV1": (
        ({"2": "{}"}, "E I O P R B C N U QQ"),
        ({"2": "{}", "3": "W^R^B", "19": "V1"}, "I P N"),
        ({"2": "{}", "36": "01", "44": "20240101", "45": "20240102"}, "E I O P N"),
        ({"2": "I", "3": "W^R^B", "40": "{}"}, "C H I K O U QQ"),
        ({"2": "I", "54": "{}"}, "E1 E1^^^A"),
        ({"2": "I", "19": "V1^^^{}"}, "A A&1.2.840&ISO &1.2.840&ISO"),
    ),
    "PV2": (({"22": "{}"}, YES_NO), ({"25": "{}"}, "1 2 3 QQ"), ({"38": "{}"}, "A QQ")),
    "AL1": (
        ({"2": "{}", "3": "1^d^L"}, "AA DA EA FA LA MA MC PA QQ"),
        ({"3": "1^d^L", "4": "{}"}, "MI MO SV U QQ"),
        ({"3": "1^d^L", "4": "{}", "5": "Rash~Cough"}, "MI MO SV U QQ"),
    ),
    "IAM": (
        ({"2": "{}", "3": "1^d^L"}, "DA FA QQ"),
        ({"3": "1^d^L", "4": "{}", "5": "Rash"}, "SV QQ"),
        ({"3": "1^d^L", "6": "{}"}, "A D U X QQ"),
        ({"3": "1^d^L", "17": "{}"}, "U P S C I E D QQ"),
    ),
    "ROL": (
        ({"3": "{}", "4": "P1^F"}, "PP AT AD CP RP QQ PP^^HL70443 QQ^^HL70443"),
        ({"3": "AT^^HL70443", "14": "Org^^1"}, "-"),
        ({"3": "AT^^HL70443", "4": "P1^F", "14": "Org^^1"}, "-"),
        ({"2": "{}", "3": "PP^^HL70443", "4": "P1^F"}, "AD CO DE LI UC UN UP QQ"),
    ),
    "DG1": (({"3": "1^d^L", "6": "{}"}, "A F W QQ"), ({"3": "1^d^L", "21": "{}"}, "A D U X QQ"), ({"4": "{}"}, "Words")),
    "IN1": (
        ({"3": "C1", "4": "Ins", "17": "{}"}, "SEL SELF S 18 SPO QQ"),
        ({"3": "C1", "16": "F^G", "17": "{}"}, "SEL SPO"),
        ({"5": "1 Street", "7": "01", "4": "{}"}, "Ins"),
    ),
    "ORC": (
        ({"1": "{}", "2": "P1", "3": "F1"}, "NW CA OC CR DC HD RP SC XO OK QQ"),
        ({"5": "{}", "2": "P1"}, "A CA CM DC ER HD IP SC QQ"),
        ({"1": "NW", "2": "P1", "9": "20240101", "21": "{}"}, "Org Org^^1 ^^1"),
        ({"1": "NW", "2": "P1", "9": "20240101", "21": "Org^^1", "22": "{}"}, "1&Street^^City^^AB12CD"),
        ({"1": "NW", "2": "P1", "9": "20240101", "21": "Org^^1", "23": "{}"}, "01^WPN^PH"),
        ({"1": "NW", "2": "P1", "9": "20240101", "{}": "P7^F"}, "10 11 12 19"),
        ({"1": "NW", "2": "P1", "9": "20240101", "{}": "X1^Words^99ZZZ"}, "16 17 18 25 28 29 31"),
        ({"1": "NW", "2": "P1", "10": "P7^F", "21": "Org^^1", "{}": "1 Street"}, "22"),
        ({"1": "NW", "2": "P1", "10": "P7^F", "21": "Org^^1", "23": "{}"}, "01^WPN^PH"),
        ({"1": "NW", "2": "P1", "{}": "E7^NS"}, "3 4 8 33"),
    ),
    "OBR": (
        ({"4": "1^a^LN", "25": "{}"}, "O I S A P C R F X Y Z QQ"),
        ({"4": "1^a^LN", "11": "{}"}, "A G L O P R S QQ"),
        ({"4": "1^a^LN", "5": "{}"}, "S A R P C T QQ"),
        ({"4": "1^a^LN", "15": "BLD", "{}": "20240102"}, "7 8 14"),
    ),
    "SPM": (({"4": "BLD", "20": "{}"}, YES_NO), ({"4": "{}"}, "BLD UR QQ"), ({"6": "EDTA", "27": "{}"}, "TUBE")),
    "SCH": (
        ({"1": "S1", "25": "{}"}, "Pending Waitlist Booked Started Complete Cancelled Dc Deleted Blocked Overbook Noshow QQ"),
        ({"1": "S1", "7": "{}"}, "ROUTINE^R^HL70276 Normal^N^HL70277 Tentative^T^HL70277 QQ"),
        ({"1": "S1", "9": "30", "10": "{}"}, "min h d s QQ"),
    ),
    "TXA": (
        ({"2": "CN", "17": "{}"}, "AU DI DO IN IP LA PA QQ"),
        ({"2": "CN", "19": "{}"}, "AV CA OB UN QQ"),
        ({"2": "CN", "18": "{}"}, "R U V QQ"),
    ),
    "RXA": (
        ({"3": "20240101", "5": "1^v^L", "20": "{}"}, "CP NA PA RE QQ"),
        ({"3": "20240101", "5": "1^v^L", "21": "{}"}, "A D U QQ"),
        ({"3": "20240101", "5": "1^v^L", "20": "RE", "21": "{}"}, "A D"),
    ),
    "MSH": (
        ({"3": "{}"}, "NS NS^1.2.840^ISO NS^odd ^1.2.840 ^1.2.840^ISO ^odd ^x.wales^DNS ^http://x.wales^URI ^x^QQ NS^x^QQ"),
        ({"3": "^123e4567-e89b-12d3-a456-426614174000^{}"}, "UUID GUID"),
        ({"4": "{}"}, "NS NS^1.2.840^ISO NS^odd ^1.2.840 ^1.2.840^ISO ^odd ^x.wales^DNS ^http://x.wales^URI ^x^QQ NS^x^QQ"),
        ({"19": "{}"}, "cy en cy^Welsh^ISO639-1 cy^Welsh^ISO639 cym^Welsh^ISO639-2 cy^Welsh^L QQ ^^^cy^Welsh^ISO639-1"),
        ({"12": "2.7", "4": "{}"}, "NS"),
    ),
    "EVN": (({"7": "{}"}, "NS NS^1.2.840^ISO ^1.2.840^ISO ^x.wales^DNS"), ({"4": "{}"}, "01 02 03 U QQ")),
    "OBX": (
        ({"2": "NM", "3": "1^a^LN", "5": "7", "11": "{}"}, "C D F I N O P R S U V W X A B QQ"),
        ({"2": "NM", "3": "1^a^LN", "11": "{}"}, "F N X"),
        ({"2": "{}", "3": "1^a^LN", "5": "7", "6": "mg", "11": "F"}, "NM ST TX FT CWE CE SN DT TM DTM TS NA MA NR DR ID IS QQ"),
        ({"2": "NM", "3": "1^a^LN", "5": "{}", "6": "mg", "11": "F"}, '7 7~8 7~x x~7 <5 "" 7~ ~7 7~"" -1 0.50 1e3 1E-7 NaN'),
        ({"2": "SN", "3": "1^a^LN", "5": "{}", "6": "mg", "11": "F"}, "^7 <^7 ^1^-^5 ^1^:^9 ^2^+ ^^- <^^-^5 ^7^^^^8 ^^^5"),
        ({"2": "CWE", "3": "1^a^LN", "5": "{}", "6": "mg", "11": "F"}, "A^b^L A^b^L~B^c^L ^b"),
        ({"2": "NM", "3": "1^a^LN", "4": "{}", "5": "7", "11": "F"}, '1 1.2 "" 1&2&3&4 &2 &b&c&d ^2'),
        ({"2": "NM", "3": "1^a^LN", "5": "7", "8": "{}", "11": "F"}, "H L A N QQ H~L"),
        ({"2": "NM", "3": "1^a^LN", "5": "7", "10": "{}", "11": "F"}, "A N S QQ"),
        ({"2": "NM", "3": "1^a^LN", "5": "7", "11": "F", "29": "{}"}, "RSLT QST SCI QQ"),
        ({"2": "ED", "3": "1^a^LN", "5": "{}", "11": "F"}, "^AP^PDF^Base64^QQ== ^AU^^Base64^QQ== ^QQ^^Base64^QQ== ^TEXT^^A^x"),
        ({"2": "ED", "3": "1^a^LN", "5": "^AP^PDF^{}", "11": "F"}, "Hex^41 Hex^4x Base64^Q Base64^"),
        ({"2": "RP", "3": "1^a^LN", "5": "{}", "11": "F"}, "http://x.wales/p.pdf^APP^AP^PDF ^APP^AP^PDF"),
    ),
    "AIS": (
        ({"3": "1^s^L", "4": "20240102", "7": "{}", "8": "s"}, "29 59 60 89 90 119 120"),
        ({"3": "1^s^L", "4": "202401020900", "7": "{}"}, "0 1 30 x"),
    ),
    "PR1": (
        ({"3": "1^p^L", "5": "{}"}, "2023 20231231 2024 202401 20240101 20240101120000 20240102 202402 2025 x"),
        ({"3": "1^p^L", "5": "202401010900", "7": "{}"}, "0 45 x"),
        ({"3": "1^p^L", "5": "20230101", "20": "{}"}, "A D U X QQ"),
    ),
    "TQ1": (
        ({"6": "{}"}, "2^h D10 2^h&hour&L 2^&hour&L&d 2^&&&&&&&&&wk 2^QQ x^h 2"),
        ({"7": "202401010900", "6": "{}"}, "2^h 2^mo D10 2^QQ"),
        ({"8": "202401010900", "6": "{}"}, "2^h 2^mo D10 99999999^wk"),
        ({"7": "202401010900", "8": "202401011000", "6": "{}"}, "2^h D10"),
        ({"7": "20240101", "6": "{}"}, "2^d 2^h"),
        ({"13": "{}"}, "2^h D10 2^QQ x"),
        ({"14": "{}"}, "1 0 999999 99999999999 x"),
        ({"9": "{}"}, "S A R P C T QQ"),
    ),
    "RF1": (({"6": "R1", "1": "{}"}, "A E P R QQ"), ({"6": "R1", "2": "{}"}, "S A R QQ")),
    "PRD": (({"1": "{}", "2": "F^G"}, "RP RT CP PP QQ"),),
}  # fmt: skip
# The main resources of messages: a message without one is another message. What else stands in each message of the probes.
MAIN = ("PID", "PV1", "OBR", "RF1", "PRD", "RXA", "RXO", "SCH", "TXA")
SCAFFOLD = {*MAIN, "ORC", "RGS", "OBX"}


def kind_with(segment: str) -> str:
    """The first that has the segment; that of orders for ORC, of which a result reads little."""
    return "OML" if segment == "ORC" else next((kind for kind, order in KINDS.items() if segment in order), "ADT")


def least(segment: str, without: str = "") -> Fields:
    return {number: text for number, text in NEEDED.get(segment, {"1": "1"}).items() if number != without}


def sent(segment: str, fields: Fields) -> str:
    """A short message with one segment as given."""
    kind = kind_with(segment)
    header = {"3": "APP", "4": "FAC", "7": "20240101000000", "9": EVENT[kind], "10": "C1", "12": "2.5.1"}
    header |= dict(fields) if segment == "MSH" else {}
    lines = ["MSH|^~\\&|" + line({str(int(n) - 2): text for n, text in header.items()})]
    others = [name for name in KINDS[kind] if name == segment or name in SCAFFOLD]
    return "\r".join([*lines, *(f"{name}|{line(fields if name == segment else least(name))}" for name in others)])


@cache
def made(text: str) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """The values of the resources, the issues, and the segments that come back."""
    message = parse(text)
    found = convert(message)
    issues = (f"{issue.severity} {issue.rule} {issue.where}" for issue in found.issues)
    back = (str(each) for each in from_bundle(found.bundle).lines) if message["MSH-9.1"] in MESSAGES else ()
    return Counter(values(found.bundle)), Counter(issues), Counter(back)


def values(bundle: Json) -> Iterator[str]:
    """Path and text of each value of the resources, of which every one has a name of its own, and no reference leads nowhere."""
    named = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert len(named) == len(bundle["entry"])
    for path, value in bundle_texts(bundle).items():
        if path.startswith("MessageHeader.focus") and path.endswith(REFERENCE):
            yield f"{INDEX.sub('', path)}: {named[value]['resourceType']}"
        elif path.endswith(REFERENCE):
            yield f"{INDEX.sub('', path)}: {called(named[value])}"
        elif not path.endswith(ID):
            yield f"{INDEX.sub('', path)}: {value}"


def called(resource: Json) -> str:
    """The type of a resource and the first text of it that tells it from another one."""
    texts = (text for name in NAMES for text in leaves(resource.get(name)))
    return " ".join((resource["resourceType"], *islice(texts, 1)))


def leaves(value: Any) -> Iterator[str]:
    """The texts of an element, without those that say what kind of a text another one is."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each if name not in ABOUT else None)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    elif value is not None:
        yield str(value)


def shown(before: str, after: str) -> Iterator[str]:
    old, new = made(before), made(after)
    for sign, here, there in (("+", new[0], old[0]), ("-", old[0], new[0]), ("!", new[1], old[1]), ("=", new[2], old[2])):
        for each, times in (here - there).items():
            yield f"  {sign} {each}" if times == 1 else f"  {sign} {times} times {each}"


def fields_alone(segment: str) -> Iterator[str]:
    fields = OWN.get(segment) or full(segment)
    for number in sorted(fields, key=int):
        others = least(segment, without=number) if segment in MAIN else {}
        yield f"{segment}-{number}: {fields[number]}"
        yield from shown(sent(segment, others), sent(segment, {**others, number: fields[number]}))


def parts(text: str) -> Iterator[str]:
    """Each component, and each subcomponent, with no other one."""
    for n, component in enumerate(text.split("^")):
        below = component.split("&")
        for m, part in enumerate(below):
            if part:
                yield "^" * n + "&" * m + part


def components_alone(place: str) -> Iterator[str]:
    segment, _, number = place.partition("-")
    others = least(segment, without=number)
    for part in parts(COMPONENTS[place]):
        yield f"{place}: {part}"
        yield from shown(sent(segment, others), sent(segment, {**others, number: part}))


def codes(segment: str) -> Iterator[str]:
    for fields, every in CODES[segment]:
        before: dict[str, str] = {n: text for n, text in fields.items() if "{}" not in n + text}
        for code in every.split(" "):
            after = {n.replace("{}", code): text.replace("{}", code) for n, text in fields.items()}
            yield f"{segment}|{line(after)}"
            yield from shown(sent(segment, {} if before == after else before), sent(segment, after))


def compare(name: str, lines: list[str], *, accept: bool) -> None:
    path = SAMPLES / f"{name}.txt"
    made_now = "".join(f"{each}\n" for each in lines).encode()
    hold(SAMPLES, {path.name: path.read_bytes()} if path.exists() else {}, {path.name: made_now}, accept=accept)


SEGMENTS = sorted({*OWN, *(name for order in KINDS.values() for name in order if full(name))} - {"OBX", "PRT"})


@pytest.mark.parametrize("segment", SEGMENTS)
def test_each_field_alone_becomes_what_was_reviewed(segment: str, accept: bool) -> None:
    compare(segment, list(fields_alone(segment)), accept=accept)


@pytest.mark.parametrize("place", COMPONENTS)
def test_each_component_alone_becomes_what_was_reviewed(place: str, accept: bool) -> None:
    compare(place, list(components_alone(place)), accept=accept)


@pytest.mark.parametrize("segment", CODES)
def test_each_code_becomes_what_was_reviewed(segment: str, accept: bool) -> None:
    compare(f"codes-{segment}", list(codes(segment)), accept=accept)
