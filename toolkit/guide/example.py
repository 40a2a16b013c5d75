"""Messages to try the mapping with: every segment of a type with little in it, or with every field that the guide maps."""

from collections.abc import Mapping
from functools import cache

from toolkit.guide.rows import segment_rows

Fields = Mapping[str, str]  # number of a field -> its text

# What a field of a datatype may hold.
VALUE = {
    "CWE": "X1^Words^99ZZZ^X2^Other^99YYY^1^2^Said",
    "CE": "X1^Words^99ZZZ",
    "CNE": "X1^Words^99ZZZ",
    "XCN": "P1^Family^Given^Second^Jr^Dr^MD^^AUTH&1.2.840&ISO^L^^^MD^^^^^G^20200101^20210101^Esq",
    "XPN": "Family&Own&Name^Given^Second^Jr^Dr^BSc^L^^^^G^20200101^20210101^Esq^Called",
    "XAD": "1 Street&Street&1^Other^City^State^AB1 2CD^GBR^H^^County^^^^20200101^20210101",
    "XTN": "01234567890^PRN^PH^^44^123^4567^89^^^^01234567890^20200101^20210101^^^^1",
    "XON": "Org name^L^12^3^M10^AUTH&1.2.840&ISO^XX^^^ORG1",
    "CX": "N1^1^M10^AUTH&1.2.840&ISO^MR^^20200101^20210101",
    "EI": "E1^NS^1.2.840^ISO",
    "EIP": "E1&NS&1.2.840&ISO^E2&NS&1.2.840&ISO",
    "HD": "NS^1.2.840^ISO",
    "PL": "POC^RM^BED^FAC^^^BLD^FL^Described^WHOLE&NS&1.2.840&ISO^AUTH&1.2.840&ISO",
    "DTM": "20240102030405",
    "TS": "20240102030405",
    "DT": "20240102",
    "TM": "0304",
    "DR": "20240102^20240103",
    "NM": "7",
    "CQ": "5^mL&mL&UCUM",
    "NDL": "N1&Family&Given&Second&Jr&Dr&MD^20240101^20240102",
    "TQ": "1^BID&0800^^20240101^20240201^R^^Text^^^^3",
    "RPT": "BID^^^^2^D^^AC^5^M",
    "DLN": "D1^DVLA^20250101",
    "FC": "FC1",
    "DLD": "HOME^20240101",
    "SPS": "BLD^EDTK^Free^LA^^HEM",
    "PT": "P^T",
    "MSG": "",
    "ED": "APP^AP^PDF^Base64^QQ==",
    "OG": "1^2^3^4",
}
# Fields whose codes must be of their table, or whose texts must fit.
FIELD = {
    "PID-8": "F", "NK1-15": "F", "PID-16": "M", "PID-17": "MET", "PID-24": "Y", "PID-25": "2", "PID-30": "Y", "PID-31": "Y",
    "PID-15": "cy^Welsh^ISO639-1", "NK1-20": "cy^Welsh", "NK1-3": "SPO", "NK1-7": "N", "PID-12": "Gwynedd", "PID-35": "DOG",
    "EVN-4": "01", "MSH-11": "P^T", "MSH-17": "GBR", "MSH-19": "cy", "MSH-26": "R", "MSH-8": "secret",
    "PV1-2": "I", "PV1-4": "R", "PV1-13": "R", "PV1-15": "A3", "PV1-40": "O", "PV2-22": "Y", "PV2-25": "2", "PV2-38": "A",
    "AL1-2": "DA", "AL1-4": "SV", "AL1-5": "Rash", "IAM-2": "DA", "IAM-4": "SV", "IAM-17": "I",
    "DG1-6": "A", "DG1-15": "1", "DG1-21": "D", "PD1-7": "Y",
    "ORC-1": "NW", "ORC-5": "CM", "ORC-28": "V", "ORC-29": "I", "OBR-5": "R", "OBR-11": "G", "OBR-24": "LAB", "OBR-25": "F",
    "OBX-2": "NM", "OBX-5": "7", "OBX-6": "mL^mL^UCUM", "OBX-8": "H", "OBX-10": "A", "OBX-11": "F", "OBX-29": "RSLT",
    "SPM-4": "BLD", "SPM-20": "Y", "TQ1-2": "3^mL", "TQ1-4": "0800", "TQ1-9": "R", "TQ1-14": "4", "TQ1-13": "2^h", "TQ1-6": "2^h",
    "SCH-7": "ROUTINE^Routine^HL70276", "SCH-8": "Normal^Normal^HL70277", "SCH-9": "30", "SCH-10": "min", "SCH-25": "Booked",
    "SCH-11": "^^^20240102030405^20240102040405", "AIS-7": "30", "AIS-8": "min", "AIP-9": "30", "AIL-9": "30", "AIG-11": "30",
    "AIS-10": "Booked", "TXA-3": "TX", "TXA-17": "AU", "TXA-18": "R", "TXA-19": "OB",
    "RXA-20": "RE", "RXA-21": "D", "RXA-6": "0.5",
    "PRT-2": "UC", "PRT-4": "PP^^HL70443", "PRT-23": "H", "PRT-15": "01^PRN^PH",
    "RXO-3": "9", "RXO-4": "mg^milligram^UCUM", "RXO-9": "G", "RXO-12": "TAB^tablet^L", "RXO-19": "mg^milligram^UCUM",
    "RXO-26": "mL^millilitre^UCUM", "RXR-1": "IM",
    "RXR-2": "ADB", "IN1-17": "SPO", "PR1-7": "45", "ROL-3": "PP^^HL70443", "NTE-3": "Words of a note",
}  # fmt: skip
# What a segment needs to be there at all.
LEAST: dict[str, Fields] = {
    "EVN": {"2": "20240101000000"},
    "PID": {"3": "1^^^A"},
    "NK1": {"2": "F^G"},
    "PV1": {"2": "I"},
    "OBR": {"4": "1^a^LN"},
    "OBX": {"2": "NM", "3": "1^a^LN", "11": "F"},
    "RXA": {"3": "20240101", "5": "1^v^L"},
    "ORC": {"1": "XX"},
    "AIG": {"3": "R1^Room^L"},
    "AIL": {"3": "L1"},
    "AIP": {"3": "P1^F"},
    "TXA": {"2": "CN"},
    "ROL": {"3": "PP^^HL70443", "4": "P1^F"},
    "NTE": {"3": "note"},
    "MRG": {"1": "2^^^A"},
    "SPM": {"4": "BLD"},
    "IN3": {"1": "1"},
    "PRT": {"4": "PP^^HL70443", "5": "P9^Part"},
    "TQ1": {"1": "1"},
    "SFT": {"1": "Maker"},
    "DG1": {"3": "1^d^L"},
    "PR1": {"3": "1^p^L"},
    "AL1": {"3": "1^d^L"},
    "IAM": {"3": "1^d^L"},
    "SCH": {"1": "S1", "26": "R1"},
    "RXO": {"1": "1"},
}
ADT = ("SFT", "EVN", "PID", "PD1", "PRT", "ROL", "NK1", "PV1", "PV2", "ROL", "OBX", "AL1", "IAM", "DG1", "PR1", "IN1", "IN3")
ORDER = {
    "ADT": ADT,
    "ORU": ("SFT", "PID", "PD1", "PRT", "NK1", "PV1", "PV2", "PRT", "ORC", "OBR", "NTE", "OBX", "PRT", "NTE", "SPM"),
    "ORM": ("SFT", "PID", "PD1", "PV1", "PV2", "IN1", "AL1", "ORC", "OBR", "NTE", "DG1", "OBX", "NTE", "ORC", "RXO"),
    "OML": (
        *(
            "SFT",
            "PID",
            "PD1",
            "PRT",
            "NK1",
            "PV1",
            "PV2",
            "PRT",
            "IN1",
            "IN3",
            "AL1",
            "ORC",
            "TQ1",
            "OBR",
            "NTE",
            "DG1",
            "OBX",
            "PRT",
        ),
        *("NTE", "SPM"),
    ),
    "MDM": ("SFT", "EVN", "PID", "PV1", "ORC", "TQ1", "OBR", "NTE", "TXA", "OBX", "NTE"),
    "SIU": ("SFT", "SCH", "NTE", "PID", "PV1", "PV2", "OBX", "DG1", "RGS", "AIS", "NTE", "AIG", "AIL", "AIP"),
    "VXU": ("SFT", "PID", "PD1", "NK1", "PV1", "PV2", "ORC", "RXA", "RXR", "OBX", "PRT", "NTE"),
}


MERGED = ("A06", "A07", "A34", "A40")  # events that carry an MRG


def value_of(field: str, datatype: str) -> str:
    """What is tried in a field."""
    return FIELD.get(field) or VALUE.get(datatype, "Text")


@cache
def full(segment: str) -> Fields:
    """Every field of a segment that the guide maps."""
    fields = {row.field: row.type for row in segment_rows() if row.field.startswith(segment + "-")}
    return {name.partition("-")[2]: value_of(name, datatype) for name, datatype in fields.items() if value_of(name, datatype)}


def message(event: str, segments: Mapping[str, Fields], other: Fields | None = None, without: str = "") -> str:
    """A message of this event, with these fields in its segments; ``other`` are more fields of MSH.

    A segment that it is ``without`` would hide what another one says of the same.
    """
    header = {"3": "APP", "4": "FAC", "7": "20240101000000", "9": event, "10": "C1", "12": "2.5.1"} | dict(other or {})
    lines = ["MSH|^~\\&|" + line({str(int(n) - 2): text for n, text in header.items()})]
    merge = ("MRG",) if event[4:] in MERGED else ()
    lines += [
        f"{name}|{line(segments.get(name, LEAST.get(name, {'1': '1'})))}"
        for name in (*ORDER[event[:3]], *merge)
        if name != without
    ]
    return "\r".join(lines)


def line(fields: Fields) -> str:
    return "|".join(fields.get(str(n), "") for n in range(1, max((int(n) for n in fields), default=0) + 1))
