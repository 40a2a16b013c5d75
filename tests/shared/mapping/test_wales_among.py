"""What NHS Wales adds to the guide, exact: the entries of the transaction, their searches and numbers, field by field.

``samples/wales`` has for an admission and for each act what a change of one field of the message adds to the transaction (``+``)
or takes from it (``-``). Of each entry there is its request, with the first digits of an id.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from shared.hl7 import parse
from shared.hl7.message import Message
from shared.mapping.wales import acts, record
from tests.goldens import hold
from tests.shared.mapping.test_alone import values
from tests.shared.mapping.test_among_others import difference, shown
from toolkit.guide.example import line

Json = dict[str, Any]
Base = tuple[Callable[[Message], Json], str, dict[str, dict[str, str]]]
SAMPLES = Path(__file__).parent / "samples" / "wales"
PID = {"1": "1", "3": "9990000018^^^NHS^NH~H1^^^108^PI", "5": "Family^Given", "7": "19700101", "8": "F"}
PV1 = {"1": "1", "2": "I", "3": "W1^R1^B1", "19": "V1^^^108^VN"}
BASES: dict[str, Base] = {
    "admission": (
        record.to_transaction, "ADT^A01",
        {
            "EVN": {"2": "20240101"}, "PID": PID, "NK1": {"1": "1", "2": "Kin^Next"},
            "PV1": PV1, "AL1": {"1": "1", "3": "P^Pen^L"},
            "DG1": {"1": "1", "3": "D^Dia^L"}, "GT1": {"1": "1", "3": "Pays^Who"}, "IN1": {"1": "1", "4": "Insurer", "36": "P9"},
        },
    ),
    "merge": (record.to_transaction, "ADT^A40", {"EVN": {"2": "20240101"}, "PID": PID, "MRG": {"1": "H2^^^108^PI"}}),
    "result": (
        acts.to_transaction, "ORU^R01",
        {
            "PID": PID, "PV1": PV1, "OBR": {"1": "1", "2": "O1", "3": "F1^LAB", "4": "1^a^LN"},
            "OBX": {"1": "1", "2": "NM", "3": "2^b^LN", "5": "7", "11": "F"}, "SPM": {"1": "1", "4": "BLD"},
        },
    ),
    "order": (
        acts.to_transaction, "OML^O21",
        {"PID": PID, "PV1": PV1, "ORC": {"1": "NW", "2": "O1^APP"}, "OBR": {"1": "1", "2": "O1^APP", "4": "1^a^LN"}},
    ),
    "document": (acts.to_transaction, "MDM^T02", {"PID": PID, "TXA": {"1": "1", "2": "CN", "12": "D1^APP"}}),
}  # fmt: skip
PEOPLE = ("G1^Doctor^^^^^^^GMC", "G1^Doctor^^^^^^^L", "G1^Doctor", "^Doctor")
NUMBERS = ("", "H1", "H1^^^A", "H1^^^108", "H1^^^&1.2.840&ISO", "999 000 0018^^^NHS^NH")
# Segment and field -> what is sent in it in place of what the base has.
CHANGES: dict[str, dict[str, tuple[str, ...]]] = {
    "admission": {
        "MSH-4": ("", "OTHER"),
        "PID-3": (*NUMBERS, "H1^^^108~H2^^^103"), "PID-5": ("Family^Given^^Dr", "Family^Given^^Jr", "Family^Given^^Mr.^Prof"),
        "PID-8": ("Z", "M", '""'), "PID-15": ("cy", "en", "wel", "QQ"), "PID-16": ("1", "01", "M", "QQ", "11", "12"),
        "PID-17": ("MET", "QQ"), "PID-22": ("A", "T", "QQ^Words", "^Words"), "PID-32": ("01", "NSTS01", "NSTS02", "QQ"),
        "PID-11": ("1 Street^Road^City^State^AB1 2CD^GBR^H", '""'), "PID-13": ("01^PRN^PH", '""'), "PID-21": ("M1", "M1^^^108"),
        "PID-18": ("A1", "A1^^^108"), "PID-31": ("Y",),
        "PID-7": ('""',), "PID-29": ('""',), "PID-24": ('""', "Y"),
        "NK1-1": ("", "2"), "NK1-2": ("Kin^Other",), "NK1-13": ("Works", "Works^^7A3"),
        "PV1-2": ("O", "E"), "PV1-3": ("W1^R1^B1^7A3C7^^C^^^Ward^7A3C7W1", "W1", "7A3C7"),
        "PV1-6": ("W1^^B1^^^^^^^7A3C7W1", "^R1^B1^^^^^^^7A3C7W1"),
        "PV1-4": ("21", "11", "A", "QQ"), "PV1-7": PEOPLE, "PV1-10": ("300", "MED", "QQ"), "PV1-14": ("19", "QQ"),
        "PV1-19": ("", "V1", "V1^^^A", "V1^^^&1.2.840&ISO"), "PV1-20": ("PRIV",), "PV1-36": ("1", "2", "QQ"),
        "PV1-37": ("19", "QQ"),
        "PV1-54": ("E1", "E1^^^108"),
        "AL1-3": ("^Pen", "", "Q^Other^L"), "AL1-5": ("Rash",), "DG1-3": ("", "Q^Other^L"), "DG1-4": ("Words",), "GT1-1": ("2",),
        "IN1-36": ("", "P8"), "IN1-4": ("", "Insurer^^7A3", "Other"), "IN1-2": ("Plan",), "IN1-16": ("Insured^Who",),
    },
    "merge": {
        "MRG-1": ("H1^^^108^PI", "H2", "H2^^^108~H1^^^108", "9990000026^^^NHS^NH~H2^^^108", "9990000018^^^NHS^NH~H2^^^108"),
        "PID-3": ("H1^^^108~H2^^^108", "H1"), "MRG-3": ("A2",), "PID-18": ("A1",),
    },
    "result": {
        "MSH-3": ("", "A b"), "MSH-4": ("", "OTHER"),
        "PID-3": NUMBERS, "PV1-19": ("", "V1"), "PV1-3": ("7A3C7", "W1^^B1^^^^^^^7A3C7W1"),
        "OBR-2": ("", "O2^APP", "O1^^1.2.840^ISO"),
        "OBR-3": ("", "F1", "F1^^1.2.840^ISO", "F2^LAB"), "OBR-4": ("", "^words", "9^A  B^L", "^a  B"),
        "OBR-16": PEOPLE, "OBR-10": PEOPLE,
        "OBX-3": ("9^x^L", "^Some  Words", "^some words"), "OBX-4": ("1", "1^2^3"), "OBX-14": ("20240102",),
        "OBX-15": ("7A3^Lab", "Lab"),
        "OBX-16": PEOPLE, "OBX-23": ("Lab", "Lab^^7A3"), "SPM-2": ("S1", "S1^S2"), "SPM-31": ("S3",),
    },
    "order": {
        "PID-3": NUMBERS, "ORC-2": ("", "O2^APP", "O1"), "OBR-2": ("", "O2^APP"), "ORC-3": ("F1", "F1^^1.2.840^ISO"),
        "ORC-12": PEOPLE,
        "ORC-21": ("Clinic", "Clinic^^7A3", "7A3", "Clinic^^^^^^^^^7A3"), "PV1-19": ("",), "ORC-4": ("G1^APP",),
    },
    "document": {
        "TXA-12": ("", "D1", "D1^^1.2.840^ISO", "D1^APP~D2^APP"), "TXA-9": PEOPLE, "TXA-16": ("file",), "PID-3": NUMBERS,
        "TXA-10": PEOPLE,
    },
}  # fmt: skip


@cache
def made(name: str, place: str = "", sent: str = "") -> Counter[str]:
    """The transaction of the base, with one field changed."""
    convert, event, segments = BASES[name]
    changed, _, number = place.partition("-")
    header = {"1": "APP", "2": "108", "5": "20240201", "7": event, "8": "C1", "10": "2.5.1"}
    if changed == "MSH":
        header[str(int(number) - 2)] = sent
    lines = [f"MSH|^~\\&|{line(header)}"]
    lines += [f"{each}|{line({**fields, number: sent} if each == changed else fields)}" for each, fields in segments.items()]
    bundle = convert(parse("\r".join(lines)))
    found = Counter(each for each in values(bundle) if not each.startswith("Provenance."))
    for entry in bundle["entry"]:
        request, kind = entry["request"], entry["resource"]["resourceType"]
        where = (
            request["url"]
            if "?" in request["url"] or kind == request["url"]
            else f"{kind}/{request['url'].partition('/')[2][:8]}"
        )
        if kind != "Provenance":  # each message writes its own
            found[f"{request['method']} {where} {request.get('ifNoneExist', '')}".rstrip()] += 1
        found.update(f"{kind} {key}: {each}" for key, each in entry.items() if key not in ("fullUrl", "resource", "request"))
    return found


def trials(name: str) -> Iterator[str]:
    yield from shown(name, made(name))
    for place, texts in CHANGES[name].items():
        for text in texts:
            yield from shown(f"{place}: {text}", difference(made(name, place, text), made(name)))


@pytest.mark.parametrize("name", BASES)
def test_a_field_changes_the_transaction_as_was_reviewed(name: str, accept: bool) -> None:
    path = SAMPLES / f"{name}.txt"
    lines = "".join(f"{each}\n" for each in trials(name)).encode()
    hold(SAMPLES, {path.name: path.read_bytes()} if path.exists() else {}, {path.name: lines}, accept=accept)
