"""Two bodies compared: every difference once, with its path and cause, and none that is not there."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.compare.differences import compare
from shared.compare.trees import tree

HEAD = "MSH|^~\\&|A|B|C|D|20260501||ADT^A31|1|P|2.5"
LINES = [
    HEAD,
    "PID|1||1^^^NHS^NH~2^^^103^PI||Sampl^Sian^^^Ms||19800102|F|||1 Lon^^Caerdydd||02920~02921",
    "NK1|1|Sampl^Ann",
    "NK1|2|Sampl^Bea",
    "PV1|1|N",
    "OBX|1|ST|A||1",
    "OBX|2|ST|B||2",
]


def hl7(*lines: str) -> bytes:
    return "\r".join([*lines, ""]).encode()


def changed(old: str, new: str) -> list[str]:
    assert any(old in line for line in LINES)
    return [line.replace(old, new) for line in LINES]


def found(old: bytes, new: bytes) -> list[tuple[str, str]]:
    return [(each.path, each.cause) for each in compare(old, new)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(changed("|F|", "|M|"), [("PID-8", "value")], id="a-value"),
        pytest.param(changed("|F|", "||"), [("PID-8", "missing")], id="a-field-missing"),
        pytest.param(changed("|1 Lon^^Caerdydd|", "||"), [("PID-11", "missing")], id="a-whole-field-is-one-difference"),
        pytest.param(changed("^Caerdydd", ""), [("PID-11.3", "missing")], id="a-component-missing"),
        pytest.param(changed("PV1|1|N", "PV1|1|N|W1"), [("PV1-3", "extra")], id="a-field-extra"),
        pytest.param(changed("Sampl^Sian", "Sampl&van^Sian"), [("PID-5.1.2", "extra")], id="a-subcomponent-extra"),
        pytest.param(changed("1^^^NHS^NH~", ""), [("PID-3", "missing")], id="the-first-repetition-missing"),
        pytest.param(changed("02920~02921", "02921~02920"), [("PID-13", "order")], id="repetitions-in-another-order"),
        pytest.param(changed("|F|", '|""|'), [("PID-8", "value")], id="a-null-for-a-value"),
        pytest.param(changed("PV1|1|N", 'PV1|1|N|""'), [("PV1-3", "null-for-absent")], id="a-null-for-absent"),
        pytest.param([*LINES[:3], *LINES[4:]], [("NK1[2]", "missing")], id="a-segment-missing"),
        pytest.param([*LINES[:2], *LINES[3:]], [("NK1", "missing")], id="the-first-of-a-kind-missing"),
        pytest.param([*LINES, "OBX|3|ST|C||3"], [("OBX[3]", "extra")], id="a-segment-extra"),
        pytest.param([*LINES[:1], LINES[4], *LINES[1:4], *LINES[5:]], [("PV1", "order")], id="a-segment-in-another-place"),
        pytest.param([*LINES[:5], LINES[6]], [("OBX", "missing")], id="the-first-result-missing"),
    ],
)  # fmt: skip
def test_each_difference_is_found_and_nothing_else(lines: list[str], expected: list[tuple[str, str]]) -> None:
    assert found(hl7(*LINES), hl7(*lines)) == expected


def test_the_other_way_round() -> None:
    assert found(hl7(*changed("PV1|1|N", 'PV1|1|N|""')), hl7(*LINES)) == [("PV1-3", "absent-for-null")]
    assert found(hl7(*LINES, "OBX|3|ST|C||3"), hl7(*LINES)) == [("OBX[3]", "missing")]


def test_what_says_the_same_does_not_differ() -> None:
    """Line ends, empty fields at the end, an escape for a character that needs none, another delimiter."""
    assert found(hl7(*LINES), "\n".join(LINES).encode()) == []
    assert found(hl7(*LINES), hl7(*(f"{line}||" for line in LINES))) == []
    assert found(hl7(*LINES), hl7(*(f"{line}|^&~|" for line in LINES))) == []
    assert found(hl7(HEAD, "PID|||1||A\\T\\B"), hl7(HEAD, "PID|||1||A\\X26\\B")) == []


def test_a_changed_delimiter_is_one_difference() -> None:
    other = [line.replace("^~\\&", "#~\\&").replace("^", "#") for line in LINES]
    assert found(hl7(*LINES), hl7(*other)) == [("MSH-2", "value")]


def test_many_alike_segments_are_paired_by_what_they_hold() -> None:
    rows = [f"OBX|{n}|NM|code{n % 7}||{n}" for n in range(1, 60)]
    assert found(hl7(HEAD, *rows), hl7(HEAD, *rows[:30], *rows[31:])) == [("OBX[31]", "missing")]


def test_examples_are_bounded() -> None:
    [only] = compare(hl7(HEAD, "PID|||1||" + "x" * 9999), hl7(HEAD, "PID|||1||" + "y" * 9999))
    assert (len(only.old), len(only.new)) == (200, 200)


PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "a", "value": "1"}, {"system": "b", "value": "2"}],
    "gender": "female",
    "active": True,
    "birthOrder": 2,
}


def bundle(*entries: tuple[str, dict[str, Any]]) -> bytes:
    written = [{"fullUrl": url, "resource": resource, "request": {"method": "POST"}} for url, resource in entries]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": written}).encode()


def visit(patient: str, status: str = "planned") -> dict[str, Any]:
    return {"resourceType": "Encounter", "status": status, "subject": {"reference": patient}}


OLD = bundle(("urn:uuid:p", PATIENT), ("urn:uuid:e", visit("urn:uuid:p")))


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param({**PATIENT, "gender": "male"}, [("Patient.gender", "value")], id="a-value"),
        pytest.param({**PATIENT, "active": "true"}, [("Patient.active", "value")], id="a-text-for-a-boolean"),
        pytest.param({**PATIENT, "birthOrder": "2"}, [("Patient.birthOrder", "value")], id="text-for-number"),
        pytest.param({**PATIENT, "gender": None}, [("Patient.gender", "value")], id="a-null-for-a-value"),
        pytest.param({k: v for k, v in PATIENT.items() if k != "gender"}, [("Patient.gender", "missing")], id="missing"),
        pytest.param({**PATIENT, "birthDate": "1980"}, [("Patient.birthDate", "extra")], id="extra"),
        pytest.param(
            {**PATIENT, "identifier": PATIENT["identifier"][::-1]},  # type: ignore[index]
            [("Patient.identifier[0]", "order")],
            id="order",
        ),
        pytest.param({**PATIENT, "identifier": PATIENT["identifier"][1:]}, [("Patient.identifier[0]", "missing")], id="first"),  # type: ignore[index]
    ],
)  # fmt: skip
def test_each_difference_of_a_bundle_is_found(new: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(OLD, bundle(("urn:uuid:p", new), ("urn:uuid:e", visit("urn:uuid:p")))) == expected


def test_ids_that_an_engine_makes_itself_are_no_difference() -> None:
    assert found(OLD, bundle(("urn:uuid:8", PATIENT), ("urn:uuid:9", visit("urn:uuid:8")))) == []


def test_a_reference_to_another_entry_is_a_difference() -> None:
    other = {**PATIENT, "gender": "male"}
    old = bundle(("urn:uuid:1", PATIENT), ("urn:uuid:2", other), ("urn:uuid:3", visit("urn:uuid:1")))
    new = bundle(("urn:uuid:7", PATIENT), ("urn:uuid:8", other), ("urn:uuid:9", visit("urn:uuid:8")))
    assert found(old, new) == [("Encounter.subject.reference", "value")]


def test_an_entry_missing_and_one_extra() -> None:
    assert found(OLD, bundle(("urn:uuid:p", PATIENT))) == [("Encounter", "missing")]
    two = bundle(("urn:uuid:p", PATIENT), ("urn:uuid:e", visit("urn:uuid:p")), ("urn:uuid:f", visit("urn:uuid:p", "finished")))
    assert found(OLD, two) == [("Encounter[2]", "extra")]


def test_digits_of_a_number_count() -> None:
    assert found(b'{"a": 1.0}', b'{"a": 1.00}') == [("a", "value")]
    assert found(b'{"a": 1.0, "b": [1]}', b'{"b":[1],"a":1.0}') == []


def test_bodies_that_cannot_be_compared_by_path() -> None:
    assert found(b'{"a": 1}', hl7(HEAD)) == [("(body)", "value")]
    assert found(b'{"a": ', b'{"a":') == [("(body)", "value")]
    assert found(b"a,b", b"a,c") == [("(body)", "value")]
    assert found(b'{"a": 1, "a": 2}', b'{"a": 2}') == [("(body)", "value")]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=12,
)
FEW = settings(max_examples=150)


@FEW
@given(VALUES, VALUES)
def test_two_documents_differ_exactly_when_a_difference_is_found(old: Any, new: Any) -> None:
    """Property: nothing that differs goes unseen, and what is equal never differs."""
    one, other = json.dumps({"d": old}), json.dumps({"d": new})
    assert bool(compare(one.encode(), other.encode())) is (one != other and not same(old, new))
    assert compare(one.encode(), json.dumps({"d": old}, indent=2).encode()) == []


def same(old: Any, new: Any) -> bool:
    """Equal as JSON: the order of properties does not count, and true is not 1."""
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


PART = st.text("AB", max_size=2)
FIELD = st.lists(st.lists(PART, min_size=1, max_size=3).map("^".join), min_size=1, max_size=3).map("~".join)
SEGMENT = st.builds(
    lambda name, fields: "|".join([name, *fields]), st.sampled_from(("PID", "NK1", "OBX")), st.lists(FIELD, max_size=3)
)


@FEW
@given(st.lists(SEGMENT, max_size=5), st.lists(SEGMENT, max_size=5))
def test_two_messages_differ_exactly_when_a_difference_is_found(old: list[str], new: list[str]) -> None:
    one, other = hl7(HEAD, *old), hl7(HEAD, *new)
    assert bool(compare(one, other)) is (tree(one) != tree(other))
    assert [(each.path, each.cause) for each in compare(one, one)] == []


def test_a_format_without_a_tree_of_its_own_is_compared_by_its_leaves() -> None:
    old, new = b"<a><b>1</b><c>x</c></a>", b"<a><b>2</b><c>x</c></a>"
    assert [(each.cause, each.path.rpartition("/")[2]) for each in compare(old, new)] == [("value", "b")]
