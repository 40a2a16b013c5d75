"""How fast HL7 v2 becomes checked FHIR, and how fast FHIR is checked: compared with the other libraries, in one run.

What is measured is whole and valid: every resource and note of the message, checked against R4, written as JSON. The peers
check nothing that they convert, which is in their favour. Goals are ratios; messages a second are of this machine, now.
What comes in as JSON is compared with ``json.loads`` of the same text, which no one who reads JSON in Python can do without.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any, NamedTuple

import orjson

from integrations import load
from shared.check import run
from shared.fhir import check, to_json
from shared.hl7 import parse
from shared.integration import Integration
from shared.mapping import to_bundle
from toolkit.bench import floors
from toolkit.bench.turns import turns
from toolkit.samples import Sample, accepted

A_PEERS_CALL = 0.2  # seconds: about what one conversion takes them, so our rounds are as long
HEADER = "MSH|^~\\&|LAB|7A3C7|CDR|NWIS|20260415103000+0100||{type}|BENCH1|P|2.5.1|||AL"
ADDRESS = "1 Heol yr Orsaf^Treforys^Abertawe^^SA6 8BA^GBR^H"
PID = f"PID|1||9990000018^^^NHS^NH~S1^^^108^PI||Prawf^Angharad^Mair^^Mrs^^L||19700228|F|||{ADDRESS}"
PV1 = "PV1|1|I|WARD 12^BAY 2^BED 4^7A3C7|||||C1234567^Enghraifft^Siwan^^^Dr^^^GMC||300|||||||||V1^^^108^VN"
DOCTOR = "C1234567^Enghraifft^Siwan^^^Dr^^^GMC"
OBR = f"OBR|1|R1^PAS|F1^LAB|FBC^Full blood count^L|||20260415083000|||||||||{DOCTOR}||||||20260415102500||HM|F"


class Inward(NamedTuple):
    """A flow that takes JSON: its sample, the least work that makes the same, and how many ``json.loads`` it may take."""

    integration: str
    sample: str
    floor: Callable[[bytes], bytes]
    made: str
    most: float


INWARD = (
    Inward("referrals-to-pas", "urgent_with_letter", floors.referral, "FHIR referral to REF^I12", most=25.0),
    Inward("vaccinations-to-cdr", "given_in_full", floors.vaccination, "JSON vaccination to FHIR", most=32.5),
)
# How many times as fast as each peer, which checks nothing.
PEER_GOALS = {"brightohir": 150.0, "hl7gen": 120.0}


class Goal(NamedTuple):
    """What was reached, and what was to be reached: at least that much, or at most. 0 for a figure that has no goal."""

    name: str
    reached: float
    wanted: float
    unit: str
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        return not self.wanted or (self.reached <= self.wanted if self.at_most else self.reached >= self.wanted)


def admission() -> str:
    rows = [HEADER.format(type="ADT^A01^ADT_A01"), "EVN|A01|20260415102500", PID, "NK1|1|Prawf^Dafydd|SPO^Spouse^HL70063", PV1]
    return "\r".join([*rows, "AL1|1|DA|764146007^Penicillin^SCT|SV|Rash", "DG1|1||E10.9^Diabetes^I10||20260414|A"]) + "\r"


def report(results: int, notes: bool = False) -> str:
    rows = [HEADER.format(type="ORU^R01^ORU_R01"), PID, PV1, OBR]
    for n in range(1, results + 1):
        rows.append(f"OBX|{n}|NM|{1000 + n}-4^Analyte {n}^LN||{n}.50|mmol/L^mmol/L^UCUM|3.5-9.5|H|||F|||20260415083000")
        if notes:
            rows.append(f"NTE|1|L|Comment on result {n}")
    return "\r".join([*rows, "SPM|1|^S1&LAB||119297000^Blood specimen^SCT|||||||||||||20260415083000|20260415091500"]) + "\r"


def ours(text: str) -> Callable[[], bytes]:
    """Parse, map, check, write; raises when the check finds anything."""
    sent = text.encode()

    def work() -> bytes:
        bundle = to_bundle(parse(sent))
        if check(bundle):
            raise ValueError("a bundle that does not pass the check")
        return to_json(bundle)

    return work


def observations(body: bytes | str) -> int:
    """How many observations a bundle holds: the peers, too, must make them all."""
    entries = json.loads(body).get("entry", ())
    return sum(entry["resource"]["resourceType"] == "Observation" for entry in entries)


def brightohir(text: str) -> Callable[[], str]:
    convert = import_module("brightohir").v2_to_r5
    return lambda: json.dumps(convert(text), default=str)


def hl7gen(text: str) -> Callable[[], str]:
    convert = import_module("hl7gen.fhir_export").message_to_fhir
    return lambda: _as_text(convert(text))


def _as_text(made: Any) -> str:
    return made.model_dump_json() if hasattr(made, "model_dump_json") else json.dumps(made, default=str)


PEERS: dict[str, Callable[[str], Callable[[], str]]] = {"brightohir": brightohir, "hl7gen": hl7gen}


def conversion() -> Iterator[Goal]:
    """Messages a second to checked text, and how many times as fast as each peer."""
    yield from _compared("ADT^A01, checked", admission(), 0)
    yield from _compared("ORU^R01 of 15 OBX, checked", report(15), 15)
    yield from _compared("ORU^R01 of 60 OBX with notes, checked", report(60, notes=True), 60)


def _compared(name: str, text: str, results: int) -> Iterator[Goal]:
    works: dict[str, Callable[[], Any]] = {"ours": ours(text), **_peers(text, results)}
    took = turns(works, seconds=A_PEERS_CALL)
    yield Goal(name, took.speed("ours"), 0, "/s")
    for peer in works.keys() - {"ours"}:
        yield Goal(f"  compared with {peer}, unchecked", took.ratio("ours", peer), PEER_GOALS[peer], "x")


def _peers(text: str, results: int) -> dict[str, Callable[[], str]]:
    """The peers that are installed and make every observation of the message."""
    works = {}
    for name, peer in PEERS.items():
        try:
            work = peer(text)
        except ImportError:
            print(f"{name}: not installed (pip install '.[peers]'), so it is not compared")
            continue
        if observations(work()) < results:
            print(f"{name}: leaves observations out, so it is not compared")
        else:
            works[name] = work
    return works


def checking() -> Iterator[Goal]:
    """The check of a bundle of 70 observations, compared with fhir.resources and fhirkit-rs."""
    from fhir.resources.R4B.bundle import Bundle
    from fhirkit import validate

    bundle = orjson.loads(to_json(to_bundle(parse(report(70).encode()))))
    if check(bundle) or validate(bundle):
        raise ValueError("a bundle that does not pass the checks")
    works = {
        "ours": lambda: check(bundle),
        "fhir.resources": lambda: Bundle.model_validate(bundle),
        "fhirkit-rs": lambda: validate(bundle),
    }
    took = turns(works)
    yield Goal("check of 70 observations compared with fhir.resources", took.ratio("ours", "fhir.resources"), 10, "x")
    yield Goal("check of 70 observations compared with fhirkit-rs", took.ratio("ours", "fhirkit-rs"), 6, "x")


def document() -> Iterator[Goal]:
    """A document of 50 KB: what it adds to a conversion, checked and written, compared with splitting it off."""
    small, large = (with_document(size).encode() for size in (8, 51200))

    def floor() -> bytes:
        """The least that anybody can do: split, take the data, write it."""
        segments = [line.split("|") for line in large.decode().split("\r")]
        return orjson.dumps({"resourceType": "Binary", "data": segments[4][5].split("^")[4]})

    works = {"floor": floor, "small": ours(small.decode()), "large": ours(large.decode())}
    rounds = turns(works, 50).rounds
    added = median(each["large"] - each["small"] for each in rounds)
    yield Goal("document of 50 KB compared with splitting it", median(each["floor"] for each in rounds) / added, 0.5, "x")


def inward() -> Iterator[Goal]:
    """FHIR to HL7 v2 and JSON to FHIR, checked at both ends: compared with ``json.loads`` and the least work for the same."""
    for each in INWARD:
        integration = load(each.integration)
        sent = next(sample for sample in accepted(integration) if sample.name == each.sample)
        works: dict[str, Callable[[], object]] = {
            "ours": partial(_journey, integration, sent),
            "floor": partial(each.floor, sent.body),
            "json": partial(json.loads, sent.body.decode()),
        }
        took = turns(works)
        yield Goal(f"{each.made}, checked", took.speed("ours"), 0, "/s")
        yield Goal("  times json.loads of the same text", took.ratio("json", "ours"), each.most, "x", at_most=True)
        yield Goal("  times the floor: the same, unchecked", took.ratio("floor", "ours"), 0, "x")


def _journey(integration: Integration, sent: Sample) -> bytes:
    return run(integration, sent.envelope).outgoing[0].body


def with_document(size: int) -> str:
    data = "JVBERi0x" * (size // 8)
    rows = [HEADER.format(type="ORU^R01^ORU_R01"), PID, PV1, OBR, f"OBX|1|ED|11502-2^Report^LN||^AP^PDF^Base64^{data}||||||F"]
    return "\r".join(rows) + "\r"


def verdict(goal: Goal) -> str:
    """Whether it was reached; nothing for a figure that is there to be compared with."""
    sign = "<=" if goal.at_most else ">="
    return f"({sign} {goal.wanted:g}{goal.unit})  {'reached' if goal.is_met else 'MISSED'}" if goal.wanted else ""


def main() -> int:
    """Print every figure; 1 when a goal is missed."""
    missed = 0
    for goal in (*conversion(), *inward(), *checking(), *document()):
        missed += not goal.is_met
        print(f"{goal.name:50}{goal.reached:10.2f}{goal.unit:3} {verdict(goal)}")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
