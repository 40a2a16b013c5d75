"""How fast messages are read: shared.hl7 compared with a hand-written split (the floor) and the hl7 package, in one run.

Goals: at most 1.5 times the floor's time for an admission, 1.8 times for results, and at least 40 times the speed of hl7.
"""

from functools import partial

import hl7

from shared.hl7 import parse
from toolkit.bench.turns import ROUNDS, Turns, turns

GOALS = {  # most of the floor's time, least times the speed of hl7; a document is all bytes, so hl7 has nothing to lose there
    "ADT^A01": (1.5, 40.0),
    "ORU^R01, 60 OBX and NTE": (1.8, 40.0),
    "ADT with a 50 KB document": (2.0, 1.0),
}

ADT = (
    "MSH|^~\\&|PIMS|BRO|200|MPI|20240501120000+0100||ADT^A01^ADT_A01|C0000001|P|2.5|||||GBR||EN\r"
    "EVN|A01|20240501120000||REF|U0001^CLERK^ANN^^^^^^103|20240501115500\r"
    "PID|1||9990000018^^^NHS^NH~A123456^^^103^PI~H654321^^^140^MR||JONES^SIAN^ANN^^MRS^^L~JONES^SIANI^^^^^A|EVANS^MAIR|19510203|F"
    "||A|1 STRYD FAWR^PONTCANNA^CAERDYDD^^CF10 1AA^GBR^H~2 STRYD FACH^^ABERTAWE^^SA1 1AA^GBR^B||02920 000000^PRN^PH~"
    "07700 900000^PRS^CP|02920 111111^WPN^PH|CYM^CYMRAEG^HL70296|M^PRIOD^HL70002|CE^EGLWYS^HL70006|AC001^^^103^AN|||||CAERDYDD\r"
    "PD1|||MEDDYGFA \\T\\ CO^^W97001^^^^^^FI|G9999981^DOCTOR^A^^^DR^^^GMC^L\r"
    "NK1|1|JONES^TOM^^^MR|SPO^PRIOD^HL70063|1 STRYD FAWR^^CAERDYDD^^CF10 1AA^GBR|02920 000000^PRN^PH||N^NESAF^HL70131\r"
    "PV1|1|I|W1^B2^3^RWMBV^^N^^1|21^ELECTIVE^WALES|||C9999998^SURGEON^B^^^MR^^^GMC^L|C9999997^REFERRER^C^^^DR^^^GMC^L||100^GEN"
    "|||19^HOME^WALES|||C9999998^SURGEON^B^^^MR^^^GMC^L|IP^INPATIENT|V0001^^^103^VN|||||||||||||||||||||RWMBV|||||20240501113000\r"
    "PV2||2^STANDARD|^LLAWDRINIAETH||||||20240501|20240508|7\r"
    "AL1|1|DA^DRUG^HL70127|PEN^PENICILLIN^LOCAL|SV^SEVERE^HL70128|RASH|20100101\r"
    "DG1|1||I10^HYPERTENSION^I10|HYPERTENSION|20240501|A^ADMITTING^HL70052||||||||1|C9999998^SURGEON^B^^^MR^^^GMC^L\r"
    "PR1|1||W371^TOTAL HIP^OPCS4|TOTAL HIP|20240502090000|P^^HL70230|120|C9999996^ANAES^D^^^DR^^^GMC^L\r"
    "GT1|1||JONES^TOM^^^MR||1 STRYD FAWR^^CAERDYDD^^CF10 1AA^GBR|02920 000000^PRN^PH||19500101|M||SPO^PRIOD^HL70063\r"
    "IN1|1|NHS^NHS^LOCAL|NHSW^^^140^XX|NHS WALES|1 HEOL^^CAERDYDD^^CF1 1AA|^SWYDDFA|02920 222222^WPN|G1||||20200101|20251231\r"
)
OBX = "OBX|{0}|NM|{0}-0^TEST {0}^LN||{0}.5|x10\\S\\9/L|3.5-11.0|N|||F|||20240501100000\rNTE|1||Comment on result {0}\r"
ORU = ADT.replace("ADT^A01^ADT_A01", "ORU^R01^ORU_R01") + "OBR|1||F1|FBC\r" + "".join(OBX.format(n) for n in range(1, 61))
DOCUMENT = ADT + "OBX|1|ED|DOC||SRC^AP^PDF^Base64^" + "QUJDREVG" * 6400 + "||||||F\r"
MESSAGES = dict(zip(GOALS, (ADT.encode(), ORU.encode(), DOCUMENT.encode()), strict=True))

READS = (
    "MSH-3", "MSH-9.1", "MSH-9.2", "MSH-10", "EVN-2", "PID-3.1", "PID-3[2].4", "PID-5.1", "PID-5.2", "PID-7", "PID-8",
    "PID-11.5", "PD1-3.1", "PV1-2", "PV1-7.1",
)  # fmt: skip
_ESCAPES = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}


def _unescape(text: str) -> str:
    parts = text.split("\\")
    for n in range(1, len(parts) - 1, 2):
        parts[n] = _ESCAPES.get(parts[n], parts[n])
    return "".join(parts)


def _read(fields: list[str], field: int, repetition: int, component: int) -> str:
    if field >= len(fields):
        return ""
    parts = fields[field].split("~")
    if repetition >= len(parts):
        return ""
    parts = parts[repetition].split("^")
    if component >= len(parts):
        return ""
    text = parts[component].split("&")[0]
    return _unescape(text) if "\\" in text else text


def floor(body: bytes) -> list[str]:
    """As little as a person can write by hand: split, put into a dict, read 15 fields."""
    segments: dict[str, list[list[str]]] = {}
    for line in body.decode().split("\r"):
        if line:
            fields = line.split("|")
            segments.setdefault(fields[0], []).append(fields)
    msh, evn, pid = segments["MSH"][0], segments["EVN"][0], segments["PID"][0]
    pd1, pv1 = segments["PD1"][0], segments["PV1"][0]
    return [
        _read(msh, 2, 0, 0), _read(msh, 8, 0, 0), _read(msh, 8, 0, 1), _read(msh, 9, 0, 0), _read(evn, 2, 0, 0),
        _read(pid, 3, 0, 0), _read(pid, 3, 1, 3), _read(pid, 5, 0, 0), _read(pid, 5, 0, 1), _read(pid, 7, 0, 0),
        _read(pid, 8, 0, 0), _read(pid, 11, 0, 4), _read(pd1, 3, 0, 0), _read(pv1, 2, 0, 0), _read(pv1, 7, 0, 0),
    ]  # fmt: skip


def ours(body: bytes) -> list[str]:
    """The same 15 fields by shared.hl7, every check of the reader included."""
    message = parse(body)
    return [message[path] for path in READS]


def peer(body: bytes) -> list[str]:
    """The same 15 fields by the hl7 package."""
    message = hl7.parse(body.decode())
    return [str(message.extract_field(*_peer_path(path))) for path in READS]


def _peer_path(path: str) -> tuple[str, int, int, int, int]:
    segment, _, place = path.partition("-")
    field, _, component = place.partition(".")
    number, _, repetition = field.partition("[")
    return segment, 1, int(number), int(repetition.rstrip("]") or 1), int(component or 1)


def measure(rounds: int = ROUNDS) -> dict[str, Turns]:
    """The contenders' turns at each message."""
    contenders = {"floor": floor, "ours": ours, "hl7": peer}
    for name, body in MESSAGES.items():
        if not floor(body) == ours(body) == peer(body):
            raise AssertionError(f"the contenders read {name} differently")
    return {
        name: turns({each: partial(read, body) for each, read in contenders.items()}, rounds) for name, body in MESSAGES.items()
    }


def main() -> int:
    """Print the ratios; 1 when a goal is missed."""
    missed = 0
    print(f"{'message':28}{'us':>9}{'of floor (goal)':>17}{'of hl7 (goal)':>15}")
    for name, took in measure().items():
        slower, faster = took.ratio("floor", "ours"), took.ratio("ours", "hl7")
        most, least = GOALS[name]
        reached = slower <= most and faster >= least
        missed += not reached
        ratios = f"{slower:7.2f}x (<= {most:3.1f}){faster:8.0f}x (>= {least:2.0f})"
        print(f"{name:28}{took.best('ours') * 1e6:9.1f}{ratios}   {'reached' if reached else 'MISSED'}")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
