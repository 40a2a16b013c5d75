"""What the tables of the standard say: dates, codes, numbers, lengths, repetitions, identifiers, by version."""

import pytest

from shared.hl7 import parse
from shared.hl7.syntax.encoding import Encoding
from shared.validation.fields import fields_as_the_standard_says, observation_value, plan_of
from shared.validation.standard import VERSIONS, standard


def found(line: str, version: str = "2.5", delimiters: str = "|^~\\&") -> list[tuple[str, str, str, str]]:
    body = f"MSH|^~\\&|A|B|C|D|20240501||ADT^A31|C1|P|{version}\r{line}\r"
    body = body.translate(str.maketrans("|^~\\&", delimiters))
    message = parse(body)
    issues = [*fields_as_the_standard_says(message), *observation_value(message)]
    assert all(issue.clause.startswith(f"HL7 v{version} ") and "SECRET" not in issue.text for issue in issues)
    return [(issue.severity, issue.rule, issue.where, issue.condition) for issue in issues]


FOUND = [
    ("PID|||1||J||19800101", None),
    ("PID|||1||J||19800229|F||||||||||||||||Y|2", None),
    ("PID|||1||J||20240229", None),
    ('PID|||1||J||""', None),
    ("PID|||1||J||20230229", ("warning", "date", "PID-7", "102")),
    ("PID|||1||J||198001011200+0100", None),
    ("PID|||1||J||19800101120000.12345", ("warning", "date", "PID-7", "102")),
    ("PID|||1||J||SECRET", ("warning", "date", "PID-7", "102")),
    ("PID|||1~2^^^A^PI^^20230230||J", ("warning", "date", "PID-3[2].7", "102")),
    ("PID|||1^^^A^PI^^20230228||J", None),
    ("PID|||1||J^^^^^^^^^20230101&SECRET", ("warning", "date", "PID-5.10.2", "102")),
    ("PID|||1||J^^^^^^^^^20230101&20240101", None),
    ("PID|||1||J|||||||||||||||||||Q", ("warning", "table-code", "PID-24", "103")),
    ("PID|||1||J||||||||X^SECRET", ("warning", "local-code", "PID-13.2", "103")),
    ("PID|||1||J||||||||X^PRN^PH~X^ORN^CP", None),
    ("PID|||1||J||||||||||||||||||||Q", ("warning", "number", "PID-25", "102")),
    ("PID|||^^^A^PI||J", ("warning", "identifier", "PID-3.1", "101")),
    ("PID|||^SECRET||J", ("warning", "identifier", "PID-3.1", "101")),
    (f"PID|||1||{'J' * 251}", ("warning", "length", "PID-5", "102")),
    (f"PID|||1||{'J' * 250}", None),
    (f"PID|||1||{'J' * 250}~{'J' * 250}", None),
    (f"PID|||1||{'J' * 250}~{'J' * 251}", ("warning", "length", "PID-5[2]", "102")),
    (f"PID|||1||{'J' * 251}~{'J' * 250}", ("warning", "length", "PID-5", "102")),
    (f"PID|1||1||J||||||||||||||{'1' * 16}", None),
    (f"PID|1||1||J||||||||||||||{'1' * 17}", ("warning", "length", "PID-19", "102")),
    ("PID|1|2~3|1||J", ("warning", "repetition", "PID-2[2]", "102")),
    ("PV1||SECRET"[:10], ("warning", "local-code", "PV1-2", "103")),
    ("OBX|1|NM|A||1.5", None),
    ("OBX|1|NM|A||SECRET", ("warning", "number", "OBX-5", "102")),
    ("OBX|1|DT|A||20240230", ("warning", "date", "OBX-5", "102")),
    ("OBX|1|TS|A||20240229~20230229", ("warning", "date", "OBX-5[2]", "102")),
    ("OBX|1|ST|A||SECRET", None),
    ("ZZZ|SECRET", None),
]


@pytest.mark.parametrize(("line", "finding"), FOUND)
@pytest.mark.parametrize("delimiters", ["|^~\\&", "$*:!@"])
def test_findings_by_the_quick_look_and_by_the_slow_one(line: str, finding: tuple[str, ...] | None, delimiters: str) -> None:
    wanted = [finding] if finding else []
    if finding and finding[2] == "PV1-2":
        assert ("warning", "local-code", "PV1-2", "103") in found(line, delimiters=delimiters)
    else:
        assert found(line, delimiters=delimiters) == wanted


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_knows_its_dates(version: str) -> None:
    assert ("warning", "date", "PID-7", "102") in found("PID|||1||J||SECRET", version)
    assert found("PID|||1||J||19800101", version) == []


def test_versions_differ() -> None:
    assert found("PD1|||||||||||||SECRET", "2.3.1") == []
    assert (
        found("PD1|||||||||||||SECRET", "2.5")
        == [("warning", "date", "PD1-13", "102"), ("warning", "length", "PD1-13", "102")][:1]
    )


def test_a_version_that_is_not_known_is_not_judged() -> None:
    assert standard("2.9") is None
    assert found("PID|||1||J||SECRET", "2.9") == []


def test_the_tables_know_their_fields() -> None:
    known = standard("2.5")
    assert known
    pid = known.fields("PID")
    assert (pid[2].kind, pid[2].usage, pid[2].repeats, pid[2].length) == ("CX", "R", True, 250)
    assert known.components("CX")[4] == ("ID", "0203")
    assert known.codes("0155") == {"AL", "ER", "NE", "SU"}
    assert len(known.fields("PID")) == 39
    assert Encoding()[:5] == ("|", "^", "~", "\\", "&")


UNLIMITED = [  # fields for which the tables of a version give no length
    (version, segment, check.number, check.of.repeats)
    for version in VERSIONS
    for segment in ("MRG", "ROL", "RDT", "CON", "NCK")
    for check in plan_of(version)[segment]
    if not check.of.length
]


@pytest.mark.parametrize(("version", "segment", "number", "repeats"), UNLIMITED)
def test_a_field_without_a_length_in_its_version_is_never_too_long(
    version: str, segment: str, number: int, repeats: bool
) -> None:
    value = "~".join(["1" * 70_000] * (1 + repeats))
    line = f"{segment}{'|' * number}{value}"
    assert "length" not in {rule for _, rule, *_ in found(line, version)}


def test_some_field_of_most_versions_has_no_length() -> None:
    assert {version for version, *_ in UNLIMITED} == set(VERSIONS)
    assert ("2.3", "MRG", 5, False) in UNLIMITED
