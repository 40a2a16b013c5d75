"""v2 -> FHIR -> v2: what comes back is what went out, but for what docs/loss-budget.md declares, line by line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.hl7 import Message, parse
from shared.hl7.leaves import hl7_leaves
from shared.mapping import from_bundle, to_bundle
from shared.mapping.datatypes.date import dtm_date_time
from shared.mapping.texts import NULL

SAMPLES = sorted(
    path for pattern in ("adt_*.in.hl7", "oru_*.in.hl7") for path in (Path(__file__).parent / "samples").glob(pattern)
)
BUDGET = Path(__file__).resolve().parents[3] / "docs" / "loss-budget.md"
ROW = re.compile(r"\| `([A-Z0-9]{3}(?:-[0-9.]+)?)` \| (lost|changed|gained) \|")
FIRST_OF_ONE = re.compile(r"(?<=[\d\]])(\.1)+$")
DECLARED = set(ROW.findall(BUDGET.read_text(encoding="utf-8"))) if BUDGET.exists() else set()


def texts(message: Message) -> dict[str, str]:
    """Every element that was sent; a null sends nothing that could come back."""
    return {FIRST_OF_ONE.sub("", leaf.path): leaf.text for leaf in hl7_leaves(message) if leaf.text != NULL}


def same(one: str, other: str) -> bool:
    """Equal, or the same moment: FHIR writes the seconds that were not sent."""
    try:
        return one == other or dtm_date_time(one) == dtm_date_time(other)
    except ValueError:
        return False


def differences(message: Message) -> Iterator[tuple[str, str, str]]:
    """The path, without occurrences, what happened to it, and the full path."""
    before, after = texts(message), texts(from_bundle(to_bundle(message)))
    for path in dict.fromkeys([*before, *after]):
        one, other = before.get(path, ""), after.get(path, "")
        if not same(one, other):
            kind = "lost" if not other else "changed" if one else "gained"
            yield re.sub(r"\[\d+\]", "", path), kind, path


def is_declared(path: str, kind: str) -> bool:
    """By the element itself, its field, or its segment."""
    field, segment = path.partition(".")[0], path.partition("-")[0]
    return bool({(path, kind), (field, kind), (segment, kind)} & DECLARED)


def undeclared(message: Message) -> list[tuple[str, str]]:
    return [(full, kind) for path, kind, full in differences(message) if not is_declared(path, kind)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.removesuffix(".in.hl7"))
def test_nothing_is_lost_that_is_not_declared(sample: Path) -> None:
    assert not undeclared(parse(sample.read_bytes()))


WORD = st.text(alphabet="abcdefghij ÂŵŷCGMW'-.,", min_size=1, max_size=12).map(str.strip).filter(lambda text: len(text) > 1)
CODE = st.text(alphabet="ABCDEFGH0123456789", min_size=2, max_size=8)
TEXT = st.lists(st.sampled_from(["mild", "50 %", r"A \T\ B", r"x\S\2", "°C", "ŵ", "(see note)"]), min_size=1, max_size=4).map(
    " ".join
)
DATE = st.tuples(st.integers(1930, 2024), st.integers(1, 12), st.integers(1, 28)).map(lambda d: f"{d[0]}{d[1]:02d}{d[2]:02d}")
TIME = st.tuples(DATE, st.integers(4, 23), st.integers(0, 59)).map(lambda t: f"{t[0]}{t[1]:02d}{t[2]:02d}00")
PERSON = st.tuples(CODE, WORD, WORD).map(lambda p: f"{p[0]}^{p[1]}^{p[2]}^^^Dr^^^GMC")
LOINC = st.tuples(st.integers(1, 99999), WORD).map(lambda c: f"{c[0]}-{c[0] % 10}^{c[1]}^LN")
LOCAL = st.tuples(CODE, WORD).map(lambda c: f"{c[0]}^{c[1]}^L")
NUMBER = st.decimals(0, 9999, places=2).map(str)
CX = st.tuples(CODE, st.sampled_from(["140^PI", "108^PI", "RYR^MR", "&2.16.840.1.113883.19.5&ISO^PI", "NHS^NH"])).map(
    lambda c: f"{c[0]}^^^{c[1]}"
)


def segment(
    name: str, fields: dict[int, st.SearchStrategy[str]], always: dict[int, st.SearchStrategy[str]]
) -> st.SearchStrategy[str]:
    """A segment of some of these fields."""

    def line(values: dict[int, str]) -> str:
        return name + "".join("|" + values.get(n, "") for n in range(1, max(values) + 1))

    return st.fixed_dictionaries(always, optional=fields).map(line)


PID = segment(
    "PID",
    {
        5: st.tuples(WORD, WORD, st.sampled_from(["", "^^Mrs^^L", "^^^^D"])).map(lambda n: f"{n[0]}^{n[1]}^{n[2]}".rstrip("^")),
        6: WORD,
        7: DATE,
        8: st.sampled_from("MFOU"),
        11: st.tuples(WORD, WORD, CODE).map(lambda a: f"{a[0]}^^{a[1]}^^{a[2]}^GBR^H"),
        13: CODE.map(lambda n: f"0{n}^PRN^PH"),
        14: CODE.map(lambda n: f"0{n}^WPN^PH"),
        15: st.sampled_from(["cy", "en", "cy^Welsh^ISO639-1"]),
        16: st.sampled_from(["M", "S", "W^Widowed^HL70002"]),
        17: st.sampled_from(["MET", "BAP"]),
        18: CODE.map(lambda n: f"{n}^^^RYR^AN"),
        23: WORD,
        24: st.sampled_from("YN"),
        26: LOCAL,
        28: LOCAL,
        29: TIME,
    },
    {1: st.just("1"), 3: st.lists(CX, min_size=1, max_size=3, unique=True).map("~".join)},
)
PV1 = segment(
    "PV1",
    {
        3: st.tuples(CODE, CODE, CODE, CODE).map("^".join),
        4: st.sampled_from("AER"),
        6: st.tuples(CODE, CODE).map("^".join),
        7: PERSON,
        8: PERSON,
        9: PERSON,
        10: LOCAL,
        14: LOCAL,
        17: PERSON,
        19: CODE.map(lambda n: f"{n}^^^RYR"),
        36: LOCAL,
        44: TIME,
        45: TIME.map(lambda time: "2031" + time[4:]),  # after PV1-44: a visit that ends before it begins loses its end
    },
    {1: st.just("1"), 2: st.sampled_from("IOEP")},
)
AL1 = segment(
    "AL1",
    {4: st.sampled_from(["SV", "MO", "MI"]), 5: st.lists(WORD, min_size=1, max_size=2).map("~".join), 6: DATE},
    {1: st.just("1"), 2: st.sampled_from(["DA", "FA", "EA", "MC"]), 3: LOCAL},
)
DG1 = segment("DG1", {4: WORD, 5: DATE, 6: st.just("A"), 15: st.just("1"), 16: PERSON}, {1: st.just("1"), 3: LOCAL})
NK1 = segment("NK1", {3: st.just("SPO^spouse^HL70063"), 15: st.sampled_from("MF"), 16: DATE}, {1: st.just("1"), 2: WORD})
OBR = segment(
    "OBR",
    {7: TIME, 13: WORD, 22: TIME, 24: st.sampled_from(["CH", "HM", "MB"]), 31: LOCAL},
    {1: st.just("1"), 3: CODE, 4: LOINC, 25: st.sampled_from("FPCX")},
)
UNIT = st.sampled_from(["g/L^g/L^UCUM", "mmol/L^mmol/L^UCUM", "mg"])
VALUES = st.one_of(
    st.tuples(st.just("NM"), NUMBER, UNIT),
    st.tuples(st.just("SN"), NUMBER.map(lambda n: f"<^{n}"), UNIT),
    st.tuples(st.just("SN"), NUMBER.map(lambda n: f"^{n}^:^{n}"), st.just("")),
    st.tuples(st.just("CWE"), st.one_of(LOCAL, LOINC), st.just("")),
    st.tuples(st.just("ST"), TEXT, st.just("")),
    st.tuples(st.just("TX"), st.lists(TEXT, min_size=2, max_size=3).map("~".join), st.just("")),
    st.tuples(st.just("DT"), DATE, st.just("")),
    st.tuples(st.just("DTM"), TIME, st.just("")),
)
OBX = st.tuples(VALUES, LOINC, st.sampled_from(["N", "H", "L~A", ""]), st.sampled_from("FPCD"), st.one_of(st.just(""), TIME)).map(
    lambda o: f"OBX|{{}}|{o[0][0]}|{o[1]}||{o[0][1]}|{o[0][2]}|3-5|{o[2]}|||{o[3]}|||{o[4]}"
)
# A (amended) is no code of version 2.5.1: it comes back as C (test_back_names).
NTE = st.one_of(st.just(""), st.lists(TEXT, min_size=1, max_size=2).map(lambda lines: "NTE|1||" + "~".join(lines)))


def header(kind: str) -> str:
    return f"MSH|^~\\&|PAS|RYR|HUB|NHS|20240501103500||{kind}|C1|P|2.5.1||||||UNICODE UTF-8"


ADTS = st.tuples(PID, NK1, PV1, AL1, DG1).map(
    lambda lines: "\r".join([header("ADT^A08^ADT_A01"), "EVN|A08|20240501103500", *lines])
)
ORUS = st.tuples(PID, PV1, OBR, st.lists(st.tuples(OBX, NTE), min_size=1, max_size=4)).map(
    lambda parts: "\r".join(
        [header("ORU^R01^ORU_R01"), *parts[:2], f"ORC|RE||{parts[2].split('|')[3]}|", parts[2]]
        + [line for n, (obx, nte) in enumerate(parts[3], 1) for line in (obx.format(n), nte) if line]
    )
)


# A ward may be called as its hospital is: they are two places all the same.
SAME_NAME = "\r".join([header("ADT^A08^ADT_A01"), "EVN|A08|20240501103500", "PID|1||1^^^140^PI", "PV1|1|I|W^W^W^W|||W^W"])


@settings(max_examples=60)
@given(ADTS)
@example(SAME_NAME)
def test_any_admission_comes_back(text: str) -> None:
    assert not undeclared(parse(text))


@settings(max_examples=60)
@given(ORUS)
def test_any_report_comes_back(text: str) -> None:
    assert not undeclared(parse(text))


def test_every_declared_loss_is_one() -> None:
    """A line that nothing needs would hide a loss that comes later."""
    seen = {(path, kind) for sample in SAMPLES for path, kind, _ in differences(parse(sample.read_bytes()))}
    idle = {(path, kind) for path, kind in DECLARED if not any(p.startswith(path) and k == kind for p, k in seen)}
    assert not idle - {("PID-14.2", "gained"), ("PID-14.3", "gained"), ("MSH-18", "changed")}
