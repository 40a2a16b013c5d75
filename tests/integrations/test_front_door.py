"""The front door of every flow, and what each flow to the Master Patient Index refuses."""

from itertools import product

import pytest

from integrations import load
from shared.integration import Http, Queue
from tests.integrations.flows import BODIES, TO_MPI, findings, ran, sent

DOORS = {  # integration: version, senders, events
    "phw-to-mpi": ("2.5", ["252"], ["A28", "A31", "A40"]),
    "paris-to-mpi": ("2.5.1", ["169"], ["A28", "A31", "A40"]),
    "chemocare-to-mpi": ("2.4", ["224", "212", "192", "245"], ["A28", "A31", "A40"]),
    "pims-to-mpi": ("2.3.1", ["PIMS"], ["A04", "A08", "A40"]),
    "wds-to-mpi": ("2.5", ["WDS"], ["A28", "A31", "A40"]),
    "mosaiq-to-mpi": ("2.5", ["285"], ["A28", "A31", "A40"]),
    "mpi-outbound": ("2.5", ["100"], ["A28", "A31", "A40"]),
}
PID = "PID|1|9990000018^^^100^PE|9990000018^^^NHS^NH~1^^^103^PI~2^^^^PI||Jones^Ann||19800101|F"


def message(version: str, sender: str, event: str, structure: str = "") -> bytes:
    kind = f"ADT^{event}^{structure}".rstrip("^")
    tail = "MRG|3^^^103^PI" if event == "A40" else "PV1|1|N"
    header = f"MSH|^~\\&|{sender}|F|100|MPI|20260501101112||{kind}|C1|P|{version}"
    return "\r".join([header, f"EVN|{event}", PID, tail, ""]).encode()


@pytest.mark.parametrize(
    ("name", "sender", "event"), [(name, *pair) for name, (_, s, e) in DOORS.items() for pair in product(s, e)]
)
def test_each_sender_and_event_of_the_door_is_taken_and_a_missing_structure_is_the_default(name, sender, event) -> None:
    assert findings(name, message(DOORS[name][0], sender, event))[0] == "AA"


@pytest.mark.parametrize(
    ("name", "version"), list(product(DOORS, ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", " 2.5", "2.5^X", ""]))
)
def test_any_other_version_is_refused(name, version) -> None:
    taken, senders, events = DOORS[name]
    if version != taken:
        assert findings(name, message(version, senders[0], events[1])) == ("AR", {("203", "MSH-12")})


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("wrong", ["{0}^X", " {0}", "{0} ", "x{0}", "999", ""])
def test_a_sender_is_compared_as_it_stands(name, wrong) -> None:
    version, senders, events = DOORS[name]
    for sender in senders:
        assert findings(name, message(version, wrong.format(sender), events[1])) == ("AR", {("207", "MSH-3")})


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("event", ["A01", "A03", "A04", "A08", "A28", "A31", "A34", "A47"])
def test_any_other_event_is_refused(name, event) -> None:
    version, senders, events = DOORS[name]
    if event not in events:
        assert findings(name, message(version, senders[0], event)) == ("AR", {("201", "MSH-9.2")})


@pytest.mark.parametrize("name", DOORS)
def test_any_other_type_of_message_is_refused(name) -> None:
    version, senders, events = DOORS[name]
    body = message(version, senders[0], events[1]).replace(b"|ADT^", b"|ORU^")
    assert findings(name, body) == ("AR", {("200", "MSH-9.1")})


def test_pims_may_write_its_merge_as_adt_a40() -> None:
    assert findings("pims-to-mpi", message("2.3.1", "PIMS", "A40", "ADT_A40"))[0] == "AA"
    assert findings("phw-to-mpi", message("2.5", "252", "A40", "ADT_A40"))[0] == "AR"


@pytest.mark.parametrize(("name", "end"), list(product(DOORS, [b"\r", b"\n", b"\r\n"])))
def test_each_segment_end_is_taken_and_cr_leaves(name, end) -> None:
    version, senders, events = DOORS[name]
    body = message(version, senders[0], events[1]).replace(b"\r", end)
    made = ran(name, body).outgoing[0].body
    assert b"\n" not in made
    assert made.endswith(b"\r")


@pytest.mark.parametrize("name", DOORS)
def test_a_flow_takes_http_and_queue(name) -> None:
    assert load(name).triggers == (Http(), Queue())


REFUSED = {
    "no PID": ("rejected_no_pid", ("100", "PID")),
    "a second PID outside A39": ("rejected_second_pid", ("100", "PID[2]")),
    "A40 without MRG": ("rejected_merge_without_mrg", ("100", "MRG")),
}


@pytest.mark.parametrize(("name", "rule"), list(product(TO_MPI, REFUSED)))
def test_refused_by_every_flow(name, rule) -> None:
    sample, finding = REFUSED[rule]
    acknowledgement, found = findings(name, BODIES[name][sample])
    assert acknowledgement == "AE"
    assert finding in found


@pytest.mark.parametrize("name", [name for name in TO_MPI if name != "wds-to-mpi"])
def test_no_pv1_is_refused(name) -> None:
    assert findings(name, BODIES[name]["rejected_no_pv1"]) == ("AE", {("100", "PV1")})


def test_wds_alone_may_leave_pv1_out() -> None:
    assert not sent("wds-to-mpi", "a28_without_pv1")["PV1"]


@pytest.mark.parametrize("name", TO_MPI)
def test_a_z_segment_is_refused(name) -> None:
    acknowledgement, found = findings(name, BODIES[name]["rejected_z_segment"])
    assert acknowledgement == "AE"
    assert {code for code, _ in found} == {"100"}


@pytest.mark.parametrize("name", TO_MPI)
@pytest.mark.parametrize(
    ("what", "where", "code", "decision"),
    [
        (lambda line: line.replace("|C1|", "||"), "MSH-10", "101", "AE"),
        (lambda line: "" if line.startswith("EVN") else line, "EVN", "100", "AE"),
        (lambda line: line.replace("9990000018^^^NHS^NH~1^^^103^PI~2^^^^PI", ""), "PID-3", "101", "AE"),
        (lambda line: line.replace("Jones^Ann", ""), "PID-5", "101", "AE"),
        (lambda line: line.replace("|F", "|Q") if line.startswith("PID") else line, "PID-8", "103", "AA"),
        (lambda line: f"{line}|20260230" if line.startswith("EVN") else line, "EVN-2", "102", "AA"),
    ],
    ids=["control id", "EVN", "identifier", "name", "sex", "date"],
)
def test_content_rules_of_every_flow(name, what, where, code, decision) -> None:
    version, senders, events = DOORS[name]
    lines = message(version, senders[0], events[1]).decode().split("\r")
    body = "\r".join(line for line in map(what, lines) if line).encode() + b"\r"
    acknowledgement, found = findings(name, body)
    assert acknowledgement == decision
    assert (code, where) in found


@pytest.mark.parametrize(("name", "letter"), list(product(TO_MPI, "FMOUANZ")))
def test_the_letters_of_table_0001_and_of_wales_are_taken(name, letter) -> None:
    version, senders, events = DOORS[name]
    body = message(version, senders[0], events[1]).replace(b"19800101|F", b"19800101|" + letter.encode())
    assert findings(name, body)[0] == "AA"


@pytest.mark.parametrize("name", TO_MPI)
def test_the_check_digit_is_a_warning(name) -> None:
    version, senders, events = DOORS[name]
    number = {"pims-to-mpi": b"9990000018^^^^NI"}.get(name, b"9990000018^^^NHS^NH")
    body = message(version, senders[0], events[1]).replace(b"9990000018^^^NHS^NH", number)
    wrong = ran(name, body.replace(b"9990000018", b"9990000019")).verdict
    assert wrong.accepted
    assert {issue.severity for issue in wrong.issues if "check-digit" in issue.rule} == {"warning"}
