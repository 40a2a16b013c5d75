"""The shared rules and the profile that weighs them."""

from collections.abc import Iterator

import pytest

from shared.hl7 import Message, parse
from shared.issue import Issue
from shared.validation import Hl7Profile, policy, rules, structures
from shared.validation.authorities import ARC, OLD_ARC
from shared.validation.fields import observation_value
from shared.validation.rules import BIRTH_DATE, COMMON, is_nhs_number_of_wales, merge_of_one_record

A05 = {"ADT_A05": structures.ADT_A05}
OWN = {"date": ("PID-7",), "identifier": ("PID-3",)}  # the tables of the standard have tests of their own
PROFILE = Hl7Profile(name="test", structures=A05, rules=(*COMMON, *BIRTH_DATE), exempt=OWN)


def message(pid: str = "PID|||9990000018^^^NHS^NH||Jones^Ann||19800229|F", control_id: str = "C1") -> Message:
    return parse(f"MSH|^~\\&|252|F|||20240501||ADT^A28|{control_id}|P|2.5\rEVN||20240501\r{pid}\rPV1||N\r".encode())


def test_nothing_to_find() -> None:
    assert PROFILE.check(message()) == []


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        (message(control_id=""), ("error", "control-id", "MSH-10", "101")),
        (message("PID|||^^^NHS||Jones||19800101|F"), None),
        (message("PID|||^^~^||Jones||19800101|F"), ("error", "patient-identifier", "PID-3", "101")),
        (message('PID|||1||""||19800101|F'), ("error", "patient-name", "PID-5", "101")),
        (message("PID|||1||Jones||19800101|X"), ("warning", "administrative-sex", "PID-8", "103")),
        (message("PID|||1||Jones||19800101|Z"), None),
        (message('PID|||1||Jones||19800101|""'), None),
        (message("PID|||1~9990000019^^^NHS^NH||J||19800101|F"), ("warning", "nhs-number-check-digit", "PID-3[2].1", "102")),
        (message("PID|||1||Jones|||F"), ("error", "birth-date-given", "PID-7", "101")),
        (message('PID|||1||Jones||""|F'), ("error", "birth-date-given", "PID-7", "101")),
        (message("PID|||1||Jones||19800230|F"), ("error", "birth-date-is-a-day", "PID-7", "102")),
        (message("PID|||1||Jones||198002|F"), ("error", "birth-date-is-a-day", "PID-7", "102")),
        (message("PID|||1||Jones||17991231|F"), ("error", "birth-date-is-a-day", "PID-7", "102")),
        (message("PID|||1||Jones||19800101^D|F"), ("error", "birth-date-is-a-day", "PID-7", "102")),
        (message("PID|||1||Jones||20240502|F"), ("warning", "birth-date-in-future", "PID-7", "102")),
    ],
)
def test_findings(changed: Message, finding: tuple[str, ...] | None) -> None:
    found = [(issue.severity, issue.rule, issue.where, issue.condition) for issue in PROFILE.check(changed)]
    assert found == ([finding] if finding else [])
    assert all(issue.clause and issue.text for issue in PROFILE.check(changed))


HIDDEN = ("\u200b", "\u200e", "\u202e", "\u2060", "\ufeff", "\u00ad", "\u2028", "\t", "\x7f", "\\X09\\")


@pytest.mark.parametrize("hidden", HIDDEN, ids=ascii)
@pytest.mark.parametrize("name", rules.IDENTIFIERS)
def test_an_identifier_with_a_character_that_cannot_be_seen_is_refused(name: str, hidden: str) -> None:
    """In each field of identifiers, in each part of one, at its beginning, inside and at its end; and in no other field."""
    for field in rules.IDENTIFIERS[name]:
        at = int(field) - (1 if name == "MSH" else 0)
        for number in (f"T1{hidden}2", f"T12{hidden}", f"{hidden}T12", f"T12^^^{hidden}100&X&L", f"T12~T{hidden}13"):
            found = list(rules.hidden_character(with_line(name, at, number)))
            place = f"{name}-{field}[2]" if "~" in number else f"{name}-{field}"
            assert [(one.severity, one.where) for one in found] == [("error", place)]
    assert list(rules.hidden_character(with_line(name, 40, f"T1{hidden}2"))) == []


def with_line(name: str, field: int, text: str) -> Message:
    fields = [name, *[""] * 50]
    fields[field] = text
    header = "|".join(["MSH", r"^~\&", *fields[2:]]) if name == "MSH" else r"MSH|^~\&|252|F|||20240501||ADT^A28|C1|P|2.5"
    return parse("\r".join([header, *(["|".join(fields)] if name != "MSH" else [])]).encode())


@pytest.mark.parametrize("text", ["T4 2", "ŵ12", "T4\u00a02", "1/2-3", "é"])
def test_an_identifier_that_can_be_seen_is_not(text: str) -> None:
    assert list(rules.hidden_character(message(f"PID|||{text}||Jones||19800101|F"))) == []


def test_every_finding_says_where_it_comes_from() -> None:
    found = PROFILE.check(message('PID|||9990000019^^^NHS^NH||""|||X', ""))
    assert len(found) == 5
    assert all(issue.clause and issue.rule and issue.where for issue in found)


def own_rule(message: Message) -> Iterator[Issue]:
    yield Issue(severity="error", code="value", where="PID-29.1", text="own")


def test_a_profile_weighs_by_policy_and_exempts() -> None:
    stricter = Hl7Profile(name="x", structures=A05, rules=COMMON, refuses=("nhs-number-check-digit",))
    assert [issue.severity for issue in stricter.check(message("PID|||1^^^N^NH||Jones|||F"))] == ["error"]
    own = Hl7Profile(name="x", structures=A05, rules=(own_rule,))
    assert [(issue.rule, issue.severity) for issue in own.check(message())] == [("own-rule", "warning")]
    safe = Hl7Profile(name="x", structures=A05, rules=(own_rule,), policies={"own-rule": policy.safety("a reason")})
    assert [issue.severity for issue in safe.check(message())] == ["error"]
    for raised in ("own-rule", "own-rule@PID-29", "own-rule@PID-29.1"):
        assert [
            i.severity for i in Hl7Profile(name="x", structures=A05, rules=(own_rule,), refuses=(raised,)).check(message())
        ] == ["error"]
    for other in ("own-rul", "own-rule@PID-2", "other"):
        assert [
            i.severity for i in Hl7Profile(name="x", structures=A05, rules=(own_rule,), refuses=(other,)).check(message())
        ] == ["warning"]
    exempt = Hl7Profile(name="x", structures=A05, rules=(own_rule,), exempt={"own-rule": ("PID-29",)})
    assert exempt.check(message()) == []


def test_a_structure_that_the_profile_does_not_know() -> None:
    assert [i.rule for i in Hl7Profile(name="x", structures={}).check(message())] == ["message-structure"]


def a_rule(message: Message) -> Iterator[Issue]:
    """What the sheet
    shows of it.

    What it does not show.
    """
    yield from ()


def listed(profile: Hl7Profile) -> dict[str, tuple[str, str, str]]:
    return {each.rule: (each.text, each.policy.rule_class, each.severity) for each in profile.listed()}


FRONT_DOOR = {
    "not-hl7": "the body is an HL7 v2 message",
    "version": "MSH-12 is a version that the integration accepts",
    "sender": "MSH-3 is a sender that the integration accepts",
    "message-type": "MSH-9 is a type, event and structure that the integration accepts",
}
STRUCTURE = ("message-structure", "segment-missing", "segment-order", "segment-repeated", "segment-unknown")


def test_the_sheet_lists_every_rule_once_with_its_text_and_severity() -> None:
    found = listed(Hl7Profile(name="x", structures=A05, rules=(a_rule,), refuses=("date@PID-7",)))
    assert list(found) == [*FRONT_DOOR, *STRUCTURE, *(["z-segment"] if "z-segment" in found else []), "not-a-segment", "a-rule"]
    assert {rule: found[rule] for rule in FRONT_DOOR} == {rule: (text, "safety", "error") for rule, text in FRONT_DOOR.items()}
    assert found["a-rule"] == ("What the sheet shows of it.", "quality", "warning")


@pytest.mark.parametrize(
    ("refuses", "severity"),
    [
        ((), "warning"),
        (("other",), "warning"),
        (("a-rule",), "error, by the owner's decision"),
        (("a-rule@PID-7",), "error at PID-7, by the owner's decision"),
        (("a-rule@PID-7", "a-rule@PV1-2"), "error at PID-7, PV1-2, by the owner's decision"),
        (("a-rule@PID-7", "a-rule"), "error, by the owner's decision"),
    ],
)
def test_the_sheet_says_where_the_owner_decided_that_a_rule_refuses(refuses: tuple[str, ...], severity: str) -> None:
    assert listed(Hl7Profile(name="x", structures=A05, rules=(a_rule,), refuses=refuses))["a-rule"][2] == severity


OID = "2.16.840.1.113883.2.1.8.1.5.140"


@pytest.mark.parametrize(
    ("merged", "kept", "is_one"),
    [
        ("1^^^A", "1^^^A", True),
        ("1^^^A", "1^^^B", False),
        ("1^^^A", "2^^^A", False),
        ("1", "1^^^B", True),  # an absent authority may be any
        ("1^^^A", "1", True),
        ('1^^^""', "1^^^B", True),
        (" 1 ^^^ A ", "1^^^A", True),
        ("1^^^A&9.9", "1^^^B&9.9", True),
        ("1^^^A&9.9", "1^^^B&9.8", False),
        ("1^^^A&9.9", "1^^^9.9", True),
        (f"1^^^X&{OID}", "1^^^140", True),
        (f"1^^^X&{OID}", f"1^^^Y&{OID}", True),
        (f"1^^^X&{OID}", "1^^^141", False),
        (f"1^^^X&{OLD_ARC}140", f"1^^^Y&{ARC}140", True),
        (f"1^^^X&{OLD_ARC}140", f"1^^^Y&{ARC}141", False),
        ("9^^^NHS^NH~1^^^A", "9^^^NHS^NH~2^^^A", False),  # one person, two records
        ("9^^^NHS^NH~1^^^A", "9^^^NHS^NH~1^^^A", True),
        ("9^^^NHS^NH", "9^^^NHS^NH~1^^^A", True),
        ("9^^^NHS", "9^^^NHS", True),
        ("9^^^X^NI~1^^^A", "9^^^X^NI~2^^^A", False),
        ('""', "1^^^A", False),
        ("~1^^^A", "1^^^A", True),
    ],
)
def test_a_merge_of_a_record_with_itself_is_found_by_number_and_authority(merged: str, kept: str, is_one: bool) -> None:
    message = parse(f"MSH|^~\\&|A|B|C|D|20240501||ADT^A40|C1|P|2.5\rPID|1||{kept}\rMRG|{merged}\r")
    assert [issue.where for issue in merge_of_one_record(message)] == (["MRG-1"] if is_one else [])


@pytest.mark.parametrize(
    ("kind", "value", "rule"), [("NM", "x", "number"), ("DT", "x", "date"), ("NM", "1", ""), ("ST", "x", "")]
)
def test_a_value_of_a_result_is_of_its_type(kind: str, value: str, rule: str) -> None:
    read = parse(f"MSH|^~\\&|L|F|||20240501||ORU^R01|1|P|2.5\rOBX|1|ST|A||x\rOBX|2|{kind}|A||~{value}\r".encode())
    expected = [(rule, "OBX[2]-5[2]", f"HL7 v2.5 OBX-5 ({kind})")] if rule else []
    assert [(each.rule, each.where, each.clause) for each in observation_value(read)] == expected


@pytest.mark.parametrize(
    ("cx", "is_one"),
    [("1^^^X^NH", True), ("1^^^X^NI", True), ("1^^^NHS^PI", True), ("1^^^NHS", True), ("1^^^X^PI", False), ("1", False)],
)
def test_an_nhs_number_is_known_by_its_type_or_its_authority(cx: str, is_one: bool) -> None:
    message = parse(f"MSH|^~\\&|A|B|C|D|20260501||ADT^A31|1|P|2.5\rPID|1||{cx}\r")
    assert is_nhs_number_of_wales(message["PID"].first("3")) is is_one
